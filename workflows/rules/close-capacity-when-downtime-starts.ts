import { entityId } from '../../journal/entity-ref.ts';
import type { JournalEvent } from '../../journal/envelope.ts';
import type { Rule } from '../rule.ts';

/** The ERP plans nothing on work centers whose asset has stopped (W9). */
export const closeCapacityWhenDowntimeStarts: Rule<'asset.downtimeStarted'> = {
  name: 'close-capacity-when-downtime-starts',
  on: ['asset.downtimeStarted'],
  lanes: (event) => [capacityLane(event)],
  verdicts: { setWorkCenterCapacity: { NOT_FOUND: 'EXCEPTION' } },
  async react(event, graph) {
    const { plantCode, data } = event;
    await graph.each(data.workCenterCodes, async (code) => {
      const workCenterId = entityId(plantCode, 'work-center', code);
      const input = { workCenterId, capacityStatus: 'UNAVAILABLE', causeRef: event.subject };
      await graph.transition('setWorkCenterCapacity', input, { step: `close ${code}` });
    });
  },
};

/** Closing comes before the reopening of the same downtime. */
export function capacityLane(event: JournalEvent<'asset.downtimeStarted' | 'asset.downtimeEnded'>): string {
  return `capacity/${event.plantCode}/${event.data.downtimeId}`;
}
