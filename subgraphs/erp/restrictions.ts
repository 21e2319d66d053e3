import type { ErpPort, OrderRow } from '../../connectors/erp/port.ts';
import { naturalKey } from '../../connectors/natural-key.ts';
import type { Restriction } from '../../journal/restriction.ts';
import { readEveryPage } from '../reading/every-page.ts';
import type { RecordedRestriction } from '../subgraph.ts';
import { operationId, orderId } from './keys.ts';

const everywhere = { plantCodes: null, partner: null };

/** What nobody may do with the operations of an order that is on hold. */
export const restrictionsOfOrderHolds: readonly Restriction[] = ['START_OPERATION'];

/** What the orders of a plant that are on hold in the ERP forbid. */
export async function readRestrictions(port: ErpPort, plantCode: string): Promise<readonly RecordedRestriction[]> {
  const held = await readEveryPage(
    (page) => port.orders({ plantCode, states: ['ON_HOLD'] }, page, everywhere),
    (order) => naturalKey(order.plantCode, order.orderNo),
  );
  return held.flatMap((order) =>
    restrictionsOfHeldOrder(order, { by: order.stateBy ?? 'unknown', reason: order.stateReason }),
  );
}

/**
 * What is held is not begun, and not gone on with after a pause; what runs may end. It stands on the operations, so that it
 * does not stand in the way of the order's own resumption.
 */
export function restrictionsOfHeldOrder(
  order: OrderRow,
  { by, reason }: { readonly by: string; readonly reason: string | null },
): readonly RecordedRestriction[] {
  const { plantCode, partner, orderNo, operations } = order;
  return operations.map((operation) => ({
    kind: 'ORDER_HOLD',
    entityId: operationId(operation),
    plantCode,
    partner,
    cause: orderId(order),
    restrictions: restrictionsOfOrderHolds,
    reason: `The hold of order ${orderNo} (${reason ?? ''})`,
    placedBy: by,
  }));
}
