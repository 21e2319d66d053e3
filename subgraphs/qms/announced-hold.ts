import type { HoldRow, HoldState, Target } from '../../connectors/qms/port.ts';
import type { EventType } from '../../journal/catalogue.ts';
import { type EntityId, parseEntityId } from '../../journal/entity-ref.ts';
import type { JournalEvent } from '../../journal/envelope.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Visibility } from '../reading/visibility.ts';

/** The events of holds, and the state that each leaves a hold in; null: the state that it was in before. */
const stateAfterEvent = {
  'quality.hold.placed': 'PLACED',
  'quality.hold.acknowledged': null,
  'quality.hold.effective': 'EFFECTIVE',
  'quality.hold.propagationFailed': 'PARTIALLY_EFFECTIVE',
  'quality.hold.released': 'RELEASED',
  'quality.hold.withdrawn': 'RELEASED',
} as const satisfies Partial<Record<EventType, HoldState | null>>;

export type HoldEventType = keyof typeof stateAfterEvent;
export type HoldEvent = { [Type in HoldEventType]: JournalEvent<Type> }[HoldEventType];

export const holdEvents = Object.keys(stateAfterEvent) as readonly HoldEventType[];

/** More events than any hold has. */
const eventsOfOneHold = 1000;

/** What the journal has announced of a hold that the QMS does not have yet, or cannot be asked about. */
export async function findAnnouncedHold(
  subject: EntityId,
  { journal, isVisible }: { readonly journal: Journal; readonly isVisible: Visibility },
): Promise<HoldRow | null> {
  const events = await announcementsOf(journal, subject);
  const last = events.at(-1);
  return last && isVisible(last) ? holdOfEvent(last, events) : null;
}

/** The hold that has a number for good, whoever may see it: null when none was announced, or all of it was taken back. */
export async function findStandingHold(journal: Journal, subject: EntityId): Promise<HoldRow | null> {
  const events = await announcementsOf(journal, subject);
  const last = events.at(-1);
  return last && last.type !== 'quality.hold.withdrawn' ? holdOfEvent(last, events) : null;
}

async function announcementsOf(journal: Journal, subject: EntityId): Promise<readonly HoldEvent[]> {
  return (await journal.events.after('0', { types: holdEvents, subject }, eventsOfOneHold)) as HoldEvent[];
}

/** @param events everything that was announced of the hold up to the event, oldest first, as far as it is known */
export function holdOfEvent(event: HoldEvent, events: readonly HoldEvent[] = [event]): HoldRow {
  const { plantCode, line, partner, occurredAt, actorId, data } = event;
  const scope = targetOf(data.scope);
  const affected = data.affected.map(targetOf);
  const of = (type: string) => [scope, ...affected].find((target) => target.type === type)?.key ?? [];
  const [materialCode = null, lotNumber = null] = of('lot');
  const [operationOrder, operationNo = null] = of('operation');
  const first = events[0] ?? event;
  const state = stateAfter(events);
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

/** What a system says late about a released hold does not make it stand again. */
function stateAfter(events: readonly HoldEvent[]): HoldState {
  return events.reduce<HoldState>((before, { type }) => {
    if (before === 'RELEASED' && type !== 'quality.hold.placed') return before;
    return stateAfterEvent[type] ?? before;
  }, 'PLACED');
}

function targetOf(id: EntityId): Target {
  const ref = parseEntityId(id);
  return { type: ref?.type ?? '', key: ref?.key ?? [] };
}
