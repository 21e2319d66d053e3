import type { Rule } from '../rule.ts';
import { downtimeOperationsLane } from '../rule-parts/lanes.ts';
import { unholdEverything } from '../rule-parts/operations-in-mes.ts';

/** What the downtime held waits for a person to resume it, unless something else holds it too (W10). */
export const unholdOperationsWhenDowntimeEnds: Rule<'asset.downtimeEnded'> = {
  name: 'unhold-operations-when-downtime-ends',
  on: ['asset.downtimeEnded'],
  lanes: (event) => [downtimeOperationsLane(event)],
  verdicts: { unholdOperation: { STATE_NOT_ALLOWED: 'DONE', NOT_FOUND: 'DONE' } },
  react: ({ plantCode, subject }, graph) => unholdEverything(graph, plantCode, subject),
};
