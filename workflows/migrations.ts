import { type Kysely, type Migration, sql } from 'kysely';

/** The store `workflows`: how far the journal has been read, what runs, and what waits for a person. */
export const workflowMigrations: Readonly<Record<string, Migration>> = {
  'workflows-0001': {
    async up(db: Kysely<unknown>) {
      await createInstances(db);
      await createExceptions(db);
    },
  },
};

async function createInstances(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('workflow_cursor')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .execute();
  await sql`insert into workflow_cursor (id, position) values (1, 0)`.execute(db);
  await db.schema
    .createTable('workflow_instance')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('rule', 'text', (column) => column.notNull())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('next_attempt_at', 'text')
    .addColumn('last_problem', 'text')
    .addColumn('revision', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('workflow_instance_state')
    .on('workflow_instance')
    .columns(['state', 'position', 'id'])
    .execute();
  await db.schema
    .createTable('workflow_lane')
    .addColumn('lane', 'text', (column) => column.notNull())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('instance_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('workflow_lane_key', ['lane', 'position', 'instance_id'])
    .execute();
  await db.schema.createIndex('workflow_lane_instance').on('workflow_lane').column('instance_id').execute();
  await db.schema
    .createTable('workflow_step')
    .addColumn('instance_id', 'text', (column) => column.notNull())
    .addColumn('step', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('input', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('workflow_step_key', ['instance_id', 'step'])
    .execute();
}

async function createExceptions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('workflow_exception')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('instance_id', 'text', (column) => column.notNull())
    .addColumn('rule', 'text', (column) => column.notNull())
    .addColumn('step', 'text', (column) => column.notNull())
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('system', 'text')
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('remediation', 'text')
    .addColumn('plant_code', 'text', (column) => column.notNull())
    .addColumn('line', 'text')
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('event_id', 'text', (column) => column.notNull())
    .addColumn('event_type', 'text', (column) => column.notNull())
    .addColumn('correlation_id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('raised_at', 'text', (column) => column.notNull())
    .addColumn('changed_at', 'text', (column) => column.notNull())
    .addColumn('occurrences', 'integer', (column) => column.notNull())
    .addColumn('resolution', 'text')
    .addColumn('resolved_by', 'text')
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('raised_announced', 'integer', (column) => column.notNull())
    .addColumn('resolved_announced', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('workflow_exception_instance')
    .on('workflow_exception')
    .columns(['instance_id', 'state'])
    .execute();
  await db.schema
    .createIndex('workflow_exception_plant')
    .on('workflow_exception')
    .columns(['plant_code', 'id'])
    .execute();
  await db.schema
    .createTable('workflow_posting')
    .addColumn('transition_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('posting', 'text', (column) => column.notNull())
    .execute();
}
