import type { Kysely } from 'kysely';
import type { MigrationSet } from '../../storage/migrate.ts';
import { createPostingTable } from '../reference-posting.ts';
import { createTables } from '../reference-schema.ts';

export const erpMigrations: MigrationSet = {
  'erp-0001': {
    async up(db: Kysely<unknown>) {
      await createPostingTable(db);
      await createMasterData(db);
      await createOrders(db);
      await createStock(db);
      await createDeliveries(db);
    },
  },
  'erp-0002-confirmations': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .alterTable('operation')
        .addColumn('confirmed_scrap', 'text', (column) => column.notNull().defaultTo('0'))
        .execute();
      await db.schema.alterTable('operation').addColumn('confirmed_at', 'text').execute();
    },
  },
  'erp-0003-stock-causes': {
    async up(db: Kysely<unknown>) {
      await createTables(db, [
        {
          name: 'stock_cause',
          key: ['plant_code', 'material_code', 'lot_number', 'cause_ref'],
          text: ['since'],
          integer: ['was_free'],
          indexes: [['plant_code', 'cause_ref']],
        },
      ]);
      for (const table of ['capacity_cause', 'delivery_block'])
        await db.schema.createIndex(`${table}_by_cause`).on(table).columns(['plant_code', 'cause_ref']).execute();
    },
  },
};

async function createMasterData(db: Kysely<unknown>): Promise<void> {
  await createTables(db, [
    { name: 'plant', key: ['plant_code'], text: ['name'], integer: ['last_order_no'] },
    { name: 'line', key: ['plant_code', 'line_code'], text: ['name'] },
    {
      name: 'routing_step',
      key: ['plant_code', 'line_code', 'operation_no'],
      text: ['name', 'work_center_code'],
    },
    {
      name: 'work_center',
      key: ['plant_code', 'work_center_code'],
      text: ['line_code', 'name', 'capacity_status', 'capacity_changed_at'],
      integer: ['constrained', 'version'],
      indexes: [['plant_code', 'line_code']],
    },
    {
      name: 'capacity_cause',
      key: ['plant_code', 'work_center_code', 'cause_ref'],
      text: ['capacity_status', 'since'],
    },
    { name: 'material', key: ['plant_code', 'material_code'], text: ['name', 'unit', 'kind'] },
  ]);
}

async function createOrders(db: Kysely<unknown>): Promise<void> {
  await createTables(db, [
    {
      name: 'production_order',
      key: ['plant_code', 'order_no'],
      text: [
        'line_code',
        'material_code',
        'quantity',
        'unit',
        'lot_number',
        'planned_start',
        'planned_end',
        'state',
        'state_since',
        'confirmed_yield',
        'changed_at',
      ],
      optionalText: ['held_from', 'state_by', 'state_reason', 'partner'],
      integer: ['version'],
      indexes: [
        ['plant_code', 'line_code', 'state'],
        ['plant_code', 'changed_at'],
      ],
    },
    {
      name: 'operation',
      key: ['plant_code', 'order_no', 'operation_no'],
      text: ['name', 'work_center_code', 'planned_quantity', 'confirmed_quantity'],
    },
  ]);
}

async function createStock(db: Kysely<unknown>): Promise<void> {
  await createTables(db, [
    {
      name: 'lot',
      key: ['plant_code', 'material_code', 'lot_number'],
      text: ['changed_at'],
      optionalText: ['order_no', 'expires_on', 'partner'],
      integer: ['version'],
      indexes: [['plant_code', 'order_no']],
    },
    {
      name: 'stock',
      key: ['plant_code', 'material_code', 'lot_number', 'storage_location', 'stock_type'],
      text: ['quantity'],
    },
  ]);
}

async function createDeliveries(db: Kysely<unknown>): Promise<void> {
  await createTables(db, [
    {
      name: 'delivery',
      key: ['plant_code', 'delivery_no'],
      text: ['customer', 'planned_ship_date', 'state', 'state_since', 'changed_at'],
      optionalText: ['state_by', 'partner'],
      integer: ['version'],
      indexes: [['plant_code', 'state']],
    },
    {
      name: 'delivery_item',
      key: ['plant_code', 'delivery_no', 'item_no'],
      text: ['material_code', 'lot_number', 'quantity'],
      indexes: [['plant_code', 'material_code', 'lot_number']],
    },
    { name: 'delivery_block', key: ['plant_code', 'delivery_no', 'cause_ref'], text: ['since'] },
  ]);
}
