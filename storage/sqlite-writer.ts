import type { CompiledQuery, QueryResult } from 'kysely';
import { errorCode } from '../runtime/error-code.ts';
import { CommitOutcomeUnknownError, StoreUnavailableError } from './errors.ts';
import type { Verdict, WriterConnection } from './group-commit.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** Failures of COMMIT after which SQLite guarantees that nothing was committed; after any other it may have been. */
const certainlyNotCommitted = ['SQLITE_FULL', 'SQLITE_BUSY', 'SQLITE_CONSTRAINT', 'SQLITE_ERROR'];

/** Statements at once, COMMIT on another thread: the event loop never waits for the disk. */
export class SqliteWriter implements WriterConnection {
  readonly #connection: SqliteConnection;
  readonly #store: string;
  #groupFailure: unknown;

  constructor(connection: SqliteConnection, store: string) {
    this.#connection = connection;
    this.#store = store;
  }

  get groupFailure(): unknown {
    return this.#groupFailure;
  }

  async begin(): Promise<void> {
    this.#groupFailure = undefined;
    this.#connection.run('BEGIN IMMEDIATE');
  }

  savepoint(): void {
    this.#connection.run('SAVEPOINT member');
  }

  release(): void {
    this.#connection.run('RELEASE member');
  }

  async rollbackToSavepoint(): Promise<void> {
    this.#connection.run('ROLLBACK TO member; RELEASE member');
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    try {
      return await this.#connection.executeQuery<Row>(query);
    } catch (error) {
      // A full disk or an I/O error rolls back everything, not only the statement (https://sqlite.org/lang_transaction.html).
      // A file that has become read-only refuses everybody's.
      if (!this.#connection.inTransaction || errorCode(error)?.startsWith('SQLITE_READONLY'))
        this.#groupFailure ??= error;
      throw error;
    }
  }

  streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    return this.#connection.streamQuery();
  }

  async commit(): Promise<void> {
    await this.#connection.runOffThread('COMMIT');
  }

  async rollback(): Promise<void> {
    if (this.#connection.inTransaction) this.#connection.run('ROLLBACK');
  }

  judge(error: unknown, during: 'begin' | 'work' | 'commit'): Verdict {
    const code = errorCode(error) ?? '';
    const certain = during !== 'commit' || certainlyNotCommitted.some((known) => code.startsWith(known));
    if (!certain) return { error: new CommitOutcomeUnknownError(this.#store, { cause: error }), again: false };
    const why = code === 'SQLITE_FULL' ? 'the disk is full' : `the database file refused (${code || error})`;
    return { error: new StoreUnavailableError(this.#store, why, { cause: error }), again: false };
  }

  /** Brings the write-ahead log into the file, so that the file alone is a whole backup while nothing runs. */
  async close(): Promise<void> {
    await this.#connection.runOffThread('PRAGMA wal_checkpoint(TRUNCATE)').catch(() => undefined);
    this.#connection.close();
  }
}
