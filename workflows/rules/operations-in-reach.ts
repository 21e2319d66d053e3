import type { EntityId } from '../../journal/entity-ref.ts';
import { type EntityType, parseEntityId } from '../../journal/entity-ref.ts';
import type { RuleGraph } from '../rule.ts';

export interface ReachedOperation {
  readonly id: string;
  readonly executionState: { readonly code: string } | null;
  readonly heldBy: readonly string[] | null;
}

type Answer = Readonly<Record<string, unknown>>;

const operation = 'id executionState { code } heldBy';

/** How the operations of each kind of thing are asked for, and where they are in the answer. */
const lookups: Partial<Record<EntityType, { readonly document: string; find(answer: Answer): unknown }>> = {
  operation: {
    document: `query Reach($id: ID!) { operation(id: $id) { ${operation} } }`,
    find: ({ operation: found }) => (found ? [found] : []),
  },
  lot: {
    document: `query Reach($id: ID!) { lot(id: $id) { operations { ${operation} } } }`,
    find: ({ lot }) => (lot as OfOperations | null)?.operations,
  },
  'production-order': {
    document: `query Reach($id: ID!) { productionOrder(id: $id) { operations { ${operation} } } }`,
    find: ({ productionOrder }) => (productionOrder as OfOperations | null)?.operations,
  },
  'work-center': {
    document: `query Reach($id: ID!) { workCenter(id: $id) { operations { ${operation} } } }`,
    find: ({ workCenter }) => (workCenter as OfOperations | null)?.operations,
  },
  asset: {
    document: `query Reach($id: ID!) { asset(id: $id) { workCenters { operations { ${operation} } } } }`,
    find: ({ asset }) =>
      ((asset as { readonly workCenters: readonly OfOperations[] | null } | null)?.workCenters ?? []).flatMap(
        ({ operations }) => operations ?? [],
      ),
  },
};

interface OfOperations {
  readonly operations: readonly ReachedOperation[] | null;
}

/** Every operation in the MES that works on, or with, any of `ids`, once. A delivery and a material have none of their own. */
export async function operationsInReach(
  graph: RuleGraph,
  ids: readonly EntityId[],
): Promise<readonly ReachedOperation[]> {
  const found = new Map<string, ReachedOperation>();
  for (const id of ids) {
    const lookup = lookups[parseEntityId(id)?.type ?? 'plant'];
    if (!lookup) continue;
    const answer = await graph.read<Answer>(lookup.document, { id });
    for (const one of (lookup.find(answer) ?? []) as readonly ReachedOperation[]) found.set(one.id, one);
  }
  return [...found.values()];
}

/** Running, or held already: a second cause has to be added, or the operation would go on when the first one ends. */
export function mayBeHeld({ executionState }: ReachedOperation): boolean {
  const state = executionState?.code ?? '';
  return state === 'RUNNING' || state === 'HELD';
}
