import { entityId } from '../../journal/entity-ref.ts';
import type { Rule } from '../rule.ts';
import { heldAlready, holdOrderOfFailedRelease } from '../rule-parts/hold-order-of-failed-release.ts';

interface Answer {
  readonly productionOrder: {
    readonly lot: { readonly id: string } | null;
    readonly material: {
      readonly inspectionPlans: readonly { readonly id: string; readonly operationNo: string }[];
    } | null;
  } | null;
}

const document = `query Plans($id: ID!) {
  productionOrder(id: $id) { lot { id } material { inspectionPlans { id operationNo } } }
}`;

/** Every inspection plan of the material becomes an inspection lot for its routing step (W1). */
export const createInspectionsWhenOrderReleased: Rule<'production.order.released'> = {
  name: 'create-inspections-when-order-released',
  on: ['production.order.released'],
  verdicts: heldAlready,
  async react({ plantCode, data }, graph) {
    const orderId = entityId(plantCode, 'production-order', data.orderNo);
    const { productionOrder } = await graph.read<Answer>(document, { id: orderId });
    const plans = productionOrder?.material?.inspectionPlans ?? [];
    await graph.each(plans, async ({ id: planId, operationNo }) => {
      const input = { orderId, lotId: productionOrder?.lot?.id ?? null, operationNo, planId };
      await graph.transition('createInspectionLot', input, { step: `inspect ${planId}` });
    });
  },
  whenStuck: holdOrderOfFailedRelease,
};
