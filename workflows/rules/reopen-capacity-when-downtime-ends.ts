import type { Rule } from '../rule.ts';
import { reopenCapacity } from '../rule-parts/capacity.ts';
import { workCentersOf } from '../rule-parts/downtime.ts';
import { downtimeCapacityLane } from '../rule-parts/lanes.ts';

/**
 * The ERP plans again with what the downtime had closed (W10). It counts causes, so another downtime of the same work center
 * keeps it closed; and a repair that has reopened it already is repeated without effect.
 */
export const reopenCapacityWhenDowntimeEnds: Rule<'asset.downtimeEnded'> = {
  name: 'reopen-capacity-when-downtime-ends',
  on: ['asset.downtimeEnded'],
  lanes: (event) => [downtimeCapacityLane(event)],
  react: (event, graph) => reopenCapacity(graph, workCentersOf(event), event.subject),
};
