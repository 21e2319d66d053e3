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

interface EarlierHold {
  readonly id: EntityId;
  readonly placedAt: string | null;
  readonly releasedAt: string | null;
  readonly dispositions:
    | readonly { readonly decision: string; readonly state: { readonly code: string } | null }[]
    | null;
}

export interface OtherDecisions {
  /**
   * Whether the lot is to be reworked on account of another hold: PENDING, when that stood beside this one, which then is
   * about something else; OVERRULED, when this one was placed since.
   */
  readonly rework: 'NONE' | 'PENDING' | 'OVERRULED';
  /** Scrapped or sent back: whatever is decided of another hold. */
  readonly isGone: boolean;
}

/** What dispositions of other holds have made of the lot. */
export async function otherDecisions(graph: RuleGraph, lotId: EntityId, holdId: EntityId): Promise<OtherDecisions> {
  const fields = 'id placedAt releasedAt dispositions { decision state { code } }';
  const holds = await readAllOf<EarlierHold>(graph, lotId, 'holds', fields);
  const placedAt = holds.find(({ id }) => id === holdId)?.placedAt ?? '';
  const others = holds.filter(({ id }) => id !== holdId);
  const reworked = others.filter((hold) => ended(hold, 'REWORK'));
  const isPending = reworked.some(({ releasedAt }) => releasedAt === null || releasedAt >= placedAt);
  return {
    rework: reworked.length === 0 ? 'NONE' : isPending ? 'PENDING' : 'OVERRULED',
    isGone: others.some((hold) => ended(hold, 'SCRAP', 'RETURN_TO_SUPPLIER')),
  };
}

function ended({ dispositions }: EarlierHold, ...decisions: readonly string[]): boolean {
  return (dispositions ?? []).some(
    ({ decision, state }) => decisions.includes(decision) && state?.code === 'EFFECTIVE',
  );
}

interface ProducerAnswer {
  readonly lot: { readonly order: { readonly id: EntityId } | null } | null;
}

interface InterlocksAnswer {
  readonly interlocks: { readonly nodes: readonly { readonly kind: string; readonly cause: string }[] };
}

/**
 * The holds on a lot, its material or the order that made it, but for one. Interlocks know of a hold before the QMS and the ERP
 * do.
 */
export async function otherHolds(
  graph: RuleGraph,
  lotId: EntityId,
  holdId: EntityId | null,
): Promise<readonly string[]> {
  const { lot } = await graph.read<ProducerAnswer>('query Producer($id: ID!) { lot(id: $id) { order { id } } }', {
    id: lotId,
  });
  const document = 'query Interlocks($ids: [ID!]) { interlocks(filter: { entities: $ids }) { nodes { kind cause } } }';
  const ids = [lotId, materialOf(lotId), lot?.order?.id ?? null].filter((id) => id !== null);
  const { interlocks } = await graph.read<InterlocksAnswer>(document, { ids });
  const causes = interlocks.nodes.filter(({ kind, cause }) => kind === 'QUALITY_HOLD' && cause !== holdId);
  return [...new Set(causes.map(({ cause }) => cause))];
}
