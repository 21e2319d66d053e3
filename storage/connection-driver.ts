import { CompiledQuery, type DatabaseConnection, type Driver } from 'kysely';

/** Kysely's way to the connections that a store lends out; opening and closing them stays with the store. */
export class ConnectionDriver implements Driver {
  readonly #acquire: () => Promise<DatabaseConnection>;
  readonly #release: (connection: DatabaseConnection) => Promise<void>;

  constructor(
    acquire: () => Promise<DatabaseConnection>,
    release: (connection: DatabaseConnection) => Promise<void> = async () => undefined,
  ) {
    this.#acquire = acquire;
    this.#release = release;
  }

  async init(): Promise<void> {}

  acquireConnection(): Promise<DatabaseConnection> {
    return this.#acquire();
  }

  releaseConnection(connection: DatabaseConnection): Promise<void> {
    return this.#release(connection);
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {}
}

/** For readers: one connection serves everybody at once, so a transaction would swallow other readers' queries. */
export class ReadDriver extends ConnectionDriver {
  override async beginTransaction(): Promise<void> {
    throw new TypeError('Reads have no transactions. Use write() for what must be seen, or done, together.');
  }
}
