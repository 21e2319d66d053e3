import type { Rule } from '../rule.ts';
import { workCentersOf } from '../rule-parts/downtime.ts';
import { downtimeOperationsLane } from '../rule-parts/lanes.ts';
import { begunOperationsOf, holdAll } from '../rule-parts/operations-in-mes.ts';

/** What runs on a work center whose asset has stopped does not run (W9). */
export const holdOperationsWhenDowntimeStarts: Rule<'asset.downtimeStarted'> = {
  name: 'hold-operations-when-downtime-starts',
  on: ['asset.downtimeStarted'],
  lanes: (event) => [downtimeOperationsLane(event)],
  // It ended before the stop: nothing runs any more.
  verdicts: { holdOperation: { STATE_NOT_ALLOWED: 'DONE', NOT_FOUND: 'DONE' } },
  async react(event, graph) {
    const reason = `${event.data.assetId} has stopped: ${event.data.reasonCode}.`;
    const operations = await begunOperationsOf(graph, workCentersOf(event));
    await holdAll(graph, operations, { causeRef: event.subject, reason });
  },
};
