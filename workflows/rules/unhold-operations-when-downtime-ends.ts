import type { Rule } from '../rule.ts';
import { downtimeLane } from './hold-operations-when-downtime-starts.ts';
import { unholdEverything } from './operations-in-mes.ts';

/** What the downtime held waits for a person to resume it, unless something else holds it too (W10). */
export const unholdOperationsWhenDowntimeEnds: Rule<'asset.downtimeEnded'> = {
  name: 'unhold-operations-when-downtime-ends',
  on: ['asset.downtimeEnded'],
  lanes: (event) => [downtimeLane(event)],
  verdicts: { unholdOperation: { STATE_NOT_ALLOWED: 'DONE', NOT_FOUND: 'DONE' } },
  react: ({ plantCode, subject }, graph) => unholdEverything(graph, plantCode, subject),
};
