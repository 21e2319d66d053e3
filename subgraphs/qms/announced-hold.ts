import type { Principal } from '../../auth/principal.ts';
import type { HoldRow, HoldState, Target } from '../../connectors/qms/port.ts';
import type { EventType } from '../../journal/catalogue.ts';
import { type EntityId, parseEntityId } from '../../journal/entity-ref.ts';
import type { JournalEvent } from '../../journal/envelope.ts';
import type { Journal } from '../../journal/journal.ts';
import { isVisible } from '../evaluate.ts';

/** The events of holds, and the state that each leaves a hold in. */
const stateAfterEvent = {
  'quality.hold.placed': 'PLACED',
  'quality.hold.acknowledged': 'PLACED',
  'quality.hold.effective': 'EFFECTIVE',
  'quality.hold.propagationFailed': 'PARTIALLY_EFFECTIVE',
  'quality.hold.released': 'RELEASED',
  'quality.hold.withdrawn': 'RELEASED',
} as const satisfies Partial<Record<EventType, HoldState>>;

export type HoldEventType = keyof typeof stateAfterEvent;
export type HoldEvent = { [Type in HoldEventType]: JournalEvent<Type> }[HoldEventType];

export const holdEvents = Object.keys(stateAfterEvent) as readonly HoldEventType[];

/** More events than any hold has. */
const eventsOfOneHold = 1000;

/** What the journal has announced of a hold that the QMS does not have yet, or cannot be asked about. */
export async function findAnnouncedHold(
  journal: Journal,
  subject: EntityId,
  principal: Principal,
): Promise<HoldRow | null> {
  const events = (await journal.events.after('0', { types: holdEvents, subject }, eventsOfOneHold)) as HoldEvent[];
  const last = events.at(-1);
  return last && isVisible(principal, last) ? holdOfEvent(last, events[0]) : null;
}

/** @param first where it was placed, if that is known: by whom and when */
export function holdOfEvent(event: HoldEvent, first: HoldEvent | undefined = event): HoldRow {
  const { plantCode, line, partner, occurredAt, actorId, data } = event;
  const scope = targetOf(data.scope);
  const affected = data.affected.map(targetOf);
  const of = (type: string) => [scope, ...affected].find((target) => target.type === type)?.key ?? [];
  const [materialCode = null, lotNumber = null] = of('lot');
  const [operationOrder, operationNo = null] = of('operation');
  const state = stateAfterEvent[event.type];
  return {
    plantCode,
    holdNo: data.holdNo,
    scope,
    affected,
    restrictions: data.restrictions,
    reason: data.reason,
    state,
    stateSince: occurredAt,
    stateBy: actorId,
    placedAt: first.occurredAt,
    placedBy: first.actorId,
    releasedAt: state === 'RELEASED' ? occurredAt : null,
    lot: materialCode !== null && lotNumber !== null ? { materialCode, lotNumber } : null,
    materialCode: of('material')[0] ?? materialCode,
    orderNo: of('production-order')[0] ?? operationOrder ?? null,
    operationNo,
    inspectionLotNo: null,
    lineCode: line,
    partner,
    acknowledgements: data.acknowledgedBy.map((system) => ({ system, failed: false, message: null, at: null })),
    changedAt: occurredAt,
    version: null,
  };
}

function targetOf(id: EntityId): Target {
  const ref = parseEntityId(id);
  return { type: ref?.type ?? '', key: ref?.key ?? [] };
}
