import type { Transaction } from 'kysely';
import type { AuditEntry, AuditFilter, NewAuditEntry } from './audit-entry.ts';
import type { Claim, Command, NewCommand, SettledCommand } from './command.ts';
import type { EntityId } from './entity-ref.ts';
import type { EventFilter, JournalEvent, NewEvent } from './envelope.ts';
import type { Gap } from './gap.ts';
import type { Interlock, InterlockFilter, NewInterlock } from './interlock.ts';
import type { Restriction } from './restriction.ts';
import type { JournalTables } from './tables.ts';

export interface Page {
  readonly after?: string;
  readonly first: number;
}

/**
 * What happened, and what is forbidden: the only store that Andon itself owns. Writes happen through `write`, in one
 * transaction each; reads see committed data only.
 */
export interface Journal {
  /** Whether other processes may write to it, too. */
  readonly isShared: boolean;
  /**
   * Milliseconds since the epoch by the clock that all its processes share: the database's, where there may be several.
   * Claims, and how long ago something was sent, are measured by it.
   */
  now(): number;
  write<T>(work: (tx: JournalTransaction) => Promise<T>): Promise<T>;

  readonly events: {
    /** The position of the newest committed event; '0' in an empty journal. */
    head(): Promise<string>;
    /** Committed events after `cursor`, oldest first, at most `limit`. */
    after(cursor: string, filter: EventFilter, limit: number): Promise<readonly JournalEvent[]>;
    /**
     * Every matching event after `cursor` (null: from now on), once, in order, without end, until `signal` aborts.
     * A cursor older than what is kept yields a Gap first.
     */
    follow(cursor: string | null, filter: EventFilter, signal: AbortSignal): AsyncIterableIterator<JournalEvent | Gap>;
  };

  readonly interlocks: {
    /** Active interlocks on any of `entities`; all of them when `restriction` is not given. */
    active(entities: readonly EntityId[], restriction?: Restriction): Promise<readonly Interlock[]>;
    list(filter: InterlockFilter, page: Page): Promise<readonly Interlock[]>;
  };

  readonly commands: {
    find(transitionId: string): Promise<Command | undefined>;
    findByKey(scopedKey: string): Promise<Command | undefined>;
    /** Intents without outcome, oldest first: what a start-up or a read-back still has to settle. */
    unsettled(limit: number, transitions?: readonly string[]): Promise<readonly Command[]>;
    /** Unsettled commands that touch any of `entities`, other than `exceptTransitionId`. */
    unsettledOn(entities: readonly EntityId[], exceptTransitionId: string): Promise<readonly Command[]>;
  };

  readonly audit: {
    list(filter: AuditFilter, page: Page): Promise<readonly AuditEntry[]>;
  };

  close(): Promise<void>;
}

/** The journal inside one transaction: it sees its own writes, and everything committed before it. */
export interface JournalTransaction {
  /** For queries of other stores that live in the journal's database, such as the workflows'. */
  readonly sql: Transaction<JournalTables>;
  /**
   * Records the intent, unless the idempotency key is known.
   * @returns `known` with what is recorded under the key; the caller compares `requestHash` and answers DUPLICATE,
   *   or refuses a key that was used for something else
   */
  begin(command: NewCommand): Promise<{ readonly begun: Command } | { readonly known: Command }>;
  command(transitionId: string): Promise<Command | undefined>;
  /** @returns whether the command is unsettled and the caller may complete it now: nobody else is doing so */
  claim(transitionId: string, claim: Claim): Promise<boolean>;
  /** Gives up the claim: nobody is completing the command now. */
  release(transitionId: string): Promise<void>;
  /** Records the outcome of an intent; a second settlement of a settled command is an error. */
  settle(transitionId: string, outcome: SettledCommand): Promise<void>;
  /** Records that the outcome is unknown or the system unreachable: the command stays unsettled, the caller got PENDING. */
  defer(transitionId: string, reason: string): Promise<void>;
  /** Appends with the next position and the next number in the event's partition. An id that exists is not appended again. */
  append(event: NewEvent): Promise<JournalEvent>;
  active(entities: readonly EntityId[], restriction?: Restriction): Promise<readonly Interlock[]>;
  place(interlock: NewInterlock): Promise<Interlock>;
  /**
   * The system of record has accepted what was placed first: from now on it is this transition's, though another one had placed
   * the same before, or had withdrawn it.
   */
  confirm(interlock: NewInterlock): Promise<void>;
  /** Lifts every active interlock of `cause`. */
  lift(cause: EntityId, transitionId: string): Promise<readonly Interlock[]>;
  /**
   * Lifts what this transition itself has placed, because it has come to nothing. What stood before, under the same cause
   * too, goes on standing.
   */
  withdraw(transitionId: string): Promise<readonly Interlock[]>;
  audit(entry: NewAuditEntry): Promise<AuditEntry>;
}
