import type { JournalEvent } from '../../journal/envelope.ts';
import type { Rule } from '../rule.ts';
import { standsOn, stockInReach } from './hold-reach.ts';

/** The ERP blocks the held lots and the deliveries that they are allocated to (W5), and that is its acknowledgement. */
export const blockStockWhenHoldPlaced: Rule<'quality.hold.placed'> = {
  name: 'block-stock-when-hold-placed',
  on: ['quality.hold.placed'],
  lanes: (event) => [stockLane(event.plantCode, event.data.holdNo)],
  verdicts: {
    // It left before the hold, or it is gone: there is nothing to block.
    setDeliveryBlock: { STATE_NOT_ALLOWED: 'DONE', NOT_FOUND: 'DONE' },
    changeStockStatus: { NOT_FOUND: 'DONE' },
    // Released meanwhile, so nobody waits for the acknowledgement.
    acknowledgeHold: { STATE_NOT_ALLOWED: 'DONE' },
  },
  async react(event, graph) {
    const causeRef = event.subject;
    const reason = reasonOf(event);
    const { lotIds, deliveries } = await stockInReach(graph, standsOn(event.data));
    const open = deliveries.filter(({ state }) => state.code !== 'SHIPPED');
    await graph.each(
      [
        ...lotIds.map((lotId) => ({
          step: `block ${lotId}`,
          mutation: 'changeStockStatus',
          input: { lotId, toStockType: 'BLOCKED', causeRef },
        })),
        ...open.map(({ id: deliveryId }) => ({
          step: `block ${deliveryId}`,
          mutation: 'setDeliveryBlock',
          input: { deliveryId, causeRef },
        })),
      ],
      ({ mutation, input, step }) => graph.transition(mutation, input, { step, reason }),
    );
    await graph.transition(
      'acknowledgeHold',
      { holdId: event.subject, system: 'ERP', failed: false },
      { step: 'acknowledge' },
    );
  },
  async whenStuck(event, graph, problem) {
    const { message } = problem;
    const input = { holdId: event.subject, system: 'ERP', failed: true, message };
    await graph.transition('acknowledgeHold', input, { step: 'acknowledge-failure', reason: message });
  },
};

/** Blocking comes before the release of the same hold, however long it takes. */
export function stockLane(plantCode: string, holdNo: string): string {
  return `stock/${plantCode}/${holdNo}`;
}

export function reasonOf({ data }: JournalEvent<'quality.hold.placed'>): string {
  return `Hold ${data.holdNo}: ${data.reason}`;
}
