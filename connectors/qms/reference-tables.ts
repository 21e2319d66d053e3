import type { PostingTables } from '../reference-posting.ts';
import type {
  DispositionDecision,
  DispositionState,
  HoldState,
  InspectionDecision,
  InspectionLotState,
  NonconformanceSeverity,
  NonconformanceState,
  QualityState,
} from './port.ts';

/**
 * The reference QMS's tables. Values are decimal text, instants ISO 8601 in UTC, yes and no 1 and 0, lists JSON.
 * `target` and `scope` are what a hold stands on: the entity's type and natural key as one text, `lot/WATER-05L/L10001`.
 */
export interface QmsTables extends PostingTables {
  inspection_plan: {
    plant_code: string;
    plan_id: string;
    plan_version: string;
    material_code: string;
    operation_no: string;
  };
  characteristic: {
    plant_code: string;
    plan_id: string;
    plan_version: string;
    code: string;
    position: number;
    name: string;
    unit: string;
    lower_limit: string;
    upper_limit: string;
    target: string;
  };
  /** What the QMS has been told of an order that it inspects. */
  production_order: {
    plant_code: string;
    order_no: string;
    material_code: string;
    lot_number: string | null;
    line_code: string | null;
    partner: string | null;
  };
  /** `inspection_state` is what inspections and dispositions have decided; holds stand above it. */
  lot_quality: {
    plant_code: string;
    material_code: string;
    lot_number: string;
    inspection_state: Exclude<QualityState, 'HELD'>;
    order_no: string | null;
    line_code: string | null;
    partner: string | null;
  };
  inspection_lot: {
    plant_code: string;
    inspection_lot_no: string;
    plan_id: string;
    plan_version: string;
    material_code: string;
    lot_number: string | null;
    order_no: string | null;
    operation_no: string;
    line_code: string | null;
    state: InspectionLotState;
    decision: InspectionDecision | null;
    state_since: string;
    state_by: string | null;
    state_reason: string | null;
    created_at: string;
    changed_at: string;
    partner: string | null;
    version: number;
  };
  inspection_result: {
    plant_code: string;
    inspection_lot_no: string;
    characteristic: string;
    sample_no: string;
    position: number;
    value: string;
    unit: string;
    lower_limit: string;
    upper_limit: string;
    verdict: 'PASSED' | 'FAILED';
    recorded_at: string;
    recorded_by: string;
  };
  quality_hold: {
    plant_code: string;
    hold_no: string;
    scope: string;
    restrictions: string;
    reason: string;
    state: HoldState;
    state_since: string;
    state_by: string | null;
    placed_at: string;
    placed_by: string;
    released_at: string | null;
    material_code: string | null;
    lot_material_code: string | null;
    lot_number: string | null;
    order_no: string | null;
    operation_no: string | null;
    inspection_lot_no: string | null;
    line_code: string | null;
    partner: string | null;
    changed_at: string;
    version: number;
  };
  /** Everything that a hold stands on, its scope (position 0) among it. */
  hold_target: { plant_code: string; hold_no: string; target: string; position: number };
  acknowledgement: {
    plant_code: string;
    hold_no: string;
    system: string;
    failed: number;
    message: string | null;
    at: string;
  };
  disposition: {
    plant_code: string;
    disposition_no: string;
    hold_no: string;
    decision: DispositionDecision;
    lots: string;
    state: DispositionState;
    state_since: string;
    state_by: string | null;
    state_reason: string | null;
    proposed_by: string;
    proposed_at: string;
    reason: string | null;
    approved_by: string | null;
    approved_at: string | null;
    /** JSON; null in what was decided before signatures were kept. */
    signatures: string | null;
    line_code: string | null;
    partner: string | null;
    changed_at: string;
    version: number;
  };
  nonconformance: {
    plant_code: string;
    nc_no: string;
    hold_no: string | null;
    material_code: string | null;
    lot_number: string | null;
    severity: NonconformanceSeverity;
    description: string;
    state: NonconformanceState;
    state_since: string;
    state_by: string | null;
    disposition_no: string | null;
    raised_by: string;
    raised_at: string;
    line_code: string | null;
    partner: string | null;
    changed_at: string;
    version: number;
  };
}
