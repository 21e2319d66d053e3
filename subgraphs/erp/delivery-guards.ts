import type { DeliveryRow } from '../../connectors/erp/port.ts';
import { askGraph } from '../transitions/ask-graph.ts';
import type { Rejection } from '../transitions/rejection.ts';
import type { Guard } from '../transitions/transition.ts';
import { causeId, deliveryId, lotId } from './keys.ts';
import { unanswered } from './order-guards.ts';

type DeliveryGuard = Guard<DeliveryRow, unknown>;

export const isNotBlocked: DeliveryGuard = {
  name: 'delivery-block',
  check: (delivery) =>
    delivery.blocks.map(({ cause, since }) => ({
      code: 'DELIVERY_BLOCKED',
      system: 'ERP',
      guard: 'delivery-block',
      message: `Delivery ${delivery.deliveryNo} is blocked because of ${cause} since ${since}.`,
      remediation: 'The block ends with its cause.',
      blockingRef: causeId(cause),
    })),
};

/** Whether there is enough is for the ERP to say when it posts; that none of it is free can be said before. */
export const stockIsFree: DeliveryGuard = {
  name: 'stock-type',
  check: (delivery) =>
    delivery.items.flatMap((item) => {
      const isFree = item.stock.length === 0 || item.stock.some(({ stockType }) => stockType === 'UNRESTRICTED');
      if (isFree || delivery.state === 'SHIPPED') return [];
      const types = item.stock.map(({ stockType }) => stockType).join(', ');
      const rejection: Rejection = {
        code: 'LOT_STATUS_INVALID',
        system: 'ERP',
        guard: 'stock-type',
        message: `The stock of lot ${item.lotNumber} is ${types}, not UNRESTRICTED.`,
        remediation: 'Have quality decide on the lot.',
        blockingRef: lotId(item),
      };
      return [rejection];
    }),
};

const eligibilityQuery = `query Eligibility($id: ID!) { shipmentEligibility(delivery: $id) {
  eligible blockers { code system guard message remediation blockingRef } } }`;

/** What every other system has to say about the delivery. No answer is a refusal. */
export const isShippable: DeliveryGuard = {
  name: 'shipment-eligibility',
  async check(delivery, _input, context) {
    if (delivery.state === 'SHIPPED') return [];
    const data = await askGraph(context, eligibilityQuery, { id: deliveryId(delivery) });
    const answer = data['shipmentEligibility'] as Eligibility | null | undefined;
    if (!answer) return [unanswered('ANDON', 'shipment-eligibility', 'whether the delivery may be shipped')];
    if (answer.blockers.length > 0) return answer.blockers;
    if (answer.eligible) return [];
    return [unanswered('ANDON', 'shipment-eligibility', 'why the delivery may not be shipped')];
  },
};

interface Eligibility {
  readonly eligible: boolean;
  readonly blockers: readonly Rejection[];
}
