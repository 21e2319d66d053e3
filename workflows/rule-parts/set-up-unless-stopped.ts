import type { EntityId } from '../../journal/entity-ref.ts';
import type { RuleGraph } from '../rule.ts';

interface Answer {
  readonly asset: { readonly availability: { readonly code: string } | null } | null;
  readonly interlocks: { readonly nodes: readonly { readonly kind: string; readonly cause: string }[] };
}

const document = `query Asset($id: ID!, $ids: [ID!]) {
  asset(id: $id) { availability { code } }
  interlocks(filter: { entities: $ids }) { nodes { kind cause } }
}`;

/** An asset is up when the last of its downtimes is over; what the CMMS says already is not said again. */
export async function setUpUnlessStopped(
  graph: RuleGraph,
  { assetId, downtimeId }: { readonly assetId: EntityId; readonly downtimeId: EntityId },
): Promise<void> {
  const { asset, interlocks } = await graph.read<Answer>(document, { id: assetId, ids: [assetId] });
  const isStopped = interlocks.nodes.some(({ kind, cause }) => kind === 'BREAKDOWN' && cause !== downtimeId);
  if (!asset || asset.availability?.code === 'UP' || isStopped) return;
  const input = { assetId, availability: 'UP', causeRef: downtimeId };
  await graph.transition('setAssetAvailability', input, { step: 'up' });
}
