import type { DatabaseConnection, Dialect, Transaction } from 'kysely';
import type { Timers } from '../runtime/timers.ts';
import { createTransaction, TransactionScope } from './transaction-scope.ts';

/** The one connection of a store that writes. The group commit is its only user and makes one call at a time. */
export interface WriterConnection extends DatabaseConnection {
  /** Waits for its turn among processes, then opens the transaction that holds a whole group. */
  begin(): Promise<void>;
  /** Marks where a member begins. Ordered before the statements that follow; reports failure through them. */
  savepoint(): void;
  /** Keeps what the member has done. */
  release(): void;
  rollbackToSavepoint(): Promise<void>;
  /** Resolves once everything since `begin` is durable and visible to readers. */
  commit(): Promise<void>;
  /** Gives up everything since `begin`. Never rejects: a connection that cannot even do this is dropped. */
  rollback(): Promise<void>;
  /** What made the group's transaction unusable as a whole, since `begin`: a lost connection, a serialization failure. */
  readonly groupFailure: unknown;
  /** What to do after `begin` or a statement has broken the group, or `commit` has failed. */
  judge(error: unknown, during: 'begin' | 'work' | 'commit'): Verdict;
  close(): Promise<void>;
}

export interface Verdict {
  /** The class that callers get. */
  readonly error: Error;
  /** Whether the group certainly left no trace and may succeed when it runs again. */
  readonly again: boolean;
}

/** Waits between runs of a group that may run again, in milliseconds: a serialization failure, a lost connection. */
const againDelaysMs = [0, 10, 50, 250] as const;

/**
 * At most so many transactions share a commit. On SQLite a group runs without returning to the event loop, so this
 * also bounds how long it keeps other work waiting: about 5 ms.
 */
const largestGroup = 32;

type Outcome = { readonly value: unknown } | { readonly error: unknown };

interface Member<Tables> {
  readonly work: (tx: Transaction<Tables>) => Promise<unknown>;
  readonly settle: (outcome: Outcome) => void;
  outcome?: Outcome;
}

export interface GroupCommitOptions {
  readonly connection: WriterConnection;
  readonly dialect: Dialect;
  readonly timers: Timers;
  readonly onCommit: () => void;
}

/**
 * Lets concurrent transactions share one commit, because a commit waits for the disk. Those that wait when a commit
 * ends run one after the other, in the order of their arrival, each in a savepoint of the next transaction.
 *
 * States: idle (nobody waits), running (a group is under way, newcomers queue), closed (newcomers are refused). All
 * members of a group are answered together, after the commit: a refusal, too, may rest on what another member wrote.
 */
export class GroupCommit<Tables> {
  readonly #options: GroupCommitOptions;
  #queue: Member<Tables>[] = [];
  #running: Promise<void> | undefined;
  #closed: Error | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  write<T>(work: (tx: Transaction<Tables>) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({
        work,
        settle: (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value as T)),
      });
      this.#running ??= this.#drain();
    });
  }

  /** Lets everything that was accepted finish, refuses the rest with `reason`, and closes the connection. */
  async close(reason: Error): Promise<void> {
    this.#closed ??= reason;
    await this.#running;
    await this.#options.connection.close();
  }

  async #drain(): Promise<void> {
    await null; // whoever calls write in this same turn belongs to the first group
    while (this.#queue.length > 0) {
      const group = this.#queue.slice(0, largestGroup);
      this.#queue = this.#queue.slice(largestGroup);
      const failure = await this.#runUntilDecided(group);
      for (const member of group) member.settle(failure ? { error: failure } : (member.outcome as Outcome));
    }
    this.#running = undefined;
  }

  /** @returns what the whole group failed with, or undefined once every member has its own outcome */
  async #runUntilDecided(group: readonly Member<Tables>[]): Promise<Error | undefined> {
    for (const delayMs of againDelaysMs) {
      const verdict = await this.#runOnce(group);
      if (!verdict?.again) return verdict?.error;
      await this.#options.timers.sleep(delayMs);
    }
    return (await this.#runOnce(group))?.error;
  }

  async #runOnce(group: readonly Member<Tables>[]): Promise<Verdict | undefined> {
    const { connection, onCommit } = this.#options;
    let during: 'begin' | 'work' | 'commit' = 'begin';
    try {
      await connection.begin();
      during = 'work';
      for (const member of group) member.outcome = await this.#runMember(member);
      if (group.every((member) => member.outcome && 'error' in member.outcome)) {
        await connection.rollback();
        return undefined;
      }
      during = 'commit';
      await connection.commit();
    } catch (error) {
      const verdict = connection.judge(error, during);
      await connection.rollback();
      return verdict;
    }
    onCommit();
    return undefined;
  }

  /** @throws what broke the whole group; what broke this member alone is its outcome */
  async #runMember(member: Member<Tables>): Promise<Outcome> {
    const { connection, dialect } = this.#options;
    const scope = new TransactionScope(connection);
    connection.savepoint();
    const outcome = await outcomeOf(async () => {
      try {
        return await member.work(createTransaction<Tables>(dialect, scope));
      } finally {
        await scope.end();
      }
    });
    if (connection.groupFailure !== undefined) throw connection.groupFailure;
    if ('error' in outcome) await connection.rollbackToSavepoint();
    else connection.release();
    return outcome;
  }
}

async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}
