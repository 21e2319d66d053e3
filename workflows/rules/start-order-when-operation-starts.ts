import { entityId } from '../../journal/entity-ref.ts';
import type { Rule } from '../rule.ts';
import { orderLane } from '../rule-parts/lanes.ts';

/** The ERP learns that an order is being worked on when the first of its operations runs. */
export const startOrderWhenOperationStarts: Rule<'production.operation.started'> = {
  name: 'start-order-when-operation-starts',
  on: ['production.operation.started'],
  lanes: ({ plantCode, data }) => [orderLane(plantCode, data.orderNo)],
  // Another operation of the order, or a person, was faster.
  verdicts: { startProductionOrder: { STATE_NOT_ALLOWED: 'DONE' } },
  async react({ plantCode, data }, graph) {
    const orderId = entityId(plantCode, 'production-order', data.orderNo);
    const { productionOrder } = await graph.read<{
      readonly productionOrder: { readonly state: { readonly code: string } } | null;
    }>('query Order($id: ID!) { productionOrder(id: $id) { state { code } } }', { id: orderId });
    if (productionOrder?.state.code !== 'RELEASED') return;
    await graph.transition('startProductionOrder', { orderId }, { step: 'start' });
  },
};
