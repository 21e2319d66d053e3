import { type EntityId, entityId } from '../../journal/entity-ref.ts';
import type { JournalEvent } from '../../journal/envelope.ts';
import type { Rule } from '../rule.ts';
import { begunOperationsOf, holdAll } from './operations-in-mes.ts';

/** What runs on a work center whose asset has stopped does not run (W9). */
export const holdOperationsWhenDowntimeStarts: Rule<'asset.downtimeStarted'> = {
  name: 'hold-operations-when-downtime-starts',
  on: ['asset.downtimeStarted'],
  lanes: (event) => [downtimeLane(event)],
  // It ended before the stop: nothing runs any more.
  verdicts: { holdOperation: { STATE_NOT_ALLOWED: 'DONE', NOT_FOUND: 'DONE' } },
  async react(event, graph) {
    const reason = `${event.data.assetId} has stopped: ${event.data.reasonCode}.`;
    const operations = await begunOperationsOf(graph, workCentersOf(event));
    await holdAll(graph, operations, { causeRef: event.subject, reason });
  },
};

type Downtime = JournalEvent<'asset.downtimeStarted' | 'asset.downtimeEnded'>;

export function workCentersOf({ plantCode, data }: Downtime): readonly EntityId[] {
  return data.workCenterCodes.map((code) => entityId(plantCode, 'work-center', code));
}

/** Holding comes before the end of holding, however long it takes. */
export function downtimeLane({ plantCode, data }: Downtime): string {
  return `downtime-operations/${plantCode}/${data.downtimeId}`;
}
