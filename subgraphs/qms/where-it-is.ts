import type { Principal } from '../../auth/principal.ts';
import type { QmsPort } from '../../connectors/qms/port.ts';
import { type EntityId, type EntityRef, entityId, parseEntityId } from '../../journal/entity-ref.ts';
import type { Timers } from '../../runtime/timers.ts';
import type { GraphReader } from '../graph-reader.ts';
import { orNull } from '../transitions/or-null.ts';
import { lotKey } from './keys.ts';

/** Where something of the plant is and whose it is, as far as anybody could be asked. */
export interface Place {
  readonly lineCode: string | null;
  readonly partner: string | null;
  readonly orderNo: string | null;
  readonly lot: { readonly materialCode: string; readonly lotNumber: string } | null;
  readonly materialCode: string | null;
  /** The work centers that an asset is assigned to; null: nobody could tell, or it is no asset. */
  readonly workCenters: readonly EntityRef[] | null;
}

/** @returns null when what was asked certainly does not exist, or the principal may not see it */
export type WhereItIs = (ref: EntityRef, principal: Principal, signal: AbortSignal) => Promise<Place | null>;

const nowhere: Place = {
  lineCode: null,
  partner: null,
  orderNo: null,
  lot: null,
  materialCode: null,
  workCenters: null,
};

/**
 * Asks the QMS's own rows first, then the rest of the graph. Neither has to answer: a restriction is never refused, nor
 * kept waiting, because a system is down. What stays unknown is null: then only the plant's own people see it.
 */
export function createWhereItIs(port: QmsPort, graph: GraphReader, timers: Timers): WhereItIs {
  return async (ref, principal, signal) => {
    const own = await orNull(askQms(port, ref), timers);
    if (own?.lineCode) return own;
    const asked = await orNull(askGraph(graph, ref, principal, signal), timers);
    if (asked === 'MISSING') return own;
    return { ...(own ?? nowhere), ...known(asked) };
  };
}

async function askQms(port: QmsPort, { plantCode, type, key }: EntityRef): Promise<Place | null> {
  const [first, second] = key;
  if (type === 'lot' && first && second) {
    const [lot] = await port.lotQualitiesByKeys([{ plantCode, materialCode: first, lotNumber: second }]);
    return lot ? { ...nowhere, ...lot, lot: { materialCode: lot.materialCode, lotNumber: lot.lotNumber } } : null;
  }
  if ((type === 'production-order' || type === 'operation') && first) {
    const [order] = await port.orderQualitiesByKeys([{ plantCode, orderNo: first }]);
    const { materialCode = null, lotNumber = null } = order ?? {};
    return order ? { ...nowhere, ...order, lot: materialCode && lotNumber ? { materialCode, lotNumber } : null } : null;
  }
  return null;
}

interface Reference {
  readonly id: string;
}

/** What the queries below bring; anything may be missing. */
interface Found {
  readonly partner?: string | null;
  readonly line?: Reference | null;
  readonly lot?: Reference | null;
  readonly material?: Reference | null;
  readonly order?: (Reference & { readonly line?: Reference | null }) | null;
  readonly workCenters?: readonly (Reference & { readonly line?: Reference | null })[] | null;
}

const order = 'productionOrder(id: $id) { id partner line { id } lot { id } material { id } }';

const fields: Partial<Record<EntityRef['type'], string>> = {
  lot: 'lot(id: $id) { id partner material { id } order { id line { id } } }',
  'production-order': order,
  operation: order,
  'work-center': 'workCenter(id: $id) { id line { id } }',
  asset: 'asset(id: $id) { id workCenters { id line { id } } }',
  material: 'material(id: $id) { id }',
  delivery: 'delivery(id: $id) { id partner }',
};

/** @returns what was found; MISSING when the answer is certain that there is no such thing; null when nobody knows */
async function askGraph(
  graph: GraphReader,
  ref: EntityRef,
  principal: Principal,
  signal: AbortSignal,
): Promise<Partial<Place> | 'MISSING' | null> {
  const asked = fields[ref.type];
  if (!asked) return null;
  const query = `query WhereItIs($id: ID!) { found: ${asked} }`;
  const { data, errors } = await graph.query(query, { id: askedId(ref) }, principal, signal);
  if (data === null || errors.length > 0) return data?.['found'] ? placeOf(data['found'] as Found) : null;
  const found = data['found'] as Found | null | undefined;
  if (found === undefined) return null;
  return found === null ? 'MISSING' : placeOf(found);
}

/** An operation that the MES does not know yet has an order all the same. */
function askedId({ plantCode, type, key }: EntityRef): EntityId {
  return type === 'operation'
    ? entityId(plantCode, 'production-order', key[0] ?? '')
    : entityId(plantCode, type, ...key);
}

function placeOf({ partner, line, lot, material, order: producer, workCenters }: Found): Partial<Place> {
  const lines = [line, producer?.line, ...(workCenters ?? []).map((one) => one.line)].flatMap((one) => keyOf(one?.id));
  const held = lotKey(lot?.id);
  return {
    lineCode: lines[0] ?? null,
    partner: partner ?? null,
    orderNo: keyOf(producer?.id)[0] ?? null,
    lot: held && { materialCode: held.materialCode, lotNumber: held.lotNumber },
    materialCode: keyOf(material?.id)[0] ?? null,
    workCenters: workCenters?.flatMap(({ id }) => parseEntityId(id) ?? []) ?? null,
  };
}

function keyOf(id: string | null | undefined): readonly string[] {
  return (id ? parseEntityId(id)?.key.slice(0, 1) : null) ?? [];
}

/** Only what is said: a null from the graph does not take away what the QMS knows. */
function known(place: Partial<Place> | null): Partial<Place> {
  return Object.fromEntries(Object.entries(place ?? {}).filter(([, value]) => value !== null));
}
