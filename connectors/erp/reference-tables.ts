import type { PostingTables } from '../reference-posting.ts';
import type { CapacityStatus, DeliveryState, OrderState, StockType } from './port.ts';

/** The reference ERP's tables. Quantities are decimal text, instants ISO 8601 in UTC, yes and no 1 and 0. */
export interface ErpTables extends PostingTables {
  plant: { plant_code: string; name: string; last_order_no: number };
  line: { plant_code: string; line_code: string; name: string };
  routing_step: {
    plant_code: string;
    line_code: string;
    operation_no: string;
    name: string;
    work_center_code: string;
  };
  work_center: {
    plant_code: string;
    work_center_code: string;
    line_code: string;
    name: string;
    constrained: number;
    capacity_status: CapacityStatus;
    capacity_changed_at: string;
    version: number;
  };
  capacity_cause: {
    plant_code: string;
    work_center_code: string;
    cause_ref: string;
    capacity_status: CapacityStatus;
    since: string;
  };
  material: { plant_code: string; material_code: string; name: string; unit: string; kind: 'RAW' | 'FINISHED' };
  production_order: {
    plant_code: string;
    order_no: string;
    line_code: string;
    material_code: string;
    quantity: string;
    unit: string;
    lot_number: string;
    planned_start: string;
    planned_end: string;
    state: OrderState;
    held_from: OrderState | null;
    state_since: string;
    state_by: string | null;
    state_reason: string | null;
    confirmed_yield: string;
    partner: string | null;
    version: number;
    changed_at: string;
  };
  operation: {
    plant_code: string;
    order_no: string;
    operation_no: string;
    name: string;
    work_center_code: string;
    planned_quantity: string;
    confirmed_quantity: string;
    confirmed_scrap: string;
    confirmed_at: string | null;
  };
  lot: {
    plant_code: string;
    material_code: string;
    lot_number: string;
    order_no: string | null;
    expires_on: string | null;
    partner: string | null;
    version: number;
    changed_at: string;
  };
  stock: {
    plant_code: string;
    material_code: string;
    lot_number: string;
    storage_location: string;
    stock_type: StockType;
    quantity: string;
  };
  stock_cause: {
    plant_code: string;
    material_code: string;
    lot_number: string;
    cause_ref: string;
    /** 1: but for its causes, the blocked stock of the lot would be free. */
    was_free: number;
    since: string;
  };
  delivery: {
    plant_code: string;
    delivery_no: string;
    customer: string;
    planned_ship_date: string;
    state: DeliveryState;
    state_since: string;
    state_by: string | null;
    partner: string | null;
    version: number;
    changed_at: string;
  };
  delivery_item: {
    plant_code: string;
    delivery_no: string;
    item_no: string;
    material_code: string;
    lot_number: string;
    quantity: string;
  };
  delivery_block: { plant_code: string; delivery_no: string; cause_ref: string; since: string };
}
