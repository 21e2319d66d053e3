import type { EntityId } from '../../journal/entity-ref.ts';
import type { RuleGraph } from '../rule.ts';
import { materialOf } from './hold-reach.ts';
import { readAllOf } from './read-all.ts';

export interface Inspection {
  readonly id: EntityId;
  readonly state: { readonly code: string } | null;
  readonly decision: string | null;
}

export function inspectionsOf(graph: RuleGraph, lotId: EntityId): Promise<readonly Inspection[]> {
  return readAllOf<Inspection>(graph, lotId, 'inspectionLots', 'id state { code } decision');
}

export function isOpen({ state }: Inspection): boolean {
  return state?.code !== 'DECIDED';
}

interface InterlocksAnswer {
  readonly interlocks: { readonly nodes: readonly { readonly kind: string; readonly cause: string }[] };
}

/**
 * The holds on a lot or its material but for one. Interlocks know of a hold before the QMS and the ERP do, and when neither
 * can be asked.
 */
export async function otherHolds(
  graph: RuleGraph,
  lotId: EntityId,
  holdId: EntityId | null,
): Promise<readonly string[]> {
  const document = 'query Interlocks($ids: [ID!]) { interlocks(filter: { entities: $ids }) { nodes { kind cause } } }';
  const ids = [lotId, materialOf(lotId)].filter((id) => id !== null);
  const { interlocks } = await graph.read<InterlocksAnswer>(document, { ids });
  const causes = interlocks.nodes.filter(({ kind, cause }) => kind === 'QUALITY_HOLD' && cause !== holdId);
  return [...new Set(causes.map(({ cause }) => cause))];
}
