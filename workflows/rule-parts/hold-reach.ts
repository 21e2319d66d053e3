import { type EntityId, type EntityType, entityId, parseEntityId, refOf } from '../../journal/entity-ref.ts';
import type { Restriction } from '../../journal/restriction.ts';
import type { RuleGraph } from '../rule.ts';
import { readAll, readAllOf } from './read-all.ts';

/** What a hold stands on: its scope first, then what it affects besides. */
export function standsOn(hold: {
  readonly scope: EntityId;
  readonly affected: readonly EntityId[];
}): readonly EntityId[] {
  return [...new Set([hold.scope, ...hold.affected])];
}

export function ofType(ids: readonly EntityId[], ...types: readonly EntityType[]): readonly EntityId[] {
  return ids.filter((id) => types.some((type) => parseEntityId(id)?.type === type));
}

/** The material of a lot, both by their ids. */
export function materialOf(lotId: string): EntityId | null {
  const ref = refOf(lotId, 'lot');
  return ref && entityId(ref.plantCode, 'material', ref.key[0]);
}

/** The ids of a whole list of the ERP. */
async function listIds(
  graph: RuleGraph,
  list: 'lots' | 'deliveries' | 'workCenters',
  filter: Readonly<Record<string, unknown>>,
): Promise<readonly EntityId[]> {
  const rows = await readAll<{ readonly id: EntityId }>(graph, list, filter, 'id');
  return rows.map(({ id }) => id);
}

/** Types of stock that a hold on a material is about; what is on its way, or comes back, is not in the plant. */
const inThePlant = ['UNRESTRICTED', 'QUALITY_INSPECTION', 'BLOCKED', 'RESTRICTED'];

/** The lots of the materials among `ids` that there is stock of. */
export async function stockedLotsOf(graph: RuleGraph, ids: readonly EntityId[]): Promise<readonly EntityId[]> {
  const found: EntityId[] = [];
  for (const id of ofType(ids, 'material')) {
    const ref = parseEntityId(id);
    const filter = { plant: ref?.plantCode, material: ref?.key[0], stockTypes: inThePlant };
    found.push(...(await listIds(graph, 'lots', filter)));
  }
  return found;
}

/** The work centers among `ids`, and those that the assets among them are assigned to; the CMMS knows which. */
export async function workCentersIn(graph: RuleGraph, ids: readonly EntityId[]): Promise<readonly EntityId[]> {
  const found = new Set<EntityId>(ofType(ids, 'work-center'));
  for (const id of ofType(ids, 'asset')) {
    const { asset } = await graph.read<{
      readonly asset: { readonly workCenters: readonly { readonly id: EntityId }[] | null } | null;
    }>('query WorkCenters($id: ID!) { asset(id: $id) { workCenters { id } } }', { id });
    for (const one of asset?.workCenters ?? []) found.add(one.id);
  }
  return [...found];
}

/** The lots that a hold stands on, and those that orders make that it stands on. */
export async function lotsIn(graph: RuleGraph, ids: readonly EntityId[]): Promise<readonly EntityId[]> {
  const found = new Set<EntityId>(ofType(ids, 'lot'));
  for (const id of ofType(ids, 'production-order')) {
    const { productionOrder } = await graph.read<{
      readonly productionOrder: { readonly lot: { readonly id: EntityId } | null } | null;
    }>('query LotOfOrder($id: ID!) { productionOrder(id: $id) { lot { id } } }', { id });
    if (productionOrder?.lot) found.add(productionOrder.lot.id);
  }
  return [...found];
}

interface ReachedDelivery {
  readonly id: EntityId;
  readonly state: { readonly code: string };
}

const delivery = 'id state { code }';

/** The deliveries among `ids`, and those that `lots` are allocated to, but for what has left already. */
export async function deliveriesIn(
  graph: RuleGraph,
  ids: readonly EntityId[],
  lots: readonly EntityId[],
): Promise<readonly EntityId[]> {
  const found: ReachedDelivery[] = [];
  for (const id of lots) found.push(...(await readAllOf<ReachedDelivery>(graph, id, 'deliveries', delivery)));
  for (const id of ofType(ids, 'delivery')) {
    const document = `query Delivery($id: ID!) { delivery(id: $id) { ${delivery} } }`;
    const answer = await graph.read<{ readonly delivery: ReachedDelivery | null }>(document, { id });
    if (answer.delivery) found.push(answer.delivery);
  }
  const open = found.filter(({ state }) => state.code !== 'SHIPPED');
  return [...new Set(open.map(({ id }) => id))];
}

/** What the ERP says that a cause restricts in it. */
export interface HeldInErp {
  readonly lots: readonly EntityId[];
  readonly deliveries: readonly EntityId[];
  readonly workCenters: readonly EntityId[];
}

export async function heldInErp(graph: RuleGraph, plant: string, heldBy: EntityId): Promise<HeldInErp> {
  const [lots = [], deliveries = [], workCenters = []] = await Promise.all(
    (['lots', 'deliveries', 'workCenters'] as const).map((list) => listIds(graph, list, { plant, heldBy })),
  );
  return { lots, deliveries, workCenters };
}

/** Whether a hold forbids one of these. */
export function forbids(
  { restrictions }: { readonly restrictions: readonly Restriction[] },
  ...any: readonly Restriction[]
): boolean {
  return any.some((one) => restrictions.includes(one));
}
