import type { Kysely, Transaction } from 'kysely';

/**
 * One store: the journal's, or one reference system's. Both dialects mean the same: every write is serializable, and
 * durable once its promise resolves. Rows come back the same too: whole numbers as `number`, everything else as the
 * text, bytes or null that was put in. Booleans and dates cannot be bound: say 0 or 1, and ISO 8601.
 */
export interface Database<Tables> {
  readonly dialect: 'sqlite' | 'postgres';
  /** Committed data, outside any transaction. Refuses to write. */
  readonly read: Kysely<Tables>;
  /**
   * Runs `work` in one serializable transaction and resolves once it is durable. Concurrent calls share one commit.
   * `work` may run again after a serialization failure, so it does nothing but query `tx`: no network, no waiting,
   * and never another `write`, which would wait for this one for ever. A throw rolls back this transaction alone, and
   * so does a statement that fails, even when `work` catches it.
   * @throws StoreUnavailableError when nothing was written; CommitOutcomeUnknownError when that cannot be known
   */
  write<T>(work: (tx: Transaction<Tables>) => Promise<T>): Promise<T>;
  /**
   * Calls `listener` after every commit, of this process and of others that share the store. It may be called without
   * a commit, and calls from other processes may be lost while the database is away: it says when to look, not what
   * happened. @returns a function that ends the calls
   */
  onCommit(listener: () => void): () => void;
  close(): Promise<void>;
}
