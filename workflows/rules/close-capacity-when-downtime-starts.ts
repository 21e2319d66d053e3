import type { JournalEvent } from '../../journal/envelope.ts';
import type { Rule } from '../rule.ts';
import { closeCapacity } from './capacity.ts';
import { workCentersOf } from './hold-operations-when-downtime-starts.ts';

/** The ERP plans nothing on work centers whose asset has stopped (W9). */
export const closeCapacityWhenDowntimeStarts: Rule<'asset.downtimeStarted'> = {
  name: 'close-capacity-when-downtime-starts',
  on: ['asset.downtimeStarted'],
  lanes: (event) => [capacityLane(event)],
  verdicts: { setWorkCenterCapacity: { NOT_FOUND: 'EXCEPTION' } },
  react: (event, graph) => closeCapacity(graph, workCentersOf(event), { causeRef: event.subject }),
};

/** Closing comes before the reopening of the same downtime. */
export function capacityLane(event: JournalEvent<'asset.downtimeStarted' | 'asset.downtimeEnded'>): string {
  return `capacity/${event.plantCode}/${event.data.downtimeId}`;
}
