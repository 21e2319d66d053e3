import { type EntityId, entityId } from '../../journal/entity-ref.ts';
import type { Rule } from '../rule.ts';
import { reopenCapacity } from '../rule-parts/capacity.ts';
import { setUpUnlessStopped } from '../rule-parts/set-up-unless-stopped.ts';

interface Answer {
  readonly downtime: {
    readonly endedAt: string | null;
    readonly workCenters: readonly { readonly id: EntityId }[] | null;
  } | null;
}

const document = 'query Downtime($id: ID!) { downtime(id: $id) { endedAt workCenters { id } } }';

/**
 * A repair ends the downtime that it was for (W10). Every system lets go first, and only then the downtime ends, which is
 * what lifts its interlocks.
 */
export const reopenCapacityWhenMaintenanceCompletes: Rule<'maintenance.completed'> = {
  name: 'reopen-capacity-when-maintenance-completes',
  on: ['maintenance.completed'],
  verdicts: {
    setAssetAvailability: { STATE_NOT_ALLOWED: 'DONE' },
    // Somebody on the shop floor was faster.
    endDowntime: { STATE_NOT_ALLOWED: 'DONE' },
  },
  async react({ plantCode, data }, graph) {
    if (data.downtimeId === null) return;
    const downtimeId = entityId(plantCode, 'downtime', data.downtimeId);
    const { downtime } = await graph.read<Answer>(document, { id: downtimeId });
    if (!downtime || downtime.endedAt !== null) return;
    await setUpUnlessStopped(graph, { assetId: entityId(plantCode, 'asset', data.assetId), downtimeId });
    const workCenters = downtime.workCenters ?? [];
    await reopenCapacity(
      graph,
      workCenters.map(({ id }) => id),
      downtimeId,
    );
    await graph.transition('endDowntime', { downtimeId }, { step: 'end' });
  },
};
