import type { Principal } from '../../auth/principal.ts';
import type {
  AcknowledgeHold,
  DispositionRow,
  HoldContext,
  HoldKey,
  HoldRow,
  HoldState,
  PlaceHold,
  QmsPort,
  QmsResults,
  ReleaseHold,
  Target,
} from '../../connectors/qms/port.ts';
import type { EventData } from '../../journal/catalogue.ts';
import { type EntityId, type EntityRef, type EntityType, parseEntityId, refOf } from '../../journal/entity-ref.ts';
import type { NewInterlock } from '../../journal/interlock.ts';
import type { Journal } from '../../journal/journal.ts';
import { knownRestrictions, type Restriction } from '../../journal/restriction.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Timers } from '../../runtime/timers.ts';
import { eventOf } from '../event-of.ts';
import { asDeclared, codeOrBlank, excerptOf, id, listOfIds, text } from '../input-checks.ts';
import { orNull } from '../or-null.ts';
import type { Rejection } from '../rejection.ts';
import type { Call, Subject, Transition } from '../transition.ts';
import { isWithinBoundaries } from '../visibility.ts';
import { findStandingHold } from './announced-hold.ts';
import { restrictionsOfHolds } from './inspection-transitions.ts';
import { dispositionIdOf, dispositionKey, holdIdOf, holdKey, lotKey, targetIdOf } from './keys.ts';
import { holdMachine } from './machines.ts';
import { refusal } from './refusal.ts';
import { forbiddenFor, mayForbid } from './what-a-hold-forbids.ts';
import type { Place, WhereItIs } from './where-it-is.ts';

interface PlaceHoldInput {
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
interface NewHold {
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
  readonly field: keyof typeof references;
  readonly given: string;
}

/** What else a hold may be about, by the field that names it. */
const references = {
  lotId: 'lot',
  orderId: 'production-order',
  operationId: 'operation',
  inspectionLotId: 'inspection-lot',
} as const satisfies Partial<Record<keyof PlaceHoldInput, EntityType>>;

type Standing = Pick<HoldRow, 'state' | 'version' | 'scope' | 'affected' | 'restrictions'>;

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

export function placeHold(
  port: QmsPort,
  whereItIs: WhereItIs,
  journal: Journal,
  { ids, timers }: Pick<Runtime, 'ids' | 'timers'>,
): Transition<NewHold, PlaceHoldInput, PlaceHold> {
  return {
    name: 'placeHold',
    machine: holdMachine,
    action: 'place',
    checks: {
      scope: id,
      restrictions: asDeclared,
      affected: listOfIds(200),
      holdNo: codeOrBlank(120),
      inspectionLotId: id,
      lotId: id,
      orderId: id,
      operationId: id,
    },
    load: async (input, signal, principal) => {
      const scope = parseEntityId(input.scope);
      if (!scope || !holdable.includes(scope.type)) return null;
      const holdNo = input.holdNo?.trim() || `QH-${ids.next().slice(-10)}`;
      const number = { plantCode: scope.plantCode, holdNo };
      const isThere = createIsThere({ port, whereItIs, timers, principal, signal }, scope.plantCode);
      const [place, affected, wrongReferences, standing, isReserved] = await Promise.all([
        whereItIs(scope, principal, signal),
        sortAffected(input.affected ?? [], isThere),
        findWrongReferences(input, isThere),
        input.holdNo ? standingHold({ port, journal, timers }, number) : null,
        input.holdNo && principal.kind !== 'WORKFLOW' ? isOfInspection(port, number, timers) : false,
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
        context: await contextOf(scope, place, input, whereItIs, { principal, signal }),
        standing,
        isReserved,
      };
    },
    subject: (entity) => ({
      id: holdIdOf(entity),
      plantCode: entity.plantCode,
      line: entity.context.lineCode,
      partner: entity.context.partner,
      version: entity.standing?.version ?? null,
      state: entity.standing?.state ?? null,
    }),
    touches: () => [],
    guards: [
      { name: 'scope', check: checkScope },
      { name: 'references', check: checkReferences },
      { name: 'hold-number', check: checkNumber },
    ],
    command: ({ transitionId, entity, meta, actor }) => ({
      ...entity.context,
      name: 'placeHold',
      transitionId,
      plantCode: entity.plantCode,
      expectedVersion: null,
      actorId: actor.id,
      occurredAt: meta.occurredAt,
      holdNo: entity.holdNo,
      scope: entity.scope,
      affected: entity.affected,
      restrictions: entity.restrictions,
      reason: reasonOf({ meta }),
    }),
    placeFirst: interlocksOf,
    announceWhilePending: (call) => [holdEvent(call, 'quality.hold.placed', '>PLACED')],
    announceWithdrawal: (call) => [holdEvent(call, 'quality.hold.withdrawn', 'PLACED>')],
    effects: (call, posting) => {
      const { created } = posting.result as QmsResults['placeHold'];
      return {
        events: created ? [holdEvent(call, 'quality.hold.placed', '>PLACED')] : [],
        toState: call.entity.standing?.state ?? 'PLACED',
        result: holdIdOf(call.entity),
      };
    },
  };
}

/** What belongs to a partner or to none. A hold on anything else belongs to whom the order belongs to that it is about. */
const partnered: readonly EntityType[] = ['lot', 'production-order', 'operation', 'delivery'];

/** What the hold is about, from what was said and from where the scope is. */
async function contextOf(
  scope: EntityRef,
  place: Place,
  input: PlaceHoldInput,
  whereItIs: WhereItIs,
  { principal, signal }: { readonly principal: Principal; readonly signal: AbortSignal },
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

interface References {
  readonly port: QmsPort;
  readonly whereItIs: WhereItIs;
  readonly timers: Timers;
  readonly principal: Principal;
  readonly signal: AbortSignal;
}

/** A system that is down keeps no hold from being placed: what nobody can be asked about counts as there. */
function createIsThere({ port, whereItIs, timers, principal, signal }: References, plantCode: string): IsThere {
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
      const ref = parseEntityId(given);
      return ref?.type === references[field] && (await isThere(ref)) ? [] : [{ field, given }];
    }),
  );
  return found.flat();
}

/**
 * A QMS that is down, or hangs, does not keep a hold from being placed: then the journal says what it has announced, also
 * of holds that are still on their way to the QMS. The QMS refuses a number that is taken by itself later.
 */
async function standingHold(
  { port, journal, timers }: { readonly port: QmsPort; readonly journal: Journal; readonly timers: Timers },
  key: HoldKey,
): Promise<Standing | null> {
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
async function isOfInspection(port: QmsPort, { plantCode, holdNo }: HoldKey, timers: Timers): Promise<boolean> {
  const [prefix, ...parts] = holdNo.split('-');
  if (prefix?.toUpperCase() !== 'QH' || parts.length < 2) return false;
  if (parts[0]?.toUpperCase() === 'IL') return true;
  const lots = parts.slice(1).map((_, end) => ({ plantCode, inspectionLotNo: parts.slice(0, end + 1).join('-') }));
  const known = await orNull(port.inspectionLotsByKeys(lots), timers);
  return known !== null && known.length > 0;
}

function checkScope({ restrictions, idle, nowhere, strange }: NewHold): readonly Rejection[] {
  const found: Rejection[] = idle.map((one) => {
    const message = `Nobody is kept from ${one} by holding this: it can be forbidden for a ${forbiddenFor(one)}.`;
    return refusal('scope', 'RESTRICTS_NOTHING', message, 'Hold one of those, or leave restrictions out.');
  });
  if (nowhere.length > 0) {
    const message = `Nobody can tell now at which work centers ${nowhere.slice(0, 3).join(', ')} stands, so nothing would be stopped there.`;
    const remedy = 'Name its work centers in affected, or repeat when the CMMS answers.';
    found.push(refusal('scope', 'SYSTEM_UNAVAILABLE', message, remedy));
  }
  if (strange.length > 0) {
    const message = `${strange.slice(0, 3).map(excerptOf).join(', ')} cannot be held together with the scope.`;
    const remedy = 'Give ids of the same plant: lots, orders, operations, work centers, assets, materials, deliveries.';
    found.push(refusal('scope', 'AFFECTED_INVALID', message, remedy));
  }
  if (restrictions.length === 0) {
    const message = 'A hold has to forbid something, and this one would stop nobody.';
    const remedy = 'Leave restrictions out, and name the work centers of what is assigned to none in affected.';
    found.push(refusal('scope', 'RESTRICTS_NOTHING', message, remedy));
  }
  return found;
}

function checkReferences({ plantCode, wrongReferences }: NewHold): readonly Rejection[] {
  return wrongReferences.map(({ field, given }) => {
    const message = `input.${field} is ${excerptOf(given)}, which is no ${references[field]} of plant ${plantCode} that you know of.`;
    return refusal(
      'references',
      'REFERENCE_INVALID',
      message,
      'Give the id of one in the plant of the scope, or none.',
    );
  });
}

/** A number stands for one hold: only the very same hold may be placed under it once more. */
function checkNumber(hold: NewHold): readonly Rejection[] {
  const { plantCode, holdNo, standing, isReserved } = hold;
  const remedy = 'Leave holdNo out to place another hold.';
  if (isReserved) {
    const message = `Hold numbers like ${holdNo} are for the holds that Andon places when an inspection fails.`;
    return [refusal('hold-number', 'HOLD_NUMBER_RESERVED', message, remedy)];
  }
  if (standing === null || isRepeat(standing, hold)) return [];
  const scope = targetIdOf(plantCode, standing.scope);
  const message = `Hold ${holdNo} stands already: on ${scope}, and it forbids ${standing.restrictions.join(', ')}.`;
  return [refusal('hold-number', 'HOLD_NUMBER_TAKEN', message, remedy, holdIdOf(hold))];
}

function isRepeat(standing: Standing, { plantCode, scope, affected, restrictions }: NewHold): boolean {
  const idOf = (target: Target) => targetIdOf(plantCode, target);
  return (
    idOf(standing.scope) === idOf(scope) &&
    isSame([standing.scope, ...standing.affected].map(idOf), [scope, ...affected].map(idOf)) &&
    isSame(standing.restrictions, restrictions)
  );
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  const [one, other] = [new Set(some), new Set(others)];
  return one.size === other.size && [...one].every((item) => other.has(item));
}

/** Whose lot it is reads it, so it names nobody. */
function reasonOf({ meta }: Pick<Call<unknown, unknown>, 'meta'>): string {
  return meta.reason?.text ?? 'no reason given';
}

type PlaceCall = Call<NewHold, PlaceHoldInput>;

function interlocksOf(call: PlaceCall): readonly NewInterlock[] {
  const { plantCode, holdNo, scope, affected, restrictions } = call.entity;
  const entities = new Set([scope, ...affected].map((target) => targetIdOf(plantCode, target)));
  return [...entities].map((entityId) => ({
    kind: 'QUALITY_HOLD',
    entityId,
    plantCode,
    partner: call.entity.context.partner,
    cause: holdIdOf(call.entity),
    restrictions,
    reason: `Quality hold ${holdNo} (${reasonOf(call)})`,
    placedBy: call.actor.id,
    placedByTransition: call.transitionId,
  }));
}

function holdEvent(call: PlaceCall, type: 'quality.hold.placed' | 'quality.hold.withdrawn', stateChange: string) {
  const { entity } = call;
  const { plantCode, holdNo, scope, affected, restrictions, context } = entity;
  return eventOf(call, {
    type,
    system: 'QMS',
    subject: holdIdOf(entity),
    plantCode,
    line: context.lineCode,
    partner: context.partner,
    stateChange,
    data: {
      holdNo,
      scope: targetIdOf(plantCode, scope),
      affected: affected.map((target) => targetIdOf(plantCode, target)),
      restrictions,
      reason: reasonOf(call),
      acknowledgedBy: [],
    },
  });
}

/** A hold with what was proposed and decided about it. */
export interface HeldCase {
  readonly hold: HoldRow;
  readonly dispositions: readonly DispositionRow[];
}

export async function loadHeldCase(port: QmsPort, holdId: string): Promise<HeldCase | null> {
  const key = holdKey(holdId);
  const [hold] = key ? await port.holdsByKeys([key]) : [];
  return hold ? { hold, dispositions: await port.dispositionsOfHolds([hold]) } : null;
}

export function holdSubject({ hold }: HeldCase): Subject {
  const { plantCode, lineCode, partner, version, state } = hold;
  return { id: holdIdOf(hold), plantCode, line: lineCode, partner, version, state };
}

interface AcknowledgeHoldInput {
  readonly holdId: string;
  readonly system: string;
  readonly failed?: boolean | null;
  readonly message?: string | null;
}

type AcknowledgeCall = Call<HeldCase, AcknowledgeHoldInput>;

export function acknowledgeHold(port: QmsPort): Transition<HeldCase, AcknowledgeHoldInput, AcknowledgeHold> {
  return {
    name: 'acknowledgeHold',
    machine: holdMachine,
    action: 'acknowledge',
    checks: { holdId: id, system: asDeclared, failed: asDeclared, message: text },
    load: ({ holdId }) => loadHeldCase(port, holdId),
    subject: holdSubject,
    touches: () => [],
    guards: [],
    command: ({ transitionId, entity, input, meta, actor }) => ({
      name: 'acknowledgeHold',
      transitionId,
      plantCode: entity.hold.plantCode,
      // Systems acknowledge independently of each other.
      expectedVersion: meta.expectedVersion,
      actorId: actor.id,
      occurredAt: meta.occurredAt,
      holdNo: entity.hold.holdNo,
      system: input.system,
      failed: input.failed ?? false,
      message: input.message ?? null,
    }),
    effects: (call, posting) => {
      const result = posting.result as QmsResults['acknowledgeHold'];
      return { events: acknowledgedEvents(call, result), toState: result.to };
    },
  };
}

function acknowledgedEvents(call: AcknowledgeCall, { from, to, acknowledgedBy }: QmsResults['acknowledgeHold']) {
  const { system, failed, message } = call.input;
  const facts = { ...holdFacts(call.entity.hold), acknowledgedBy };
  const about = aboutHold(call.entity.hold, from === to ? null : `${from}>${to}`);
  if (failed) {
    const data = { ...facts, system, message: message ?? `The ${system} could not do its part.` };
    return [eventOf(call, { type: 'quality.hold.propagationFailed', ...about, data })];
  }
  const acknowledged = { ...aboutHold(call.entity.hold, null), data: { ...facts, system } };
  const events = [eventOf(call, { type: 'quality.hold.acknowledged', ...acknowledged })];
  if (from === to || to !== 'EFFECTIVE') return events;
  return [...events, eventOf(call, { type: 'quality.hold.effective', ...about, data: facts })];
}

function aboutHold(hold: HoldRow, stateChange: string | null) {
  const { plantCode, lineCode, partner } = hold;
  return { system: 'QMS', subject: holdIdOf(hold), plantCode, line: lineCode, partner, stateChange };
}

function holdFacts(hold: HoldRow): EventData['quality.hold.placed'] {
  const { plantCode, holdNo, scope, affected, restrictions, reason, acknowledgements } = hold;
  return {
    holdNo,
    scope: targetIdOf(plantCode, scope),
    affected: affected.map((target) => targetIdOf(plantCode, target)),
    restrictions: knownRestrictions(restrictions),
    reason,
    acknowledgedBy: acknowledgements.filter(({ failed }) => !failed).map(({ system }) => system),
  };
}

interface ReleaseHoldInput {
  readonly holdId: string;
  readonly dispositionId: string;
}

export function releaseHold(port: QmsPort): Transition<HeldCase, ReleaseHoldInput, ReleaseHold> {
  return {
    name: 'releaseHold',
    machine: holdMachine,
    action: 'release',
    checks: { holdId: id, dispositionId: id },
    load: ({ holdId }) => loadHeldCase(port, holdId),
    subject: holdSubject,
    touches: () => [],
    guards: [{ name: 'disposition', check: checkDisposition }],
    command: ({ transitionId, entity, input, meta, actor }) => ({
      name: 'releaseHold',
      transitionId,
      plantCode: entity.hold.plantCode,
      expectedVersion: entity.hold.version,
      actorId: actor.id,
      occurredAt: meta.occurredAt,
      holdNo: entity.hold.holdNo,
      dispositionNo: dispositionNoOf(input),
    }),
    effects: (call, posting) => {
      const { hold } = call.entity;
      const { from } = posting.result as QmsResults['releaseHold'];
      const data = { ...holdFacts(hold), dispositionNo: dispositionNoOf(call.input) };
      const event = { type: 'quality.hold.released', ...aboutHold(hold, `${from}>RELEASED`), data } as const;
      return { events: [eventOf(call, event)], toState: 'RELEASED' satisfies HoldState, lift: [holdIdOf(hold)] };
    },
  };
}

function dispositionNoOf({ dispositionId }: ReleaseHoldInput): string {
  return dispositionKey(dispositionId)?.dispositionNo ?? '';
}

/** Only a disposition of this hold that every system has carried out lifts it. */
function checkDisposition({ hold, dispositions }: HeldCase, input: ReleaseHoldInput | null): readonly Rejection[] {
  const named = dispositions.filter((one) => input === null || dispositionIdOf(one) === input.dispositionId);
  if (named.some(({ state }) => state === 'EFFECTIVE')) return [];
  const open: EntityId | undefined = dispositions.map(dispositionIdOf).at(-1);
  return [
    refusal(
      'disposition',
      'DISPOSITION_NOT_EFFECTIVE',
      `Hold ${hold.holdNo} has no such disposition that every system has carried out.`,
      'Propose a disposition, have a second person approve it, and wait until it is effective.',
      open ?? null,
    ),
  ];
}
