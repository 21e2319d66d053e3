import { type Kysely, sql } from 'kysely';
import type { MigrationSet } from '../storage/migrate.ts';
import { noHash } from './audit-hash.ts';

export const journalMigrations: MigrationSet = {
  'journal-0001': {
    async up(db: Kysely<unknown>) {
      await createEvents(db);
      await createInterlocks(db);
      await createCommands(db);
      await createAudit(db);
    },
  },
};

async function createEvents(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('journal_event')
    .addColumn('position', 'bigint', (column) => column.primaryKey())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('plant_code', 'text', (column) => column.notNull())
    .addColumn('line', 'text')
    .addColumn('partner', 'text')
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('occurred_at', 'text', (column) => column.notNull())
    .addColumn('recorded_at', 'text', (column) => column.notNull())
    .addColumn('correlation_id', 'text', (column) => column.notNull())
    .addColumn('causation_id', 'text')
    .addColumn('actor_id', 'text', (column) => column.notNull())
    .addColumn('actor_kind', 'text', (column) => column.notNull())
    .addColumn('state_change', 'text')
    .addColumn('data', 'text', (column) => column.notNull())
    .addUniqueConstraint('journal_event_sequence', ['subject', 'sequence'])
    .execute();
}

async function createInterlocks(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('journal_interlock')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('entity_id', 'text', (column) => column.notNull())
    .addColumn('plant_code', 'text', (column) => column.notNull())
    .addColumn('partner', 'text')
    .addColumn('cause', 'text', (column) => column.notNull())
    .addColumn('restrictions', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('placed_at', 'text', (column) => column.notNull())
    .addColumn('placed_by', 'text', (column) => column.notNull())
    .addColumn('placed_by_transition', 'text', (column) => column.notNull())
    .addColumn('lifted_at', 'text')
    .addColumn('lifted_by_transition', 'text')
    .execute();
  // Only what is active is asked for on every transition, so the index stays as small as the number of open holds.
  await sql`create index journal_interlock_active on journal_interlock (entity_id) where lifted_at is null`.execute(db);
  await db.schema.createIndex('journal_interlock_cause').on('journal_interlock').column('cause').execute();
}

async function createCommands(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('journal_command')
    .addColumn('transition_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('scoped_key', 'text', (column) => column.notNull().unique())
    .addColumn('transition', 'text', (column) => column.notNull())
    .addColumn('request_hash', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text')
    .addColumn('answer', 'text')
    .addColumn('intent', 'text', (column) => column.notNull())
    .addColumn('touches', 'text', (column) => column.notNull())
    .addColumn('deferrals', 'integer', (column) => column.notNull())
    .addColumn('deferred_reason', 'text')
    .addColumn('deferred_at', 'text')
    .addColumn('begun_at', 'text', (column) => column.notNull())
    .addColumn('settled_at', 'text')
    .addColumn('claimed_by', 'text')
    .addColumn('claimed_until', 'text')
    .execute();
  await sql`create index journal_command_unsettled on journal_command (begun_at, transition_id)
    where state = 'INTENT'`.execute(db);
  // Rows live only while their command is unsettled: this is an index, not a record.
  await db.schema
    .createTable('journal_command_touch')
    .addColumn('entity_id', 'text', (column) => column.notNull())
    .addColumn('transition_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('journal_command_touch_key', ['entity_id', 'transition_id'])
    .execute();
  await db.schema
    .createIndex('journal_command_touch_transition')
    .on('journal_command_touch')
    .column('transition_id')
    .execute();
}

async function createAudit(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('journal_audit')
    .addColumn('number', 'bigint', (column) => column.primaryKey())
    .addColumn('recorded_at', 'text', (column) => column.notNull())
    .addColumn('occurred_at', 'text', (column) => column.notNull())
    .addColumn('transition_id', 'text', (column) => column.notNull())
    .addColumn('transition', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('entity_id', 'text', (column) => column.notNull())
    .addColumn('plant_code', 'text', (column) => column.notNull())
    .addColumn('actor_id', 'text', (column) => column.notNull())
    .addColumn('actor_name', 'text', (column) => column.notNull())
    .addColumn('actor_kind', 'text', (column) => column.notNull())
    .addColumn('reason_code', 'text')
    .addColumn('reason_text', 'text')
    .addColumn('correlation_id', 'text', (column) => column.notNull())
    .addColumn('causation_id', 'text')
    .addColumn('from_state', 'text')
    .addColumn('to_state', 'text')
    .addColumn('details', 'text', (column) => column.notNull())
    .addColumn('previous_hash', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('journal_audit_entity').on('journal_audit').columns(['entity_id', 'number']).execute();
  await db.schema
    .createTable('journal_state')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('pruned_to', 'bigint', (column) => column.notNull())
    .addColumn('audit_number', 'bigint', (column) => column.notNull())
    .addColumn('audit_hash', 'text', (column) => column.notNull())
    .execute();
  await sql`insert into journal_state (id, pruned_to, audit_number, audit_hash) values (1, 0, 0, ${noHash})`.execute(
    db,
  );
}
