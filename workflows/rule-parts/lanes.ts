import type { EntityId } from '../../journal/entity-ref.ts';
import type { Downtime } from './downtime.ts';

/**
 * What must happen one after the other in one system, across rules: whatever ends a restriction waits, in the lane of the
 * rule that begins it, until that one is through.
 */

/** Stock is blocked before the release of the same hold, however long it takes. */
export function holdStockLane(plantCode: string, holdNo: string): string {
  return `stock/${plantCode}/${holdNo}`;
}

/** Operations are held before the release of the same hold, however long it takes. */
export function holdOperationsLane(plantCode: string, holdNo: string): string {
  return `operations/${plantCode}/${holdNo}`;
}

/** What changes the stock of a lot for its inspection, and for the end of a hold, comes one after the other. */
export function lotStockLane(lotId: EntityId): string {
  return `lot-stock/${lotId}`;
}

/** Holding comes before the end of holding, however long it takes. */
export function downtimeOperationsLane({ plantCode, data }: Downtime): string {
  return `downtime-operations/${plantCode}/${data.downtimeId}`;
}

/** Closing comes before the reopening of the same downtime. */
export function downtimeCapacityLane({ plantCode, data }: Downtime): string {
  return `capacity/${plantCode}/${data.downtimeId}`;
}

/** What the shop floor says of one asset reaches the CMMS in the order in which it was said. */
export function availabilityLane({ plantCode, data }: Downtime): string {
  return `availability/${plantCode}/${data.assetId}`;
}

/** The ERP learns what happened to an order on the shop floor in the order in which it happened. */
export function orderLane(plantCode: string, orderNo: string): string {
  return `order/${plantCode}/${orderNo}`;
}

/** What an order's operations are dispatched by comes before the end of the order, however long it takes. */
export function dispatchLane(plantCode: string, orderNo: string): string {
  return `dispatch/${plantCode}/${orderNo}`;
}
