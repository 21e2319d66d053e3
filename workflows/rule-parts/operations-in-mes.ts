import { type EntityId, entityId, parseEntityId, refOf } from '../../journal/entity-ref.ts';
import type { RuleGraph } from '../rule.ts';
import { materialOf, ofType } from './hold-reach.ts';
import { readAll } from './read-all.ts';

interface MesOperation {
  readonly id: EntityId;
  readonly heldBy: readonly string[] | null;
  readonly lot: { readonly id: string } | null;
}

/** What was begun and is not over. What is held already gets one cause more, or it would go on when the first one ends. */
export const begunStates: readonly string[] = ['RUNNING', 'HELD', 'SUSPENDED'];
const heldStates: readonly string[] = ['HELD', 'NOT_ALLOWED_TO_START'];

interface Filter {
  readonly plant: string;
  readonly workCenter?: string;
  readonly states: readonly string[];
}

/** Only fields of the MES: it is asked whether or not another system answers. */
function readOperations(graph: RuleGraph, filter: Filter): Promise<readonly MesOperation[]> {
  return readAll<MesOperation>(graph, 'operations', { ...filter }, 'id heldBy lot { id }');
}

/** Begun operations that are one of `ids`, belong to an order, make a lot or a material, or run on a work center of them. */
export async function begunOperationsOf(graph: RuleGraph, ids: readonly EntityId[]): Promise<readonly EntityId[]> {
  const [plant] = ids.map((id) => parseEntityId(id)?.plantCode);
  if (plant === undefined) return [];
  const wanted = new Set<string>(ids);
  const found = new Set<EntityId>();
  if (ofType(ids, 'operation', 'production-order', 'lot', 'material').length > 0) {
    for (const { id, lot } of await readOperations(graph, { plant, states: begunStates })) {
      const about = [id, orderOf(id), ...(lot ? [lot.id, materialOf(lot.id)] : [])];
      if (about.some((one) => one !== null && wanted.has(one))) found.add(id);
    }
  }
  for (const workCenter of ofType(ids, 'work-center').flatMap((id) => parseEntityId(id)?.key[0] ?? [])) {
    for (const { id } of await readOperations(graph, { plant, workCenter, states: begunStates })) found.add(id);
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
  const operations = await readOperations(graph, { plant, states: heldStates });
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
