import type { Kysely } from 'kysely';
import type { MigrationSet } from '../../storage/migrate.ts';
import { createPostingTable } from '../reference-posting.ts';
import { createTables } from '../reference-schema.ts';

export const cmmsMigrations: MigrationSet = {
  'cmms-0001': {
    async up(db: Kysely<unknown>) {
      await createPostingTable(db);
      await createTables(db, [
        {
          name: 'asset',
          key: ['plant_code', 'asset_id'],
          text: ['name', 'criticality', 'availability', 'availability_since', 'changed_at'],
          optionalText: ['parent_id', 'line_code', 'availability_by', 'availability_cause'],
          integer: ['version'],
          indexes: [['plant_code', 'parent_id']],
        },
        {
          name: 'asset_assignment',
          key: ['plant_code', 'asset_id', 'work_center_code', 'valid_from'],
          optionalText: ['valid_to'],
          indexes: [['plant_code', 'work_center_code']],
        },
        {
          name: 'work_order',
          key: ['plant_code', 'work_order_no'],
          text: [
            'asset_id',
            'kind',
            'description',
            'state',
            'state_since',
            'requested_by',
            'requested_at',
            'changed_at',
          ],
          optionalText: ['downtime_id', 'line_code', 'state_by', 'state_reason', 'scheduled_for'],
          integer: ['version'],
          indexes: [
            ['plant_code', 'asset_id'],
            ['plant_code', 'downtime_id'],
          ],
        },
      ]);
    },
  },
};
