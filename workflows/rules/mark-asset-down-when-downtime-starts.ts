import { entityId } from '../../journal/entity-ref.ts';
import type { Rule } from '../rule.ts';
import { availabilityLane } from '../rule-parts/lanes.ts';

/** The CMMS learns from the shop floor that an asset has stopped (W9). */
export const markAssetDownWhenDowntimeStarts: Rule<'asset.downtimeStarted'> = {
  name: 'mark-asset-down-when-downtime-starts',
  on: ['asset.downtimeStarted'],
  lanes: (event) => [availabilityLane(event)],
  // Somebody has said so in the CMMS already.
  verdicts: { setAssetAvailability: { STATE_NOT_ALLOWED: 'DONE' } },
  async react(event, graph) {
    const { plantCode, data, subject } = event;
    const assetId = entityId(plantCode, 'asset', data.assetId);
    const availability = data.planned ? 'DOWN_PLANNED' : 'DOWN_UNPLANNED';
    await graph.transition('setAssetAvailability', { assetId, availability, causeRef: subject }, { step: 'down' });
  },
};
