import type { Principal } from '../auth/principal.ts';
import type { EventData, EventType } from '../journal/catalogue.ts';
import type { EntityId } from '../journal/entity-ref.ts';
import type { EventFilter, JournalEvent } from '../journal/envelope.ts';
import type { Gap } from '../journal/follow.ts';
import type { Journal } from '../journal/journal.ts';
import { isVisible } from './evaluate.ts';
import { rowScope } from './loader.ts';

/** The arguments that every subscription takes, as the graph delivers them. */
export interface FollowArguments {
  readonly plant?: string | null;
  readonly line?: string | null;
  /** Where the client stopped; null: from now on. */
  readonly after?: string | null;
}

/** What a subscription's payload is resolved from: an event, or the gap where events are no longer kept. */
export type Change<Type extends EventType> =
  | { readonly cursor: string; readonly gap: null; readonly event: { [T in Type]: JournalEvent<T> }[Type] }
  | { readonly cursor: string; readonly gap: Gap; readonly event: null };

/**
 * Follows the journal for one subscriber: each event that the principal may see, once, in order, from its cursor on.
 * Authority is checked for each event.
 */
export async function* followEvents<Type extends EventType>(
  journal: Journal,
  principal: Principal,
  types: readonly Type[],
  { plant, line, after }: FollowArguments,
  signal: AbortSignal,
): AsyncGenerator<Change<Type>, void, undefined> {
  const filter: EventFilter = {
    types,
    ...plantFilter(principal, plant),
    ...(line ? { line } : {}),
    ...partnerFilter(principal),
  };
  for await (const item of journal.events.follow(after ?? null, filter, signal)) {
    if ('gap' in item) yield { cursor: item.to, gap: item, event: null };
    else if (isVisible(principal, item))
      yield { cursor: item.position, gap: null, event: item as { [T in Type]: JournalEvent<T> }[Type] };
  }
}

function plantFilter(principal: Principal, plant: string | null | undefined): Pick<EventFilter, 'plantCodes'> {
  const { plantCodes } = rowScope(principal);
  if (!plant) return plantCodes ? { plantCodes } : {};
  return { plantCodes: plantCodes === null || plantCodes.includes(plant) ? [plant] : [] };
}

function partnerFilter(principal: Principal): Pick<EventFilter, 'partner'> {
  return principal.partner === null ? {} : { partner: principal.partner };
}

/** The parts of an event that follow from the call that caused it. */
export interface EventOrigin {
  readonly transitionId: string;
  readonly meta: { readonly correlationId: string; readonly causationId: string | null; readonly occurredAt: string };
  readonly actor: Pick<Principal, 'id' | 'kind'>;
}

export interface EventContent<Type extends EventType> {
  readonly type: Type;
  readonly system: string;
  readonly subject: EntityId;
  readonly plantCode: string;
  readonly line: string | null;
  readonly partner: string | null;
  readonly stateChange: string | null;
  readonly data: EventData[Type];
}

/** Builds the event that a transition announces. Its id follows from the transition, so a repetition is recognised. */
export function eventOf<Type extends EventType>(origin: EventOrigin, content: EventContent<Type>) {
  const { system, ...rest } = content;
  return {
    ...rest,
    id: `${origin.transitionId}/${content.type}/${content.subject}`,
    source: `/plants/${content.plantCode}/${system.toLowerCase()}`,
    occurredAt: origin.meta.occurredAt,
    correlationId: origin.meta.correlationId,
    causationId: origin.meta.causationId,
    actorId: origin.actor.id,
    actorKind: origin.actor.kind,
  };
}
