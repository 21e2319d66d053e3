import type { Rule } from '../rule.ts';
import { reasonOf } from './block-stock-when-hold-placed.ts';
import { standsOn } from './hold-reach.ts';
import { mayBeHeld, operationsInReach } from './operations-in-reach.ts';

/** The MES interrupts what runs on, or with, what is held (W5), and that is its acknowledgement. */
export const holdOperationsWhenHoldPlaced: Rule<'quality.hold.placed'> = {
  name: 'hold-operations-when-hold-placed',
  on: ['quality.hold.placed'],
  lanes: (event) => [operationLane(event.plantCode, event.data.holdNo)],
  verdicts: {
    // It ended before the hold: nothing runs any more.
    holdOperation: { STATE_NOT_ALLOWED: 'DONE', NOT_FOUND: 'DONE' },
    acknowledgeHold: { STATE_NOT_ALLOWED: 'DONE' },
  },
  async react(event, graph) {
    const reason = reasonOf(event);
    const reached = await operationsInReach(graph, standsOn(event.data));
    await graph.each(reached.filter(mayBeHeld), ({ id: operationId }) =>
      graph.transition(
        'holdOperation',
        { operationId, causeRef: event.subject },
        { step: `hold ${operationId}`, reason },
      ),
    );
    const acknowledgement = { holdId: event.subject, system: 'MES', failed: false };
    await graph.transition('acknowledgeHold', acknowledgement, { step: 'acknowledge' });
  },
  async whenStuck(event, graph, { message }) {
    const input = { holdId: event.subject, system: 'MES', failed: true, message };
    await graph.transition('acknowledgeHold', input, { step: 'acknowledge-failure', reason: message });
  },
};

/** Holding comes before the release of the same hold, however long it takes. */
export function operationLane(plantCode: string, holdNo: string): string {
  return `operations/${plantCode}/${holdNo}`;
}
