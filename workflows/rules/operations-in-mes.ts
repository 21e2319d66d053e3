import { type EntityId, entityId, parseEntityId, refOf } from '../../journal/entity-ref.ts';
import type { RuleGraph } from '../rule.ts';
import { materialOf, ofType } from './hold-reach.ts';

interface MesOperation {
  readonly id: EntityId;
  readonly heldBy: readonly string[] | null;
  readonly lot: { readonly id: string } | null;
}

interface Answer {
  readonly operations: {
    readonly nodes: readonly MesOperation[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

/** Only fields of the MES: it is asked whether or not another system answers. */
const document = (states: string) => `query Operations($plant: String!, $workCenter: String, $after: String) {
  operations(filter: { plant: $plant, workCenter: $workCenter, states: [${states}] }, first: 200, after: $after) {
    nodes { id heldBy lot { id } } pageInfo { hasNextPage endCursor }
  }
}`;
/** What was begun and is not over. What is held already gets one cause more, or it would go on when the first one ends. */
const begun = document('RUNNING, HELD, SUSPENDED');
const held = document('HELD, NOT_ALLOWED_TO_START');

async function readAll(
  graph: RuleGraph,
  query: string,
  place: { readonly plant: string; readonly workCenter?: string },
): Promise<readonly MesOperation[]> {
  const found: MesOperation[] = [];
  let after: string | null = null;
  for (;;) {
    const { operations }: Answer = await graph.read<Answer>(query, { ...place, after });
    found.push(...operations.nodes);
    if (!operations.pageInfo.hasNextPage) return found;
    after = operations.pageInfo.endCursor;
  }
}

/** Begun operations that are one of `ids`, belong to an order, make a lot or a material, or run on a work center of them. */
export async function begunOperationsOf(graph: RuleGraph, ids: readonly EntityId[]): Promise<readonly EntityId[]> {
  const [plant] = ids.map((id) => parseEntityId(id)?.plantCode);
  if (plant === undefined) return [];
  const wanted = new Set<string>(ids);
  const found = new Set<EntityId>();
  if (ofType(ids, 'operation', 'production-order', 'lot', 'material').length > 0) {
    for (const { id, lot } of await readAll(graph, begun, { plant })) {
      const about = [id, orderOf(id), ...(lot ? [lot.id, materialOf(lot.id)] : [])];
      if (about.some((one) => one !== null && wanted.has(one))) found.add(id);
    }
  }
  for (const workCenter of ofType(ids, 'work-center').flatMap((id) => parseEntityId(id)?.key[0] ?? [])) {
    for (const { id } of await readAll(graph, begun, { plant, workCenter })) found.add(id);
  }
  return [...found];
}

function orderOf(operationId: EntityId): string {
  const ref = refOf(operationId, 'operation');
  return ref ? entityId(ref.plantCode, 'production-order', ref.key[0]) : '';
}

/** What the MES says that a cause holds in it. */
export async function heldOperations(
  graph: RuleGraph,
  plant: string,
  causeRef: EntityId,
): Promise<readonly EntityId[]> {
  const operations = await readAll(graph, held, { plant });
  return operations.filter(({ heldBy }) => heldBy?.includes(causeRef)).map(({ id }) => id);
}

/** Takes the cause from every operation that it holds. One that something else holds too stays held. */
export async function unholdEverything(graph: RuleGraph, plant: string, causeRef: EntityId): Promise<void> {
  await graph.each(await heldOperations(graph, plant, causeRef), (operationId) =>
    graph.transition('unholdOperation', { operationId, causeRef }, { step: `unhold ${operationId}` }),
  );
}

/** @param reason for whoever stands at the machine */
export async function holdAll(
  graph: RuleGraph,
  operations: readonly EntityId[],
  { causeRef, reason }: { readonly causeRef: EntityId; readonly reason: string },
): Promise<void> {
  await graph.each(operations, (operationId) =>
    graph.transition('holdOperation', { operationId, causeRef }, { step: `hold ${operationId}`, reason }),
  );
}
