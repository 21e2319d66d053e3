import type { Principal } from '../../auth/principal.ts';
import type { EventType } from '../../journal/catalogue.ts';
import type { EventFilter, JournalEvent } from '../../journal/envelope.ts';
import type { Gap } from '../../journal/gap.ts';
import type { Journal } from '../../journal/journal.ts';
import { rowScope, type Visibility } from './visibility.ts';

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

/** Who follows, and until when: the context of the subscription. */
export interface Follower {
  readonly journal: Journal;
  readonly principal: Principal;
  readonly isVisible: Visibility;
  readonly signal: AbortSignal;
}

/**
 * Follows the journal for one subscriber: each event that the principal may see, once, in order, from its cursor on.
 * Authority is checked for each event.
 */
export async function* followEvents<Type extends EventType>(
  { journal, principal, isVisible, signal }: Follower,
  types: readonly Type[],
  { plant, line, after }: FollowArguments,
): AsyncGenerator<Change<Type>, void, undefined> {
  const filter: EventFilter = {
    types,
    ...plantFilter(principal, plant),
    ...(line ? { line } : {}),
    ...partnerFilter(principal),
  };
  for await (const item of journal.events.follow(after ?? null, filter, signal)) {
    if ('gap' in item) yield { cursor: item.to, gap: item, event: null };
    else if (isVisible(item))
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
