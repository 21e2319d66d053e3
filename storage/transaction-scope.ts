import {
  type CompiledQuery,
  type DatabaseConnection,
  DefaultQueryExecutor,
  type Dialect,
  DummyDriver,
  type QueryResult,
  Transaction,
} from 'kysely';
import { TransactionEndedError } from './errors.ts';

/**
 * What one `work` sees of the connection that a whole group shares.
 *
 * States: open (queries go through), ended (a query that was not awaited would run in somebody else's transaction, so
 * it is refused). The first failed statement is remembered: on PostgreSQL nothing more can be done in such a
 * transaction, and both dialects must mean the same.
 */
export class TransactionScope implements DatabaseConnection {
  readonly #connection: DatabaseConnection;
  readonly #underWay = new Set<Promise<unknown>>();
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(connection: DatabaseConnection) {
    this.#connection = connection;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (this.#ended) throw new TransactionEndedError();
    const result = this.#connection.executeQuery<Row>(query);
    this.#underWay.add(result);
    try {
      return await result;
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    } finally {
      this.#underWay.delete(result);
    }
  }

  streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new TypeError('Read in pages: a stream would keep the writer from everybody else.');
  }

  /** Waits for what `work` left running. @throws the first error of any statement */
  async end(): Promise<void> {
    this.#ended = true;
    if (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    if (this.#failure) throw this.#failure.error;
  }
}

/** A Kysely transaction whose begin and end are somebody else's business: the group commit's. */
export function createTransaction<Tables>(dialect: Dialect, scope: TransactionScope): Transaction<Tables> {
  const executor = new DefaultQueryExecutor(dialect.createQueryCompiler(), dialect.createAdapter(), {
    provideConnection: (use) => use(scope),
  });
  return new Transaction<Tables>({ config: { dialect }, driver: new DummyDriver(), dialect, executor });
}
