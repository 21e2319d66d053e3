import {
  type DatabaseConnection,
  type Dialect,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';
import pg from 'pg';
import type { Runtime } from '../runtime/runtime.ts';
import type { Timers } from '../runtime/timers.ts';
import { CommitSignal } from './commit-signal.ts';
import { ConnectionDriver, ReadDriver } from './connection-driver.ts';
import type { Database } from './database.ts';
import { StoreUnavailableError } from './errors.ts';
import { GroupCommit } from './group-commit.ts';
import { type MigrationSet, migrate, requireMigrated } from './migrate.ts';
import { PostgresClient, type PostgresClientConfig } from './postgres-client.ts';
import { PostgresConnection, postgresTypes, StatementNames } from './postgres-connection.ts';
import { briefly, kindOfFailure, sqlState } from './postgres-errors.ts';
import type { PostgresListener } from './postgres-listener.ts';
import { toStartError } from './postgres-start-error.ts';
import { PostgresWriter, writerLockTable } from './postgres-writer.ts';

/** Connections that read, per store and process. PostgreSQL allows 100 in all by default. */
const readConnections = 4;
const readOnlyTransaction = '25006';
/** After this the database counts as unavailable. */
const connectTimeoutMs = 3_000;
const queryTimeoutMs = 15_000;
/** A start may wait for that of another process, and a migration may take its time. */
const startSettings = '-c lock_timeout=30000';
const startQueryTimeoutMs = 300_000;
/** Firewalls forget connections that are silent for some minutes, and the system would first ask after two hours. */
const keepAliveMs = 60_000;
/** How long a writer waits for its turn, and how long a stopped process may keep the others waiting. */
const turnTimeoutMs = 5_000;
const idleWriterTimeoutMs = 10_000;

const writerSettings = (patience: number) =>
  `-c lock_timeout=${patience * turnTimeoutMs} -c idle_in_transaction_session_timeout=${patience * idleWriterTimeoutMs} -c enable_seqscan=off -c plan_cache_mode=force_generic_plan`;

export interface PostgresDatabaseOptions {
  readonly databaseUrl: string;
  /** See `StorageOptions`. */
  readonly patience: number;
  readonly store: string;
  readonly migrations: MigrationSet;
  readonly runtime: Runtime;
  readonly listener: PostgresListener;
}

export interface ConnectionOptions {
  readonly databaseUrl: string;
  /** See `StorageOptions`. */
  readonly patience: number;
  /** What administrators see it by. */
  readonly name: string;
  /** `-c setting=value`, with blanks between. */
  readonly settings?: string;
  readonly timers: Timers;
}

/** What every connection of Andon says when it connects. */
export function connectionConfig({
  databaseUrl,
  patience,
  name,
  settings = '',
  timers,
}: ConnectionOptions): PostgresClientConfig {
  const address = new URL(databaseUrl);
  // The driver would take what the address says in place of what we say: tables would end up in another schema.
  const said = address.searchParams.get('options') ?? '';
  address.searchParams.delete('options');
  return {
    connectionString: said === '' ? databaseUrl : address.href,
    application_name: `andon ${name}`,
    connectionTimeoutMillis: patience * connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    types: postgresTypes,
    options: `${said} ${settings}`.trim(),
    timers,
  };
}

function postgresDialect(driver: ConnectionDriver): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

/** Opens, and migrates, one schema. @throws DatabaseUnusableError, DataDirectoryTooNewError */
export async function openPostgresDatabase<Tables>(options: PostgresDatabaseOptions): Promise<Database<Tables>> {
  const { databaseUrl, patience, store, runtime, listener } = options;
  const schema = schemaOf(store);
  const searchPath = `-c search_path=${schema}`;
  const { syncs } = await prepareSchema(options, schema);
  const writer = new PostgresWriter({
    config: {
      ...connectionConfig({
        databaseUrl,
        patience,
        name: `${store} writer`,
        settings: `${searchPath} ${writerSettings(patience)} ${syncs}`,
        timers: runtime.timers,
      }),
      query_timeout: patience * queryTimeoutMs,
      pipeline: true,
    } as PostgresClientConfig,
    store,
    channel: schema,
    onLost: (error) => runtime.log.warn('database connection lost', { store, problem: briefly(error) }),
  });
  const signal = new CommitSignal((error) => runtime.log.error('commit listener failed', { store, cause: error }));
  const group = new GroupCommit<Tables>({
    connection: writer,
    dialect: postgresDialect(new ConnectionDriver(() => Promise.reject(new TypeError('the group commit connects')))),
    timers: runtime.timers,
    onCommit: () => signal.fire(),
  });
  const reader = openReader<Tables>(options, searchPath);
  let listening = false;
  const isOwn = (processId: number | undefined) => processId !== undefined && processId === writer.processId;
  return {
    dialect: 'postgres',
    read: reader.read,
    write: (work) => group.write(work),
    onCommit(notify) {
      if (!listening) listener.listen(schema, (from) => isOwn(from) || signal.fire());
      listening = true;
      return signal.add(notify);
    },
    async close() {
      await group.close(closed(store));
      await reader.close();
    },
  };
}

/** Opens one schema to read only: no migration, no write. @throws DatabaseUnusableError, StoreNotReadyError */
export async function openPostgresReader<Tables>(options: PostgresDatabaseOptions): Promise<Database<Tables>> {
  const { store, migrations } = options;
  const schema = schemaOf(store);
  const { read, close } = openReader<Tables>(options, `-c search_path=${schema}`);
  try {
    await requireMigrated({ db: read as Kysely<unknown>, migrations, schema, place: placeOf(schema) });
  } catch (error) {
    await close();
    throw toStartError(options.databaseUrl, error instanceof StoreUnavailableError ? error.cause : error) ?? error;
  }
  return {
    dialect: 'postgres',
    read,
    write: () => Promise.reject(new StoreUnavailableError(store, 'it was opened to read only')),
    onCommit: () => () => undefined,
    close,
  };
}

function openReader<Tables>(
  { databaseUrl, patience, store, runtime }: PostgresDatabaseOptions,
  searchPath: string,
): { readonly read: Kysely<Tables>; readonly close: () => Promise<void> } {
  const pool = new pg.Pool({
    ...connectionConfig({
      databaseUrl,
      patience,
      name: `${store} reader`,
      settings: `${searchPath} -c default_transaction_read_only=on`,
      timers: runtime.timers,
    }),
    Client: PostgresClient as typeof pg.Client,
    query_timeout: patience * queryTimeoutMs,
    max: readConnections,
  });
  pool.on('error', (error) => runtime.log.warn('idle database connection lost', { store, problem: briefly(error) }));
  const names = new StatementNames();
  const driver = new ReadDriver(
    async () => {
      if (pool.ending) throw closed(store);
      const client = await pool.connect().catch((error: unknown) => Promise.reject(asUnavailable(store, error)));
      return new PoolConnection(client, names, store);
    },
    async (connection) => (connection as PoolConnection).release(),
  );
  return {
    read: new Kysely<Tables>({ dialect: postgresDialect(driver) }),
    close: async () => void (pool.ending || (await pool.end())),
  };
}

/** What ends a connection under a query fails the query, which says so. */
const reportedByQuery = () => undefined;

class PoolConnection extends PostgresConnection {
  readonly #store: string;
  #isDoubtful = false;

  constructor(client: pg.PoolClient, names: StatementNames, store: string) {
    super(client, names);
    this.#store = store;
    // The pool listens to idle clients only, and an error that nobody listens to ends the process.
    client.on('error', reportedByQuery);
  }

  override executeQuery<Row>(query: Parameters<DatabaseConnection['executeQuery']>[0]) {
    return super.executeQuery<Row>(query).catch((error: unknown) => {
      const failure = asUnavailable(this.#store, error);
      this.#isDoubtful = failure instanceof StoreUnavailableError;
      throw failure;
    });
  }

  release(): void {
    const client = this.client as pg.PoolClient;
    client.off('error', reportedByQuery);
    // Nobody is to be given a connection that has just failed somebody else.
    client.release(this.#isDoubtful);
  }
}

const closed = (store: string) => new StoreUnavailableError(store, 'it has been closed');

/** @returns the error itself where the database is well */
function asUnavailable(store: string, error: unknown): unknown {
  // A reader's transactions are read-only by our own setting: whoever writes there has made a mistake.
  if (kindOfFailure(error) !== 'unavailable' || sqlState(error) === readOnlyTransaction) return error;
  return new StoreUnavailableError(store, briefly(error), { cause: error });
}

export function schemaOf(store: string): string {
  return `andon_${store}`;
}

/** What to call a schema in a message. */
export function placeOf(schema: string): string {
  return `The schema ${schema} of the database in DATABASE_URL`;
}

/** @returns the setting that a writer needs where the database would otherwise answer before it has written */
async function prepareSchema(
  { databaseUrl, patience, store, migrations, runtime }: PostgresDatabaseOptions,
  schema: string,
): Promise<{ readonly syncs: string }> {
  const client = new PostgresClient({
    ...connectionConfig({
      databaseUrl,
      patience,
      name: `${store} migration`,
      settings: `-c search_path=${schema} ${startSettings}`,
      timers: runtime.timers,
    }),
    query_timeout: startQueryTimeoutMs,
  });
  client.on('error', () => undefined); // the query under way reports it
  // One that never came about has no end to wait for.
  await client.connect().catch((error: unknown) => {
    throw toStartError(databaseUrl, error) ?? error;
  });
  try {
    // Two processes may start at once, and IF NOT EXISTS does not keep them apart.
    await client.query(`select pg_advisory_lock(hashtext('andon migration'))`);
    await client.query(`create schema if not exists ${schema}`);
    await client.query(`create table if not exists ${schema}.${writerLockTable} ()`);
    const connection = new PostgresConnection(client, new StatementNames());
    const dialect = postgresDialect(new ConnectionDriver(async () => connection));
    await migrate({ db: new Kysely<unknown>({ dialect }), migrations, schema, place: placeOf(schema) });
    return { syncs: await durability(client, store, runtime) };
  } catch (error) {
    throw toStartError(databaseUrl, error) ?? error;
  } finally {
    await client.end();
  }
}

async function durability(client: pg.Client, store: string, { log }: Runtime): Promise<string> {
  const { rows } = await client.query(
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit`,
  );
  if (rows[0].fsync !== 'on')
    log.warn('the database runs with fsync off: a power cut loses what it has acknowledged', { store });
  return rows[0].synchronous_commit === 'off' ? '-c synchronous_commit=on' : '';
}
