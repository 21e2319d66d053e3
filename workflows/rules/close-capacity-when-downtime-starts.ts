import type { Rule } from '../rule.ts';
import { closeCapacity } from '../rule-parts/capacity.ts';
import { workCentersOf } from '../rule-parts/downtime.ts';
import { downtimeCapacityLane } from '../rule-parts/lanes.ts';

/** The ERP plans nothing on work centers whose asset has stopped (W9). */
export const closeCapacityWhenDowntimeStarts: Rule<'asset.downtimeStarted'> = {
  name: 'close-capacity-when-downtime-starts',
  on: ['asset.downtimeStarted'],
  lanes: (event) => [downtimeCapacityLane(event)],
  verdicts: { setWorkCenterCapacity: { NOT_FOUND: 'EXCEPTION' } },
  react: (event, graph) => closeCapacity(graph, workCentersOf(event), { causeRef: event.subject }),
};
