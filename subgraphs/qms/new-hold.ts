import type { Principal } from '../../auth/principal.ts';
import type { HoldContext, HoldKey, HoldRow, QmsPort, Target } from '../../connectors/qms/port.ts';
import { type EntityId, type EntityRef, type EntityType, parseEntityId, refOf } from '../../journal/entity-ref.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Restriction } from '../../journal/restriction.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { isWithinBoundaries } from '../reading/visibility.ts';
import { orNull } from '../transitions/or-null.ts';
import { findStandingHold } from './announced-hold.ts';
import { restrictionsOfHolds } from './inspection-transitions.ts';
import { holdIdOf, lotKey, targetIdOf } from './keys.ts';
import { mayForbid } from './what-a-hold-forbids.ts';
import type { Place, WhereItIs } from './where-it-is.ts';

export interface PlaceHoldInput {
  readonly scope: string;
  readonly restrictions?: readonly Restriction[] | null;
  readonly affected?: readonly string[] | null;
  readonly holdNo?: string | null;
  readonly inspectionLotId?: string | null;
  readonly lotId?: string | null;
  readonly orderId?: string | null;
  readonly operationId?: string | null;
}

/** A hold that does not have to exist anywhere yet: everything that placing it needs, so that no system has to answer. */
export interface NewHold {
  readonly plantCode: string;
  readonly holdNo: string;
  readonly scope: Target;
  readonly affected: readonly Target[];
  readonly restrictions: readonly Restriction[];
  /** Restrictions that were asked for, and that nothing the hold stands on is ever asked about. */
  readonly idle: readonly Restriction[];
  /** The assets of which nobody can tell now where they stand. */
  readonly nowhere: readonly EntityId[];
  readonly context: HoldContext;
  /** The hold that has the number already, as the QMS or the journal says. */
  readonly standing: Standing | null;
  /** Whether the number belongs to a hold that Andon places itself when an inspection fails. */
  readonly isReserved: boolean;
  /** Affected ids that are none, not of this plant, or of nothing that the caller may know of. */
  readonly strange: readonly string[];
  /** The fields that name what the hold cannot be about, and what they must name. */
  readonly wrongReferences: readonly WrongReference[];
}

interface WrongReference {
  readonly field: string;
  readonly given: string;
  /** What it must name. */
  readonly expected: EntityType;
}

/** What else a hold may be about, by the field that names it. */
const references = {
  lotId: 'lot',
  orderId: 'production-order',
  operationId: 'operation',
  inspectionLotId: 'inspection-lot',
} as const satisfies Partial<Record<keyof PlaceHoldInput, EntityType>>;

export type Standing = Pick<HoldRow, 'state' | 'version' | 'scope' | 'affected' | 'restrictions'>;

/** What a hold can stand on. */
const holdable: readonly EntityType[] = [
  'lot',
  'production-order',
  'operation',
  'work-center',
  'asset',
  'material',
  'delivery',
];

export interface NewHoldSources extends Pick<Runtime, 'ids' | 'timers'> {
  readonly port: QmsPort;
  readonly whereItIs: WhereItIs;
  readonly journal: Journal;
}

/** Who asks, and what there is to ask. */
interface Asking extends NewHoldSources {
  readonly principal: Principal;
  readonly signal: AbortSignal;
}

/** @returns null where the scope cannot be held, or is nothing that the caller knows of */
export async function loadNewHold(input: PlaceHoldInput, asking: Asking): Promise<NewHold | null> {
  const { whereItIs, ids, principal, signal } = asking;
  const scope = parseEntityId(input.scope);
  if (!scope || !holdable.includes(scope.type)) return null;
  const holdNo = input.holdNo?.trim() || `QH-${ids.next().slice(-10)}`;
  const number = { plantCode: scope.plantCode, holdNo };
  const isThere = createIsThere(asking, scope.plantCode);
  const [place, affected, wrongReferences, standing, isReserved] = await Promise.all([
    whereItIs(scope, principal, signal),
    sortAffected(input.affected ?? [], isThere),
    findWrongReferences(input, isThere),
    input.holdNo ? standingHold(number, asking) : null,
    input.holdNo && principal.kind !== 'WORKFLOW' ? isOfInspection(number, asking) : false,
  ]);
  if (place === null) return null;
  const { plantCode, type, key } = scope;
  const whereAssetIs = async (asset: EntityRef) =>
    asset.key[0] === key[0] && type === 'asset' ? place : whereItIs(asset, principal, signal);
  const held = await reachWorkCenters({ plantCode, targets: [{ type, key }, ...affected.affected] }, whereAssetIs);
  const types = held.targets.map((target) => target.type);
  return {
    plantCode,
    holdNo,
    scope: { type, key },
    affected: held.targets.slice(1),
    nowhere: held.nowhere,
    strange: affected.strange,
    wrongReferences,
    restrictions: input.restrictions ?? restrictionsOfHolds.filter((one) => mayForbid(one, types)),
    idle: (input.restrictions ?? []).filter((one) => !mayForbid(one, types)),
    context: await contextOf(scope, place, input, asking),
    standing,
    isReserved,
  };
}

/** What belongs to a partner or to none. A hold on anything else belongs to whom the order belongs to that it is about. */
const partnered: readonly EntityType[] = ['lot', 'production-order', 'operation', 'delivery'];

/** What the hold is about, from what was said and from where the scope is. */
async function contextOf(
  scope: EntityRef,
  place: Place,
  input: PlaceHoldInput,
  { whereItIs, principal, signal }: Asking,
): Promise<HoldContext> {
  const operation = scope.type === 'operation' ? scope : refOf(input.operationId, 'operation');
  const order = scope.type === 'production-order' ? scope : refOf(input.orderId, 'production-order');
  const lot = scope.type === 'lot' ? lotKey(input.scope) : lotKey(input.lotId);
  const material = scope.type === 'material' ? scope : null;
  const orderNo = order?.key[0] ?? operation?.key[0] ?? place.orderNo;
  // A scope without a line of its own, such as a material, is where the order is that the hold is about.
  const around = place.lineCode === null && order && order !== scope ? await whereItIs(order, principal, signal) : null;
  return {
    lot: lot ? { materialCode: lot.materialCode, lotNumber: lot.lotNumber } : null,
    materialCode: material?.key[0] ?? lot?.materialCode ?? place.materialCode,
    orderNo: orderNo ?? null,
    operationNo: operation?.key[1] ?? null,
    inspectionLotNo: refOf(input.inspectionLotId, 'inspection-lot')?.key[0] ?? null,
    lineCode: place.lineCode ?? around?.lineCode ?? null,
    partner: partnered.includes(scope.type) ? place.partner : (around?.partner ?? null),
  };
}

/** @returns false only when it is certain that the caller knows of no such thing in the plant of the hold */
type IsThere = (ref: EntityRef) => Promise<boolean>;

/** A system that is down keeps no hold from being placed: what nobody can be asked about counts as there. */
function createIsThere({ port, whereItIs, timers, principal, signal }: Asking, plantCode: string): IsThere {
  return async (ref) => {
    if (ref.plantCode !== plantCode) return false;
    // What a workflow names has been named to it by the systems.
    if (principal.kind === 'WORKFLOW') return true;
    if (ref.type !== 'inspection-lot') return (await whereItIs(ref, principal, signal)) !== null;
    const found = await orNull(port.inspectionLotsByKeys([{ plantCode, inspectionLotNo: ref.key[0] ?? '' }]), timers);
    return found === null || found.some((row) => isWithinBoundaries(principal, row));
  };
}

async function sortAffected(
  affected: readonly string[],
  isThere: IsThere,
): Promise<Pick<NewHold, 'affected' | 'strange'>> {
  const found = await Promise.all(
    affected.map(async (given) => {
      const ref = parseEntityId(given);
      return { given, target: ref && holdable.includes(ref.type) && (await isThere(ref)) ? ref : null };
    }),
  );
  return {
    affected: found.flatMap(({ target }) => (target ? [{ type: target.type, key: target.key }] : [])),
    strange: found.flatMap(({ given, target }) => (target ? [] : [given])),
  };
}

interface Held {
  readonly plantCode: string;
  readonly targets: readonly Target[];
}

/** Nothing is started or planned on an asset, but on its work centers: a hold on an asset stands on them, too. */
async function reachWorkCenters(
  { plantCode, targets }: Held,
  whereAssetIs: (asset: EntityRef) => Promise<Place | null>,
): Promise<{ readonly targets: readonly Target[]; readonly nowhere: readonly EntityId[] }> {
  const assets = targets.filter(({ type }) => type === 'asset').map((asset) => ({ plantCode, ...asset }) as EntityRef);
  const places = await Promise.all(assets.map(whereAssetIs));
  const reached = places.flatMap((place) => place?.workCenters ?? []);
  const idOf = (target: Target) => targetIdOf(plantCode, target);
  const known = new Set(targets.map(idOf));
  const added = new Map(reached.map(({ type, key }) => [idOf({ type, key }), { type, key }]));
  for (const id of known) added.delete(id);
  const isSaid = targets.some(({ type }) => type === 'work-center');
  const unknown = assets.filter((_, index) => !isSaid && !places[index]?.workCenters);
  return { targets: [...targets, ...added.values()], nowhere: unknown.map(idOf) };
}

async function findWrongReferences(input: PlaceHoldInput, isThere: IsThere): Promise<readonly WrongReference[]> {
  const fields = Object.keys(references) as readonly (keyof typeof references)[];
  const found = await Promise.all(
    fields.map(async (field) => {
      const given = input[field];
      if (!given) return [];
      const expected = references[field];
      const ref = parseEntityId(given);
      return ref?.type === expected && (await isThere(ref)) ? [] : [{ field, given, expected }];
    }),
  );
  return found.flat();
}

/**
 * A QMS that is down, or hangs, does not keep a hold from being placed: then the journal says what it has announced, also
 * of holds that are still on their way to the QMS. The QMS refuses a number that is taken by itself later.
 */
async function standingHold(key: HoldKey, { port, journal, timers }: NewHoldSources): Promise<Standing | null> {
  const [known] = (await orNull(port.holdsByKeys([key]), timers)) ?? [];
  const hold = known ?? (await findStandingHold(journal, holdIdOf(key)));
  if (!hold) return null;
  const { state, version, scope, affected, restrictions } = hold;
  return { state, version, scope, affected, restrictions };
}

/**
 * `QH-<inspection lot>-<characteristic>-<sample>` is the number of the hold that a failed result leads to. Its interlock
 * stands before that hold does, so nobody else may take the number: releasing theirs would free what has failed.
 */
async function isOfInspection({ plantCode, holdNo }: HoldKey, { port, timers }: NewHoldSources): Promise<boolean> {
  const [prefix, ...parts] = holdNo.split('-');
  if (prefix?.toUpperCase() !== 'QH' || parts.length < 2) return false;
  if (parts[0]?.toUpperCase() === 'IL') return true;
  const lots = parts.slice(1).map((_, end) => ({ plantCode, inspectionLotNo: parts.slice(0, end + 1).join('-') }));
  const known = await orNull(port.inspectionLotsByKeys(lots), timers);
  return known !== null && known.length > 0;
}
