import type { Rule } from '../rule.ts';
import { downtimeLane, workCentersOf } from './hold-operations-when-downtime-starts.ts';
import { operationsInReach } from './operations-in-reach.ts';

/** What the downtime held waits for a person to resume it, unless something else holds it too (W10). */
export const unholdOperationsWhenDowntimeEnds: Rule<'asset.downtimeEnded'> = {
  name: 'unhold-operations-when-downtime-ends',
  on: ['asset.downtimeEnded'],
  lanes: (event) => [downtimeLane(event)],
  verdicts: { unholdOperation: { STATE_NOT_ALLOWED: 'DONE', NOT_FOUND: 'DONE' } },
  async react(event, graph) {
    const causeRef = event.subject;
    const reached = await operationsInReach(graph, workCentersOf(event));
    const held = reached.filter(({ heldBy }) => heldBy?.includes(causeRef));
    await graph.each(held, ({ id: operationId }) =>
      graph.transition('unholdOperation', { operationId, causeRef }, { step: `unhold ${operationId}` }),
    );
  },
};
