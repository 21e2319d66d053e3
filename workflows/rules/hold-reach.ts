import type { EntityId } from '../../journal/entity-ref.ts';
import { type EntityType, parseEntityId } from '../../journal/entity-ref.ts';
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

export interface HeldDelivery {
  readonly id: string;
  readonly state: { readonly code: string };
  readonly blocks: readonly { readonly cause: string }[];
}

export interface HeldStock {
  readonly lotIds: readonly string[];
  readonly deliveries: readonly HeldDelivery[];
}

const delivery = 'id state { code } blocks { cause }';

/** One page is the most that a list inside an entity gives. */
const pageSize = 200;

/** Every row of a list of a lot: what is held must be held in all places, however many there are. */
export async function readAllOf<Row extends { readonly id: string }>(
  graph: RuleGraph,
  lotId: string,
  list: 'deliveries' | 'operations',
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

/**
 * The lots and deliveries in the ERP that a hold reaches: lots that it stands on, the lots of orders that it stands on, and
 * every delivery that they are allocated to. A hold on a material, a work center or an asset changes no stock in the ERP:
 * which of that stock is good again afterwards, nobody could tell. Its interlock refuses all the same.
 */
export async function stockInReach(graph: RuleGraph, ids: readonly EntityId[]): Promise<HeldStock> {
  const lotIds = new Set<string>(ofType(ids, 'lot'));
  const deliveries = new Map<string, HeldDelivery>();
  for (const id of ofType(ids, 'production-order')) {
    const { productionOrder } = await graph.read<{
      readonly productionOrder: { readonly lot: { readonly id: string } | null } | null;
    }>('query LotOfOrder($id: ID!) { productionOrder(id: $id) { lot { id } } }', { id });
    if (productionOrder?.lot) lotIds.add(productionOrder.lot.id);
  }
  for (const id of lotIds) {
    for (const one of await readAllOf<HeldDelivery>(graph, id, 'deliveries', delivery)) deliveries.set(one.id, one);
  }
  for (const id of ofType(ids, 'delivery')) {
    const found = await graph.read<{ readonly delivery: HeldDelivery | null }>(
      `query Delivery($id: ID!) { delivery(id: $id) { ${delivery} } }`,
      { id },
    );
    if (found.delivery) deliveries.set(id, found.delivery);
  }
  return { lotIds: [...lotIds], deliveries: [...deliveries.values()] };
}
