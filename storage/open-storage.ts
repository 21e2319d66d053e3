import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '../runtime/make-directory.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { createPrivateFile } from './create-private-file.ts';
import type { Database } from './database.ts';
import { lockDirectory } from './directory-lock.ts';
import { DataDirectoryInUseError, DataDirectoryUnusableError } from './errors.ts';
import { Installation, type InstalledStore, installationMigrations } from './installation.ts';
import type { MigrationSet } from './migrate.ts';
import { openSqliteDatabase, openSqliteReader } from './sqlite-database.ts';

export interface StorageOptions {
  /** Where SQLite keeps its files; made when missing. Not touched when `databaseUrl` is given. */
  readonly dataDir: string;
  /** `postgres://…`: each store is a schema `andon_<store>` of this database. Not given: SQLite files in `dataDir`. */
  readonly databaseUrl?: string;
  /**
   * How many times as long as usual PostgreSQL may take to be there and to answer: for tests, on machines that stall.
   * @default 1
   */
  readonly patience?: number;
  readonly runtime: Runtime;
  /**
   * Opens beside a process that writes: no lock, no migration, no write. For audits and reports.
   * @default false
   */
  readonly readOnly?: boolean;
  /**
   * The store that is opened first and that every other one must belong to. Not given: stores are not compared.
   * @default undefined
   */
  readonly leadingStore?: string;
}

/** Where every store of this process lives. */
export interface Storage {
  /** @param store lower case letters and _: `journal`, `erp`, `erp_lyon`. Its own file or schema, so no transaction spans two stores. */
  open<Tables>(store: string, migrations: MigrationSet): Promise<Database<Tables>>;
  /** Lets accepted writes finish, then closes every store. Further calls wait for the first. */
  close(): Promise<void>;
}

/**
 * @throws DataDirectoryInUseError, DataDirectoryUnusableError here; DataDirectoryCorruptError, DataDirectoryTooNewError,
 *   StoreReadOnlyError, StoresDoNotBelongTogetherError, StoreUnavailableError and, to read only, StoreNotReadyError from
 *   `open`
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const backend = options.databaseUrl ? await openPostgres(options.databaseUrl, options) : openSqlite(options);
  const { leadingStore, runtime } = options;
  const installation =
    leadingStore === undefined || options.readOnly ? undefined : new Installation(leadingStore, runtime.ids);
  const opened: Pick<Database<unknown>, 'close'>[] = [];
  let closing: Promise<void> | undefined;
  const closeAll = async () => {
    await Promise.all(opened.map((database) => database.close()));
    await backend.close();
  };
  return {
    async open<Tables>(store: string, migrations: MigrationSet) {
      if (!/^[a-z]+(_[a-z]+)*$/.test(store))
        throw new TypeError(`A store is named by lower case letters and _, not "${store}".`);
      const database = await backend.open<Tables>(store, { ...installationMigrations, ...migrations });
      opened.push(database);
      await installation?.admit({
        store,
        place: backend.placeOf(store),
        database: database as unknown as InstalledStore,
      });
      return database;
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

interface Backend extends Storage {
  /** What to call a store in a message. */
  placeOf(store: string): string;
}

function openSqlite({ dataDir, runtime, readOnly }: StorageOptions): Backend {
  const unlock = readOnly ? () => undefined : prepareDirectory(dataDir);
  const openDatabase = readOnly ? openSqliteReader : openSqliteDatabase;
  const placeOf = (store: string) => join(dataDir, `${store}.db`);
  return {
    placeOf,
    open: (store, migrations) => openDatabase({ path: placeOf(store), store, migrations, runtime }),
    close: async () => unlock(),
  };
}

/** Its driver is loaded only where it is used: that takes a twentieth of a start. */
async function openPostgres(
  databaseUrl: string,
  { patience = 1, runtime, readOnly }: StorageOptions,
): Promise<Backend> {
  const { connectionConfig, openPostgresDatabase, openPostgresReader, placeOf, schemaOf } = await import(
    './postgres-database.ts'
  );
  const { PostgresListener } = await import('./postgres-listener.ts');
  const { timers, log } = runtime;
  const listener = new PostgresListener({
    config: connectionConfig({ databaseUrl, patience, name: 'listener', timers }),
    timers,
    log,
  });
  const openDatabase = readOnly ? openPostgresReader : openPostgresDatabase;
  return {
    placeOf: (store) => placeOf(schemaOf(store)),
    open: (store, migrations) => openDatabase({ databaseUrl, patience, store, migrations, runtime, listener }),
    close: () => listener.close(),
  };
}

function prepareDirectory(dataDir: string): () => void {
  const lockFile = join(dataDir, 'andon.lock');
  try {
    makeDirectory(dataDir);
    createPrivateFile(lockFile);
    accessSync(lockFile, constants.W_OK); // one that may only be read locks nobody out
    return lockDirectory(dataDir, lockFile);
  } catch (error) {
    if (error instanceof DataDirectoryInUseError) throw error;
    throw new DataDirectoryUnusableError(dataDir, reasonOf(error), { cause: error });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
