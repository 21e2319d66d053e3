import type { Kysely } from 'kysely';
import type { MigrationSet } from '../../storage/migrate.ts';
import { createPostingTable } from '../reference-posting.ts';
import { createTables } from '../reference-schema.ts';

export const mesMigrations: MigrationSet = {
  'mes-0001': {
    async up(db: Kysely<unknown>) {
      await createPostingTable(db);
      await createOperations(db);
      await createDowntimes(db);
    },
  },
};

async function createOperations(db: Kysely<unknown>): Promise<void> {
  await createTables(db, [
    { name: 'work_center', key: ['plant_code', 'work_center_code'], text: ['line_code'] },
    {
      name: 'lot',
      key: ['plant_code', 'material_code', 'lot_number'],
      text: ['production_state'],
      optionalText: ['partner'],
    },
    {
      name: 'operation',
      key: ['plant_code', 'order_no', 'operation_no'],
      text: [
        'line_code',
        'work_center_code',
        'material_code',
        'lot_number',
        'unit',
        'state',
        'state_since',
        'produced_quantity',
        'scrap_quantity',
        'changed_at',
      ],
      optionalText: ['state_by', 'state_reason', 'started_at', 'ended_at', 'partner'],
      integer: ['version'],
      indexes: [
        ['plant_code', 'work_center_code', 'state'],
        ['plant_code', 'material_code', 'lot_number'],
      ],
    },
    { name: 'operation_cause', key: ['plant_code', 'order_no', 'operation_no', 'cause_ref'], text: ['since'] },
    {
      name: 'consumption',
      key: ['transition_id'],
      text: [
        'plant_code',
        'order_no',
        'operation_no',
        'material_code',
        'lot_number',
        'quantity',
        'unit',
        'occurred_at',
      ],
      indexes: [
        ['plant_code', 'order_no', 'operation_no'],
        ['plant_code', 'material_code', 'lot_number'],
      ],
    },
  ]);
}

async function createDowntimes(db: Kysely<unknown>): Promise<void> {
  await createTables(db, [
    {
      name: 'downtime',
      key: ['plant_code', 'downtime_id'],
      text: ['asset_id', 'state', 'started_at', 'reason_code', 'changed_at'],
      optionalText: ['line_code', 'state_by', 'ended_at'],
      integer: ['planned', 'version'],
      indexes: [
        ['plant_code', 'asset_id'],
        ['plant_code', 'state'],
      ],
    },
    { name: 'downtime_work_center', key: ['plant_code', 'downtime_id', 'work_center_code'] },
  ]);
}
