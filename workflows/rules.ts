import type { Rule } from './rule.ts';
import { blockStockWhenHoldPlaced } from './rules/block-stock-when-hold-placed.ts';
import { blockStockWhenInspectionRejected } from './rules/block-stock-when-inspection-rejected.ts';
import { closeCapacityWhenDowntimeStarts } from './rules/close-capacity-when-downtime-starts.ts';
import { confirmOperationWhenOperationCompletes } from './rules/confirm-operation-when-operation-completes.ts';
import { createInspectionsWhenOrderReleased } from './rules/create-inspections-when-order-released.ts';
import { dispatchOperationsWhenOrderReleased } from './rules/dispatch-operations-when-order-released.ts';
import { holdOperationsWhenDowntimeStarts } from './rules/hold-operations-when-downtime-starts.ts';
import { holdOperationsWhenHoldPlaced } from './rules/hold-operations-when-hold-placed.ts';
import { holdOperationsWhenOrderCancelled } from './rules/hold-operations-when-order-cancelled.ts';
import { markAssetDownWhenDowntimeStarts } from './rules/mark-asset-down-when-downtime-starts.ts';
import { markAssetUpWhenDowntimeEnds } from './rules/mark-asset-up-when-downtime-ends.ts';
import { placeHoldWhenInspectionFails } from './rules/place-hold-when-inspection-fails.ts';
import { releaseStockWhenDispositionApproved } from './rules/release-stock-when-disposition-approved.ts';
import { releaseStockWhenInspectionDecided } from './rules/release-stock-when-inspection-decided.ts';
import { reopenCapacityWhenDowntimeEnds } from './rules/reopen-capacity-when-downtime-ends.ts';
import { reopenCapacityWhenMaintenanceCompletes } from './rules/reopen-capacity-when-maintenance-completes.ts';
import { requestMaintenanceWhenDowntimeStarts } from './rules/request-maintenance-when-downtime-starts.ts';
import { startOrderWhenOperationStarts } from './rules/start-order-when-operation-starts.ts';
import { unholdOperationsWhenDowntimeEnds } from './rules/unhold-operations-when-downtime-ends.ts';

/** Everything that follows by itself. */
export const rules: readonly Rule[] = [
  // W1: an order is released and begun
  createInspectionsWhenOrderReleased,
  dispatchOperationsWhenOrderReleased,
  startOrderWhenOperationStarts,
  holdOperationsWhenOrderCancelled,
  // W12: a step of it is done
  confirmOperationWhenOperationCompletes,
  // W3, W5: something is not as it should be
  placeHoldWhenInspectionFails,
  blockStockWhenHoldPlaced,
  holdOperationsWhenHoldPlaced,
  // W6: two people have decided what becomes of it
  releaseStockWhenDispositionApproved,
  // R121: its inspection is passed, or not
  releaseStockWhenInspectionDecided,
  blockStockWhenInspectionRejected,
  // W9: an asset has stopped
  closeCapacityWhenDowntimeStarts,
  holdOperationsWhenDowntimeStarts,
  markAssetDownWhenDowntimeStarts,
  requestMaintenanceWhenDowntimeStarts,
  // W10: it runs again
  reopenCapacityWhenMaintenanceCompletes,
  reopenCapacityWhenDowntimeEnds,
  unholdOperationsWhenDowntimeEnds,
  markAssetUpWhenDowntimeEnds,
];
