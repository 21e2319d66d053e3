import { entityId } from '../../journal/entity-ref.ts';
import type { Rule } from '../rule.ts';

interface Answer {
  readonly asset: {
    readonly workOrders: readonly {
      readonly downtimeId: string | null;
      readonly state: { readonly code: string };
    }[];
  } | null;
}

const document =
  'query WorkOrders($id: ID!) { asset(id: $id) { workOrders(first: 200) { downtimeId state { code } } } }';
const over: readonly string[] = ['CANCELLED', 'REJECTED'];

/** A breakdown needs a repair, unless somebody has asked for one already (W9). A planned stop has its reason already. */
export const requestMaintenanceWhenDowntimeStarts: Rule<'asset.downtimeStarted'> = {
  name: 'request-maintenance-when-downtime-starts',
  on: ['asset.downtimeStarted'],
  async react({ plantCode, data, subject: downtimeId }, graph) {
    if (data.planned) return;
    const assetId = entityId(plantCode, 'asset', data.assetId);
    const { asset } = await graph.read<Answer>(document, { id: assetId });
    const known = asset?.workOrders.some((one) => one.downtimeId === downtimeId && !over.includes(one.state.code));
    if (known) return;
    const description = `${data.assetId} has stopped: ${data.reasonCode}.`;
    const input = { assetId, kind: 'CORRECTIVE', description, downtimeId };
    await graph.transition('requestMaintenance', input, { step: 'request' });
  },
};
