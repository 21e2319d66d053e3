import type { CompiledQuery, QueryResult } from 'kysely';
import type pg from 'pg';
import { errorCode } from '../runtime/error-code.ts';
import { bindable } from './bindable.ts';
import { CommitOutcomeUnknownError, StoreUnavailableError } from './errors.ts';
import type { Verdict, WriterConnection } from './group-commit.ts';
import { PostgresClient, type PostgresClientConfig } from './postgres-client.ts';
import { PostgresConnection, StatementNames } from './postgres-connection.ts';
import { briefly, kindOfFailure, sqlState } from './postgres-errors.ts';

/**
 * The writers of several processes take turns by this lock. LOCK TABLE is the one lock that can be waited for before a
 * serializable transaction takes its snapshot (https://www.postgresql.org/docs/15/sql-lock.html), so whoever has it sees
 * everything committed before, positions are handed out in the order of commits, and nobody fails with 40001. It goes
 * with the transaction, also when the process dies.
 */
export const writerLockTable = 'andon_writer';
const begin = `begin isolation level serializable; lock table ${writerLockTable} in access exclusive mode`;

/** The server ended the session: shut down, crashed, or tired of a process that was stopped in mid-transaction. */
const lostSessions = ['57P01', '57P02', '25P03', '25P04'];

export interface PostgresWriterOptions {
  readonly config: PostgresClientConfig;
  readonly store: string;
  /** NOTIFY goes out on it with every commit. */
  readonly channel: string;
  readonly onLost: (error: Error) => void;
}

/**
 * The store's one writing client, connected when it is needed and again after it was lost. Statements are pipelined: a
 * savepoint travels with the statement that follows it.
 */
export class PostgresWriter implements WriterConnection {
  readonly #options: PostgresWriterOptions;
  #connection: PostgresConnection | undefined;
  #groupFailure: unknown;
  /** Sent with the next command of its kind, to save a round trip. */
  #unsent = '';

  constructor(options: PostgresWriterOptions) {
    this.#options = options;
  }

  get groupFailure(): unknown {
    return this.#groupFailure;
  }

  /** The server process that our own notifications come from. */
  get processId(): number | undefined {
    const client = this.#connection?.client as { readonly processID?: number } | undefined;
    return client?.processID;
  }

  async begin(): Promise<void> {
    this.#groupFailure = undefined;
    this.#unsent = '';
    this.#connection ??= await this.#connect();
    await this.#connection.client.query(begin);
  }

  savepoint(): void {
    const text = `${this.#unsent}savepoint member`;
    this.#unsent = '';
    // Not waited for: when it fails, so does every statement after it.
    this.#client.query(text).catch((error: unknown) => this.#noteFailure(error));
  }

  release(): void {
    this.#unsent = 'release savepoint member; ';
  }

  async rollbackToSavepoint(): Promise<void> {
    await this.#client.query('rollback to savepoint member');
    this.release();
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (!this.#connection) throw this.#groupFailure ?? new Error('connection terminated');
    for (const parameter of query.parameters) bindable(parameter); // what SQLite would refuse
    try {
      return await this.#connection.executeQuery<Row>(query);
    } catch (error) {
      if (kindOfFailure(error) !== 'statement') this.#noteFailure(error);
      throw error;
    }
  }

  streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new TypeError('Read in pages: a stream would keep the writer from everybody else.');
  }

  async commit(): Promise<void> {
    const text = `${this.#unsent}notify ${this.#options.channel}; commit`;
    const results = (await this.#client.query(text)) as unknown as readonly pg.QueryResult[];
    if (results.at(-1)?.command !== 'COMMIT') throw new NotCommittedError();
  }

  async rollback(): Promise<void> {
    try {
      await this.#connection?.client.query('rollback');
    } catch {
      this.#drop();
    }
  }

  judge(error: unknown, during: 'begin' | 'work' | 'commit'): Verdict {
    const { store } = this.#options;
    const kind = kindOfFailure(error);
    if (kind === 'conflict' || error instanceof NotCommittedError) {
      return {
        error: new StoreUnavailableError(store, 'other writers kept getting in the way', { cause: error }),
        again: true,
      };
    }
    // A server that is being shut down at once may report that after it has committed.
    const state = sqlState(error);
    const unknown = during === 'commit' && (state === undefined || state.startsWith('57P'));
    if (unknown) return { error: new CommitOutcomeUnknownError(store, { cause: error }), again: false };
    const unavailable = new StoreUnavailableError(store, briefly(error), { cause: error });
    // An established connection that broke: the database may be back already. One that was refused: say so at once.
    const lost = state === undefined || lostSessions.includes(state);
    return { error: unavailable, again: lost && !(error instanceof ConnectError) };
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await (connection?.client as pg.Client | undefined)?.end();
  }

  get #client(): pg.ClientBase {
    if (!this.#connection) throw this.#groupFailure ?? new Error('connection terminated');
    return this.#connection.client;
  }

  async #connect(): Promise<PostgresConnection> {
    const client = new PostgresClient(this.#options.config);
    // Prepared statements belong to the connection, so a new connection begins with no names.
    const connection = new PostgresConnection(client, new StatementNames());
    client.on('error', (error) => this.#onLost(connection, error));
    client.on('end', () => this.#onLost(connection, new Error('connection ended')));
    try {
      await client.connect();
    } catch (error) {
      throw new ConnectError(error);
    }
    return connection;
  }

  #onLost(connection: PostgresConnection, error: Error): void {
    if (this.#connection !== connection) return;
    this.#noteFailure(error);
    this.#connection = undefined;
    this.#options.onLost(error);
  }

  #noteFailure(error: unknown): void {
    this.#groupFailure ??= error;
  }

  #drop(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    (connection?.client as pg.Client | undefined)?.end().catch(() => undefined);
  }
}

/** COMMIT was answered with ROLLBACK, which the server does without an error when a statement had failed. */
class NotCommittedError extends Error {}

class ConnectError extends Error {
  readonly code: string | undefined;

  constructor(cause: unknown) {
    super('connection error', { cause });
    this.code = errorCode(cause);
  }
}
