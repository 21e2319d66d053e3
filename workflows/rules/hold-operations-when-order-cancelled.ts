import type { EntityId } from '../../journal/entity-ref.ts';
import type { Rule } from '../rule.ts';
import { dispatchLane } from '../rule-parts/lanes.ts';
import { holdAll } from '../rule-parts/operations-in-mes.ts';

interface Answer {
  readonly productionOrder: {
    readonly operations: readonly {
      readonly id: EntityId;
      readonly executionState: { readonly code: string } | null;
    }[];
  } | null;
}

const document = `query Order($id: ID!) { productionOrder(id: $id) { operations { id executionState { code } } } }`;
const over: readonly string[] = ['ENDED', 'ABORTED'];

/** Nobody begins what is made for no order any more: the MES has its operations since the release. */
export const holdOperationsWhenOrderCancelled: Rule<'production.order.cancelled'> = {
  name: 'hold-operations-when-order-cancelled',
  on: ['production.order.cancelled'],
  lanes: ({ plantCode, data }) => [dispatchLane(plantCode, data.orderNo)],
  // It ended, or was aborted, meanwhile.
  verdicts: { holdOperation: { STATE_NOT_ALLOWED: 'DONE', NOT_FOUND: 'DONE' } },
  async react({ data, subject: orderId }, graph) {
    const { productionOrder } = await graph.read<Answer>(document, { id: orderId });
    const operations = productionOrder?.operations ?? [];
    // What the MES does not know was never dispatched.
    const known = operations.filter(({ executionState }) => executionState && !over.includes(executionState.code));
    const cause = { causeRef: orderId, reason: `Order ${data.orderNo} is cancelled.` };
    await holdAll(
      graph,
      known.map(({ id }) => id),
      cause,
    );
  },
};
