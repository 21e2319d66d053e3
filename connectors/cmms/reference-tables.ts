import type { PostingTables } from '../reference-posting.ts';
import type { Availability, Criticality, MaintenanceKind, WorkOrderState } from './port.ts';

/** The reference CMMS's tables. Instants are ISO 8601 in UTC. */
export interface CmmsTables extends PostingTables {
  asset: {
    plant_code: string;
    asset_id: string;
    name: string;
    parent_id: string | null;
    criticality: Criticality;
    line_code: string | null;
    availability: Availability;
    availability_since: string;
    availability_by: string | null;
    availability_cause: string | null;
    changed_at: string;
    version: number;
  };
  asset_assignment: {
    plant_code: string;
    asset_id: string;
    work_center_code: string;
    valid_from: string;
    valid_to: string | null;
  };
  work_order: {
    plant_code: string;
    work_order_no: string;
    asset_id: string;
    kind: MaintenanceKind;
    description: string;
    downtime_id: string | null;
    line_code: string | null;
    state: WorkOrderState;
    state_since: string;
    state_by: string | null;
    state_reason: string | null;
    scheduled_for: string | null;
    requested_by: string;
    requested_at: string;
    changed_at: string;
    version: number;
  };
}
