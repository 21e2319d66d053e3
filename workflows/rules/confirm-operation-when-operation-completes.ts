import { entityId } from '../../journal/entity-ref.ts';
import type { Rule } from '../rule.ts';
import { orderLane } from '../rule-parts/lanes.ts';

/** The ERP posts what the shop floor has reported, once for each operation (W12). */
export const confirmOperationWhenOperationCompletes: Rule<'production.operation.completed'> = {
  name: 'confirm-operation-when-operation-completes',
  on: ['production.operation.completed'],
  lanes: ({ plantCode, data }) => [orderLane(plantCode, data.orderNo)],
  // Confirmed by somebody else, perhaps with other quantities: no attempt of ours can make that right.
  verdicts: { confirmOperation: { STATE_NOT_ALLOWED: 'EXCEPTION' } },
  async react({ plantCode, data }, graph) {
    const { orderNo, operationNo, unit } = data;
    const input = {
      operationId: entityId(plantCode, 'operation', orderNo, operationNo),
      yieldQuantity: { value: data.yieldQuantity, unit },
      scrapQuantity: { value: data.scrapQuantity, unit },
    };
    await graph.transition('confirmOperation', input, { step: 'confirm' });
  },
};
