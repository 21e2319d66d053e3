import type { Kysely, Transaction } from 'kysely';

/**
 * One store: the journal's, or one reference system's. Both dialects mean the same: every write is serializable, and
 * durable once its promise resolves.
 */
export interface Database<Tables> {
  readonly dialect: 'sqlite' | 'postgres';
  /** Committed data, outside any transaction. */
  readonly read: Kysely<Tables>;
  /**
   * Runs `work` in one serializable transaction and resolves once it is durable. Concurrent calls share one commit.
   * `work` may run again after a serialization failure, so it does nothing but query `tx`: no network, no waiting.
   * A throw rolls back this transaction alone.
   */
  write<T>(work: (tx: Transaction<Tables>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
