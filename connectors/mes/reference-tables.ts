import type { PostingTables } from '../reference-posting.ts';
import type { DowntimeState, LotProductionState, OperationState } from './port.ts';

/** The reference MES's tables. Quantities are decimal text, instants ISO 8601 in UTC, yes and no 1 and 0. */
export interface MesTables extends PostingTables {
  work_center: { plant_code: string; work_center_code: string; line_code: string };
  lot: {
    plant_code: string;
    material_code: string;
    lot_number: string;
    production_state: LotProductionState;
    partner: string | null;
  };
  operation: {
    plant_code: string;
    order_no: string;
    operation_no: string;
    line_code: string;
    work_center_code: string;
    material_code: string;
    lot_number: string;
    unit: string;
    state: OperationState;
    state_since: string;
    state_by: string | null;
    state_reason: string | null;
    produced_quantity: string;
    scrap_quantity: string;
    started_at: string | null;
    ended_at: string | null;
    partner: string | null;
    version: number;
    changed_at: string;
  };
  operation_cause: {
    plant_code: string;
    order_no: string;
    operation_no: string;
    cause_ref: string;
    since: string;
  };
  consumption: {
    transition_id: string;
    plant_code: string;
    order_no: string;
    operation_no: string;
    material_code: string;
    lot_number: string;
    quantity: string;
    unit: string;
    occurred_at: string;
  };
  downtime: {
    plant_code: string;
    downtime_id: string;
    asset_id: string;
    line_code: string | null;
    state: DowntimeState;
    state_by: string | null;
    started_at: string;
    ended_at: string | null;
    reason_code: string;
    planned: number;
    version: number;
    changed_at: string;
  };
  downtime_work_center: { plant_code: string; downtime_id: string; work_center_code: string };
}
