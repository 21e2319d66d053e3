import { type EntityId, entityId } from '../../journal/entity-ref.ts';
import type { JournalEvent } from '../../journal/envelope.ts';

/** An asset has stopped, or runs again. */
export type Downtime = JournalEvent<'asset.downtimeStarted' | 'asset.downtimeEnded'>;

/** The work centers that the asset was assigned to when it stopped. */
export function workCentersOf({ plantCode, data }: Downtime): readonly EntityId[] {
  return data.workCenterCodes.map((code) => entityId(plantCode, 'work-center', code));
}
