import type { EntityId } from '../../journal/entity-ref.ts';
import type { Interlock } from '../../journal/interlock.ts';
import type { Reader } from '../reading/plant-only.ts';
import { interlockRejection } from '../transitions/evaluate.ts';
import type { OwningSystem, Rejection } from '../transitions/rejection.ts';
import { distinctRejections } from '../transitions/rejection.ts';
import { forbiddenByQuality, forbiddenByStock, hasExpired, lotRejections, type Use, uses } from '../uses-of-lots.ts';

/** An inspection of a lot, and the characteristics of its plan that nobody has measured. */
export interface InspectionFacts {
  readonly id: EntityId;
  readonly state: string;
  readonly missing: readonly string[];
}

/** What is known of a lot. A system that could not be asked is null, which counts against every use that depends on it. */
export interface LotFacts {
  readonly id: EntityId;
  readonly erp: { readonly stockTypes: readonly string[]; readonly expiresOn: string | null } | null;
  readonly qms: {
    /** Null: the QMS does not know the lot. */
    readonly qualityState: string | null;
    readonly inspectionLots: readonly InspectionFacts[];
  } | null;
  /** Active ones on the lot, its material and the order that made it. Never unavailable. */
  readonly interlocks: readonly Interlock[];
}

export interface DeliveryFacts {
  readonly id: EntityId;
  readonly erp: {
    readonly deliveryNo: string;
    readonly state: string;
    /** A cause that the caller may not know of is null. */
    readonly blocks: readonly { readonly cause: string | null; readonly since: string }[];
    /** Null for a lot that the caller may not see. */
    readonly lots: readonly (LotFacts | null)[];
  } | null;
  readonly interlocks: readonly Interlock[];
}

export interface Usability {
  readonly canConsume: boolean;
  readonly canMove: boolean;
  readonly canPick: boolean;
  readonly canShip: boolean;
  readonly blockers: readonly Rejection[];
  readonly evaluatedAt: string;
}

export interface Eligibility {
  readonly eligible: boolean;
  readonly blockers: readonly Rejection[];
  readonly evaluatedAt: string;
  readonly sources: readonly { readonly system: OwningSystem; readonly ok: boolean }[];
}

/** A reason, and what it stands in the way of. */
interface Blocker {
  readonly uses: readonly Use[];
  readonly rejection: Rejection;
}

const everyUse: readonly Use[] = uses;
const shipping: readonly Use[] = ['SHIP'];
/** What may be done with a lot at `now` (ISO 8601 in UTC). Every blocker is named, whatever it blocks. */
export function evaluateLot(facts: LotFacts, now: string, reader: Reader): Usability {
  const blockers = blockersOfLot(facts, { asked: everyUse, now, reader });
  const may = (use: Use) => !blockers.some((blocker) => blocker.uses.includes(use));
  return {
    canConsume: may('CONSUME'),
    canMove: may('MOVE'),
    canPick: may('PICK'),
    canShip: may('SHIP'),
    blockers: distinct(blockers),
    evaluatedAt: now,
  };
}

/** Whether a lot may be shipped at `now`. */
export function evaluateLotShipment(facts: LotFacts, now: string, reader: Reader): Eligibility {
  return toEligibility(blockersOfLot(facts, { asked: shipping, now, reader }), [facts], now, facts.erp !== null);
}

/** Whether a delivery may be shipped at `now`: nothing stands on it, nor on any of its lots. */
export function evaluateDelivery(facts: DeliveryFacts, now: string, reader: Reader): Eligibility {
  const lots = facts.erp?.lots ?? [];
  const visible = lots.filter((lot) => lot !== null);
  const blockers = [
    ...blockersOfDelivery(facts, reader),
    ...(visible.length < lots.length ? [hiddenLot] : []),
    ...visible.flatMap((lot) => blockersOfLot(lot, { asked: shipping, now, reader })),
  ];
  return toEligibility(blockers, visible, now, facts.erp !== null && visible.every(({ erp }) => erp !== null));
}

function toEligibility(
  blockers: readonly Blocker[],
  lots: readonly LotFacts[],
  now: string,
  erpAnswered: boolean,
): Eligibility {
  const standing = distinct(blockers.filter((blocker) => blocker.uses.includes('SHIP')));
  return {
    eligible: standing.length === 0,
    blockers: standing,
    evaluatedAt: now,
    sources: [
      { system: 'ERP', ok: erpAnswered },
      { system: 'QMS', ok: lots.every(({ qms }) => qms !== null) },
      { system: 'ANDON', ok: true },
    ],
  };
}

function blockersOfDelivery({ id, erp, interlocks }: DeliveryFacts, reader: Reader): readonly Blocker[] {
  const own = interlocks.map((interlock) => byInterlock(interlock, shipping, reader));
  if (erp === null) return [...own, unavailable('ERP', id, everyUse)];
  const { deliveryNo, blocks, state } = erp;
  return [...own, ...blocks.map((block) => byDeliveryBlock(deliveryNo, block)), ...byDeliveryState(deliveryNo, state)];
}

interface Asked {
  /** The uses that are asked about: an interlock is worded for them. */
  readonly asked: readonly Use[];
  readonly now: string;
  readonly reader: Reader;
}

function blockersOfLot(facts: LotFacts, { asked, now, reader }: Asked): readonly Blocker[] {
  return [...facts.interlocks.map((one) => byInterlock(one, asked, reader)), ...byErp(facts, now), ...byQms(facts)];
}

function byErp({ id, erp }: LotFacts, now: string): readonly Blocker[] {
  if (erp === null) return [unavailable('ERP', id, everyUse)];
  const { expiresOn } = erp;
  const expired = hasExpired(expiresOn, now)
    ? [blocker(['CONSUME', 'PICK', 'SHIP'], lotRejections.expiry(id, expiresOn))]
    : [];
  return [...expired, ...[...new Set(erp.stockTypes)].flatMap((stockType) => byStockType(id, stockType))];
}

function byQms({ id, qms }: LotFacts): readonly Blocker[] {
  if (qms === null) return [unavailable('QMS', id, ['CONSUME', 'PICK', 'SHIP'])];
  const { qualityState, inspectionLots } = qms;
  if (qualityState === null) return [unknownQuality(id)];
  const forbidden = forbiddenByQuality(qualityState);
  // Whatever the state: a disposition settles what did not conform, not what nobody has measured.
  const open = inspectionLots.filter(({ state }) => !['DECIDED', 'SKIPPED', 'CANCELLED'].includes(state));
  const byState = forbidden.length === 0 ? [] : [blocker(forbidden, lotRejections.quality(id, qualityState))];
  return [...byState, ...open.map((one) => byInspection(id, one))];
}

function byInterlock(interlock: Interlock, asked: readonly Use[], reader: Reader): Blocker {
  const restricted = asked.filter((use) => interlock.restrictions.includes(use));
  return { uses: restricted, rejection: interlockRejection(interlock, restricted.join(', '), reader) };
}

function unavailable(system: 'ERP' | 'QMS', id: EntityId, forbidden: readonly Use[]): Blocker {
  return blocker(forbidden, {
    code: 'SYSTEM_UNAVAILABLE',
    system,
    guard: 'facts',
    message: `The ${system} cannot be asked about ${id}, so nothing is assumed in its favour.`,
    remediation: `Ask again when the ${system} answers.`,
  });
}

const hiddenLot: Blocker = {
  uses: everyUse,
  rejection: {
    code: 'LOT_NOT_VISIBLE',
    system: 'ERP',
    guard: 'facts',
    message: 'The delivery has a lot that you may not see.',
    remediation: 'Ask the plant.',
    blockingRef: null,
  },
};

function unknownQuality(id: EntityId): Blocker {
  return blocker(everyUse, {
    code: 'QUALITY_UNKNOWN',
    system: 'QMS',
    guard: 'quality-state',
    message: `The QMS knows nothing of ${id}.`,
    remediation: 'Have quality decide whether the lot needs an inspection.',
  });
}

function byInspection(id: EntityId, { id: inspectionLot, missing }: InspectionFacts): Blocker {
  const isComplete = missing.length === 0;
  return blocker(['SHIP'], {
    code: isComplete ? 'INSPECTION_OPEN' : 'INSPECTION_INCOMPLETE',
    system: 'QMS',
    guard: 'inspections',
    message: isComplete
      ? `An inspection of ${id} is not decided.`
      : `An inspection of ${id} has no result for ${missing.join(', ')}.`,
    remediation: isComplete
      ? 'Decide the inspection lot.'
      : 'Record the missing results, then decide the inspection lot.',
    blockingRef: inspectionLot,
  });
}

function byStockType(id: EntityId, stockType: string): readonly Blocker[] {
  const forbidden = forbiddenByStock(stockType);
  return forbidden.length === 0 ? [] : [blocker(forbidden, lotRejections.stock(id, stockType))];
}

function byDeliveryBlock(
  deliveryNo: string,
  { cause, since }: { readonly cause: string | null; readonly since: string },
): Blocker {
  return blocker(everyUse, {
    code: 'DELIVERY_BLOCKED',
    system: 'ERP',
    guard: 'delivery-block',
    message: `Delivery ${deliveryNo} is blocked because of ${cause ?? 'a restriction of the plant'} since ${since}.`,
    remediation: 'The block ends with its cause.',
    blockingRef: cause as EntityId | null,
  });
}

function byDeliveryState(deliveryNo: string, state: string): readonly Blocker[] {
  if (state !== 'SHIPPED') return [];
  const rejection = {
    code: 'STATE_NOT_ALLOWED',
    system: 'ERP' as const,
    guard: 'state-machine',
    message: `Delivery ${deliveryNo} has left already.`,
    remediation: null,
  };
  return [blocker(shipping, rejection)];
}

function blocker(
  forbidden: readonly Use[],
  rejection: Omit<Rejection, 'blockingRef'> & { readonly blockingRef?: EntityId | null },
): Blocker {
  return { uses: forbidden, rejection: { blockingRef: null, ...rejection } };
}

function distinct(blockers: readonly Blocker[]): readonly Rejection[] {
  return distinctRejections(blockers.filter((one) => one.uses.length > 0).map(({ rejection }) => rejection));
}
