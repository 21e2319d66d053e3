import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Runtime } from '../runtime/runtime.ts';
import type { Database } from './database.ts';
import { lockDirectory } from './directory-lock.ts';
import { DataDirectoryInUseError, DataDirectoryUnusableError } from './errors.ts';
import type { MigrationSet } from './migrate.ts';
import { connectionConfig, openPostgresDatabase, openPostgresReader } from './postgres-database.ts';
import { PostgresListener } from './postgres-listener.ts';
import { openSqliteDatabase, openSqliteReader } from './sqlite-database.ts';

export interface StorageOptions {
  /** Where SQLite keeps its files; made when missing. Not touched when `databaseUrl` is given. */
  readonly dataDir: string;
  /** `postgres://…`: each store is a schema `andon_<store>` of this database. Not given: SQLite files in `dataDir`. */
  readonly databaseUrl?: string;
  readonly runtime: Runtime;
  /**
   * Opens beside a process that writes: no lock, no migration, no write. For audits and reports.
   * @default false
   */
  readonly readOnly?: boolean;
}

/** Where every store of this process lives. */
export interface Storage {
  /** @param store lower case letters: `journal`, `erp`. Its own file or schema, so no transaction spans two stores. */
  open<Tables>(store: string, migrations: MigrationSet): Promise<Database<Tables>>;
  /** Lets accepted writes finish, then closes every store. Further calls wait for the first. */
  close(): Promise<void>;
}

/**
 * @throws DataDirectoryInUseError, DataDirectoryUnusableError here; DataDirectoryCorruptError, DataDirectoryTooNewError,
 *   StoreUnavailableError and, to read only, StoreNotReadyError from `open`
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const backend = options.databaseUrl ? openPostgres(options.databaseUrl, options) : openSqlite(options);
  const opened: Pick<Database<unknown>, 'close'>[] = [];
  let closing: Promise<void> | undefined;
  const closeAll = async () => {
    await Promise.all(opened.map((database) => database.close()));
    await backend.close();
  };
  return {
    async open<Tables>(store: string, migrations: MigrationSet) {
      if (!/^[a-z]+$/.test(store)) throw new TypeError(`A store is named by lower case letters, not "${store}".`);
      const database = await backend.open<Tables>(store, migrations);
      opened.push(database);
      return database;
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

function openSqlite({ dataDir, runtime, readOnly }: StorageOptions): Storage {
  const unlock = readOnly ? () => undefined : prepareDirectory(dataDir);
  const openDatabase = readOnly ? openSqliteReader : openSqliteDatabase;
  return {
    open: (store, migrations) => openDatabase({ path: join(dataDir, `${store}.db`), store, migrations, runtime }),
    close: async () => unlock(),
  };
}

function openPostgres(databaseUrl: string, { runtime, readOnly }: StorageOptions): Storage {
  const { timers, log } = runtime;
  const listener = new PostgresListener({ config: connectionConfig(databaseUrl, 'listener'), timers, log });
  const openDatabase = readOnly ? openPostgresReader : openPostgresDatabase;
  return {
    open: (store, migrations) => openDatabase({ databaseUrl, store, migrations, runtime, listener }),
    close: () => listener.close(),
  };
}

function prepareDirectory(dataDir: string): () => void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return lockDirectory(dataDir, join(dataDir, 'andon.lock'));
  } catch (error) {
    if (error instanceof DataDirectoryInUseError) throw error;
    throw new DataDirectoryUnusableError(dataDir, { cause: error });
  }
}
