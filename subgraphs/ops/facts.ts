import type { Principal } from '../../auth/principal.ts';
import { type EntityId, entityId, plantId, refOf } from '../../journal/entity-ref.ts';
import type { Interlock } from '../../journal/interlock.ts';
import type { Journal } from '../../journal/journal.ts';
import type { GraphError, GraphReader } from '../graph-reader.ts';
import type { DeliveryFacts, LotFacts } from './eligibility.ts';

/*
 * Facts of other systems are asked for through the graph, as the caller, and not by `@requires`, for two reasons. A
 * representation carries values but no errors: an `expiresOn` that is null because the lot keeps for ever, and one that is
 * null because the ERP did not answer, would look the same, and only one of them may be shipped. And Andon keeps no lots and
 * no deliveries: whether a partner may know of one is for the ERP to say, which asking it as the caller does.
 */

export interface FactSources {
  readonly journal: Journal;
  readonly graph: GraphReader;
  readonly principal: Principal;
  readonly signal: AbortSignal;
}

const lotFields = `fragment LotFacts on Lot {
  id expiresOn stock { stockType } order { id } qualityState inspectionLots(first: 200) { id state { code } missing }
}`;
const deliveryFields = `fragment DeliveryFacts on Delivery {
  id deliveryNo state { code } blocks { cause since } items { lot { ...LotFacts } }
}`;

interface LotAnswer {
  readonly id: string;
  readonly expiresOn: string | null;
  readonly stock: readonly { readonly stockType: string | null }[] | null;
  readonly order: { readonly id: string } | null;
  readonly qualityState: string | null;
  readonly inspectionLots:
    | readonly {
        readonly id: string;
        readonly state: { readonly code: string } | null;
        readonly missing: readonly string[] | null;
      }[]
    | null;
}

interface DeliveryAnswer {
  readonly id: string;
  readonly deliveryNo: string | null;
  readonly state: { readonly code: string } | null;
  readonly blocks: readonly { readonly cause: string | null; readonly since: string }[] | null;
  readonly items: readonly { readonly lot: LotAnswer | null }[] | null;
}

/** What the graph said of one id; the errors are those below it. */
interface Found<Answer> {
  readonly id: EntityId;
  readonly answer: Answer | null;
  readonly errors: readonly GraphError[];
}

/** @returns the facts of the lots that exist and that the caller may see */
export async function lotFacts(ids: readonly string[], sources: FactSources): Promise<ReadonlyMap<string, LotFacts>> {
  const found = await askFor<LotAnswer>('lot', 'LotFacts', lotFields, ids, sources);
  const known = found.filter((one) => isKnown(one, sources.principal));
  const interlocks = await activeOn(
    known.flatMap(({ id, answer }) => standsUnder(id, answer)),
    sources.journal,
  );
  return new Map(known.map((one) => [one.id, toLotFacts(one, interlocks)]));
}

/** @returns the facts of the deliveries that exist and that the caller may see, with those of their lots */
export async function deliveryFacts(
  ids: readonly string[],
  sources: FactSources,
): Promise<ReadonlyMap<string, DeliveryFacts>> {
  const fields = `${deliveryFields} ${lotFields}`;
  const found = await askFor<DeliveryAnswer>('delivery', 'DeliveryFacts', fields, ids, sources);
  const known = found.filter((one) => isKnown(one, sources.principal));
  const lots = known.flatMap(({ answer }) => (answer?.items ?? []).flatMap(({ lot }) => lot ?? []));
  const interlocks = await activeOn(
    [...known.map(({ id }) => id), ...lots.flatMap((lot) => standsUnder(lot.id as EntityId, lot))],
    sources.journal,
  );
  return new Map(known.map((one) => [one.id, toDeliveryFacts(one, interlocks)]));
}

/** What does not exist is unknown. What cannot be asked about is known to the plant's own people, and to no partner. */
function isKnown({ answer, errors }: Found<unknown>, principal: Principal): boolean {
  return answer !== null || (errors.length > 0 && principal.partner === null);
}

/** A hold on a lot may stand on the lot itself, on its material, or on the order that made it; or on the whole plant. */
function standsUnder(id: EntityId, answer: Pick<LotAnswer, 'order'> | null): readonly EntityId[] {
  const ref = refOf(id, 'lot');
  const around = ref ? [entityId(ref.plantCode, 'material', ref.key[0]), plantId(ref.plantCode)] : [];
  return [id, ...around, ...(answer?.order ? [answer.order.id as EntityId] : [])];
}

type InterlocksById = ReadonlyMap<EntityId, readonly Interlock[]>;

async function activeOn(ids: readonly EntityId[], journal: Journal): Promise<InterlocksById> {
  const active = await journal.interlocks.active([...new Set(ids)]);
  const byId = new Map<EntityId, Interlock[]>();
  for (const interlock of active) byId.set(interlock.entityId, [...(byId.get(interlock.entityId) ?? []), interlock]);
  return byId;
}

function toLotFacts({ id, answer, errors }: Found<LotAnswer>, interlocks: InterlocksById): LotFacts {
  const { stock, expiresOn, inspectionLots, qualityState } = answer ?? {};
  // The order is a fact too: without it, a hold on the order would be overlooked.
  const erpFailed = !stock || errors.some((error) => failedAt(error, 'expiresOn', 'stock', 'order'));
  const qmsFailed = !answer || errors.some((error) => failedAt(error, 'qualityState', 'inspectionLots'));
  return {
    id,
    erp: erpFailed
      ? null
      : { stockTypes: stock.map(({ stockType }) => stockType ?? 'UNKNOWN'), expiresOn: expiresOn ?? null },
    qms: qmsFailed
      ? null
      : {
          qualityState: qualityState ?? null,
          inspectionLots: (inspectionLots ?? []).map((one) => ({
            id: one.id as EntityId,
            state: one.state?.code ?? 'UNKNOWN',
            missing: one.missing ?? [],
          })),
        },
    interlocks: standsUnder(id, answer).flatMap((one) => interlocks.get(one) ?? []),
  };
}

function toDeliveryFacts({ id, answer, errors }: Found<DeliveryAnswer>, interlocks: InterlocksById): DeliveryFacts {
  const own = interlocks.get(id) ?? [];
  if (!answer?.state || !answer.blocks || !answer.items) return { id, erp: null, interlocks: own };
  const lots = answer.items.map(({ lot }, index) => {
    const below = errors.filter(({ path }) => path?.[1] === 'items' && path[2] === index);
    if (lot === null) return null;
    return toLotFacts({ id: lot.id as EntityId, answer: lot, errors: below }, interlocks);
  });
  const { state, blocks, deliveryNo } = answer;
  return { id, erp: { deliveryNo: deliveryNo ?? id, state: state.code, blocks, lots }, interlocks: own };
}

/** An error without a path may be about anything, so it is about everything. */
function failedAt({ path }: GraphError, ...fields: readonly string[]): boolean {
  return path === undefined || path.length < 2 || path.some((part) => fields.includes(String(part)));
}

/** Few sizes, so few documents: the gateway plans each of them once. */
const batchSizes = [8, 4, 2, 1] as const;

async function askFor<Answer>(
  field: string,
  fragment: string,
  fields: string,
  ids: readonly string[],
  sources: FactSources,
): Promise<readonly Found<Answer>[]> {
  const batches = inBatches(ids);
  const ask = async (batch: readonly string[]): Promise<readonly Found<Answer>[]> => {
    const { data, errors } = await askBatch(field, fragment, fields, batch, sources);
    return batch.map((id, index) => ({
      id: id as EntityId,
      answer: (data?.[`a${index}`] as Answer | null | undefined) ?? null,
      errors: errors.filter(({ path }) => path === undefined || path.length === 0 || path[0] === `a${index}`),
    }));
  };
  return (await Promise.all(batches.map(ask))).flat();
}

function inBatches(ids: readonly string[]): readonly (readonly string[])[] {
  const size = batchSizes.find((one) => one <= ids.length);
  return size === undefined ? [] : [ids.slice(0, size), ...inBatches(ids.slice(size))];
}

async function askBatch(
  field: string,
  fragment: string,
  fields: string,
  batch: readonly string[],
  { graph, principal, signal }: FactSources,
): ReturnType<GraphReader['query']> {
  const variables = Object.fromEntries(batch.map((id, index) => [`i${index}`, id]));
  const declared = batch.map((_, index) => `$i${index}: ID!`).join(', ');
  const selected = batch.map((_, index) => `a${index}: ${field}(id: $i${index}) { ...${fragment} }`).join(' ');
  try {
    return await graph.query(`query Facts(${declared}) { ${selected} } ${fields}`, variables, principal, signal);
  } catch {
    return { data: null, errors: [{ message: 'The graph has not answered.' }] };
  }
}
