import { entityId } from '../../journal/entity-ref.ts';
import type { Rule } from '../rule.ts';
import { availabilityLane } from '../rule-parts/lanes.ts';
import { setUpUnlessStopped } from '../rule-parts/set-up-unless-stopped.ts';

/** The CMMS learns from the shop floor that an asset runs again (W10). */
export const markAssetUpWhenDowntimeEnds: Rule<'asset.downtimeEnded'> = {
  name: 'mark-asset-up-when-downtime-ends',
  on: ['asset.downtimeEnded'],
  lanes: (event) => [availabilityLane(event)],
  verdicts: { setAssetAvailability: { STATE_NOT_ALLOWED: 'DONE' } },
  react: ({ plantCode, data, subject }, graph) =>
    setUpUnlessStopped(graph, { assetId: entityId(plantCode, 'asset', data.assetId), downtimeId: subject }),
};
