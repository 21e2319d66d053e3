import type { DowntimeRow, MesPort } from '../../connectors/mes/port.ts';
import { naturalKey } from '../../connectors/natural-key.ts';
import type { Restriction } from '../../journal/restriction.ts';
import { readEveryPage } from '../reading/every-page.ts';
import type { RecordedRestriction } from '../subgraph.ts';
import { assetId, downtimeId, workCenterId } from './keys.ts';

/** What nobody may do with something that is down. */
export const restrictionsOfDowntimes: readonly Restriction[] = ['START_OPERATION', 'SCHEDULE'];

const everywhere = { plantCodes: null, partner: null };

/** What the downtimes of a plant that are open in the MES forbid. */
export async function readRestrictions(port: MesPort, plantCode: string): Promise<readonly RecordedRestriction[]> {
  const open = await readEveryPage(
    (page) => port.downtimes({ plantCode, states: ['OPEN'] }, page, everywhere),
    (downtime) => naturalKey(downtime.plantCode, downtime.downtimeId),
  );
  return open.flatMap(restrictionsOf);
}

function restrictionsOf(downtime: DowntimeRow): readonly RecordedRestriction[] {
  const { plantCode, workCenterCodes, planned, reasonCode, startedAt, stateBy } = downtime;
  const workCenters = workCenterCodes.map((workCenterCode) => workCenterId({ plantCode, workCenterCode }));
  const kind = planned ? 'planned downtime' : 'breakdown';
  return [assetId(downtime), ...workCenters].map((entityId) => ({
    kind: 'BREAKDOWN',
    entityId,
    plantCode,
    partner: null,
    cause: downtimeId(downtime),
    restrictions: restrictionsOfDowntimes,
    reason: `The ${kind} of ${downtime.assetId} (${reasonCode}) since ${startedAt}`,
    placedBy: stateBy ?? 'unknown',
  }));
}
