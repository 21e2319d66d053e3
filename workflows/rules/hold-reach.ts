import { type EntityId, type EntityType, entityId, parseEntityId, refOf } from '../../journal/entity-ref.ts';
import type { Restriction } from '../../journal/restriction.ts';
import type { RuleGraph } from '../rule.ts';

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

/** One page is the most that a list gives. */
const pageSize = 200;

/** Every row of a list of a lot: what is held must be held in all places, however many there are. */
export async function readAllOf<Row extends { readonly id: string }>(
  graph: RuleGraph,
  lotId: string,
  list: 'deliveries' | 'operations' | 'inspectionLots',
  fields: string,
): Promise<readonly Row[]> {
  const document = `query RowsOfLot($id: ID!, $after: ID) {
    lot(id: $id) { ${list}(first: ${pageSize}, after: $after) { ${fields} } }
  }`;
  const found: Row[] = [];
  for (let after: string | null = null; ; ) {
    const answer: { readonly lot: Readonly<Partial<Record<typeof list, readonly Row[] | null>>> | null } =
      await graph.read(document, { id: lotId, after });
    const rows = answer.lot?.[list] ?? [];
    found.push(...rows);
    const last = rows.at(-1);
    if (!last || rows.length < pageSize) return found;
    after = last.id;
  }
}

const filterTypes = { lots: 'LotFilter', deliveries: 'DeliveryFilter', workCenters: 'WorkCenterFilter' } as const;
type ErpList = keyof typeof filterTypes;

interface IdPage {
  readonly nodes: readonly { readonly id: EntityId }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** The ids of a whole list of the ERP. */
async function listIds(
  graph: RuleGraph,
  list: ErpList,
  filter: Readonly<Record<string, unknown>>,
): Promise<readonly EntityId[]> {
  const document = `query InErp($filter: ${filterTypes[list]}, $after: String) {
    ${list}(filter: $filter, first: ${pageSize}, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
  }`;
  const found: EntityId[] = [];
  for (let after: string | null = null; ; ) {
    const answer: Readonly<Record<string, IdPage>> = await graph.read(document, { filter, after });
    const page: IdPage | undefined = answer[list];
    found.push(...(page?.nodes ?? []).map(({ id }) => id));
    if (!page?.pageInfo.hasNextPage) return found;
    after = page.pageInfo.endCursor;
  }
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

/** Lots whose whole stock a hold is about: those that it stands on, and those that orders make that it stands on. */
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

/** What changes the stock of a lot for its inspection, and for the end of a hold, comes one after the other. */
export function lotLane(lotId: EntityId): string {
  return `lot-stock/${lotId}`;
}

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
