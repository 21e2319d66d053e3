import type { Kysely } from 'kysely';
import type { MigrationSet } from '../../storage/migrate.ts';
import { createPostingTable } from '../reference-posting.ts';
import { createTables } from '../reference-schema.ts';

export const qmsMigrations: MigrationSet = {
  'qms-0001': {
    async up(db: Kysely<unknown>) {
      await createPostingTable(db);
      await createPlans(db);
      await createInspections(db);
      await createHolds(db);
      await createCases(db);
    },
  },
  'qms-0002-signatures': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('disposition').addColumn('signatures', 'text').execute();
    },
  },
};

const state = ['state', 'state_since', 'changed_at'];

async function createPlans(db: Kysely<unknown>): Promise<void> {
  await createTables(db, [
    {
      name: 'inspection_plan',
      key: ['plant_code', 'plan_id', 'plan_version'],
      text: ['material_code', 'operation_no'],
      indexes: [['plant_code', 'material_code']],
    },
    {
      name: 'characteristic',
      key: ['plant_code', 'plan_id', 'plan_version', 'code'],
      text: ['name', 'unit', 'lower_limit', 'upper_limit', 'target'],
      integer: ['position'],
    },
    {
      name: 'production_order',
      key: ['plant_code', 'order_no'],
      text: ['material_code'],
      optionalText: ['lot_number', 'line_code', 'partner'],
    },
    {
      name: 'lot_quality',
      key: ['plant_code', 'material_code', 'lot_number'],
      text: ['inspection_state'],
      optionalText: ['order_no', 'line_code', 'partner'],
    },
  ]);
}

async function createInspections(db: Kysely<unknown>): Promise<void> {
  await createTables(db, [
    {
      name: 'inspection_lot',
      key: ['plant_code', 'inspection_lot_no'],
      text: ['plan_id', 'plan_version', 'material_code', 'operation_no', 'created_at', ...state],
      optionalText: ['lot_number', 'order_no', 'line_code', 'decision', 'state_by', 'state_reason', 'partner'],
      integer: ['version'],
      indexes: [
        ['plant_code', 'order_no'],
        ['plant_code', 'material_code', 'lot_number'],
      ],
    },
    {
      name: 'inspection_result',
      key: ['plant_code', 'inspection_lot_no', 'characteristic', 'sample_no'],
      text: ['value', 'unit', 'lower_limit', 'upper_limit', 'verdict', 'recorded_at', 'recorded_by'],
      integer: ['position'],
    },
  ]);
}

async function createHolds(db: Kysely<unknown>): Promise<void> {
  await createTables(db, [
    {
      name: 'quality_hold',
      key: ['plant_code', 'hold_no'],
      text: ['scope', 'restrictions', 'reason', 'placed_at', 'placed_by', ...state],
      optionalText: [
        'state_by',
        'released_at',
        'material_code',
        'lot_material_code',
        'lot_number',
        'order_no',
        'operation_no',
        'inspection_lot_no',
        'line_code',
        'partner',
      ],
      integer: ['version'],
      indexes: [['plant_code', 'order_no']],
    },
    {
      name: 'hold_target',
      key: ['plant_code', 'hold_no', 'target'],
      integer: ['position'],
      indexes: [['plant_code', 'target']],
    },
    {
      name: 'acknowledgement',
      key: ['plant_code', 'hold_no', 'system'],
      text: ['at'],
      optionalText: ['message'],
      integer: ['failed'],
    },
  ]);
}

async function createCases(db: Kysely<unknown>): Promise<void> {
  await createTables(db, [
    {
      name: 'disposition',
      key: ['plant_code', 'disposition_no'],
      text: ['hold_no', 'decision', 'lots', 'proposed_by', 'proposed_at', ...state],
      optionalText: ['state_by', 'state_reason', 'reason', 'approved_by', 'approved_at', 'line_code', 'partner'],
      integer: ['version'],
      indexes: [['plant_code', 'hold_no']],
    },
    {
      name: 'nonconformance',
      key: ['plant_code', 'nc_no'],
      text: ['severity', 'description', 'raised_by', 'raised_at', ...state],
      optionalText: ['hold_no', 'material_code', 'lot_number', 'state_by', 'disposition_no', 'line_code', 'partner'],
      integer: ['version'],
      indexes: [['plant_code', 'hold_no']],
    },
  ]);
}
