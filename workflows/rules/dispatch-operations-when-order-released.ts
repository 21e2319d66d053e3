import { entityId } from '../../journal/entity-ref.ts';
import type { Rule } from '../rule.ts';
import { heldAlready, holdOrderOfFailedRelease } from '../rule-parts/hold-order-of-failed-release.ts';
import { dispatchLane } from '../rule-parts/lanes.ts';

interface Answer {
  readonly productionOrder: {
    readonly state: { readonly code: string };
    readonly line: { readonly lineCode: string } | null;
    readonly lot: { readonly id: string } | null;
    readonly operations: readonly {
      readonly operationNo: string;
      readonly workCenter: { readonly workCenterCode: string } | null;
    }[];
  } | null;
}

const document = `query Order($id: ID!) {
  productionOrder(id: $id) { state { code } line { lineCode } lot { id } operations { operationNo workCenter { workCenterCode } } }
}`;

/** The shop floor may start what the ERP has released (W1). */
export const dispatchOperationsWhenOrderReleased: Rule<'production.order.released'> = {
  name: 'dispatch-operations-when-order-released',
  on: ['production.order.released'],
  lanes: ({ plantCode, data }) => [dispatchLane(plantCode, data.orderNo)],
  // The MES knows the operation already: an order that was dispatched by hand.
  verdicts: { dispatchOperation: { STATE_NOT_ALLOWED: 'DONE' }, ...heldAlready },
  async react({ plantCode, data }, graph) {
    const orderId = entityId(plantCode, 'production-order', data.orderNo);
    const { productionOrder } = await graph.read<Answer>(document, { id: orderId });
    // Cancelled while the MES was away: nobody is to make it.
    if (!productionOrder || productionOrder.state.code === 'CANCELLED') return;
    const { line, lot, operations } = productionOrder;
    await graph.each(operations, async ({ operationNo, workCenter }) => {
      if (!workCenter) return;
      const { workCenterCode } = workCenter;
      const input = { orderId, operationNo, workCenterCode, lotId: lot?.id ?? null, line: line?.lineCode ?? null };
      await graph.transition('dispatchOperation', input, { step: `dispatch ${operationNo}` });
    });
  },
  whenStuck: holdOrderOfFailedRelease,
};
