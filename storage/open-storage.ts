import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Runtime } from '../runtime/runtime.ts';
import type { Database } from './database.ts';
import { lockDirectory } from './directory-lock.ts';
import { DataDirectoryUnusableError } from './errors.ts';
import type { MigrationSet } from './migrate.ts';
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
  /** Lets accepted writes finish, then closes every store. */
  close(): Promise<void>;
}

/** @throws DataDirectoryInUseError, DataDirectoryUnusableError; see `open` of each dialect for the others */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  return openSqliteStorage(options);
}

function openSqliteStorage({ dataDir, runtime, readOnly }: StorageOptions): Storage {
  const unlock = readOnly ? () => undefined : prepareDirectory(dataDir);
  const opened: Database<never>[] = [];
  return {
    async open<Tables>(store: string, migrations: MigrationSet) {
      const openDatabase = readOnly ? openSqliteReader : openSqliteDatabase;
      const path = join(dataDir, `${store}.db`);
      const database = await openDatabase<Tables>({ path, store, migrations, runtime });
      opened.push(database as unknown as Database<never>);
      return database;
    },
    async close() {
      await Promise.all(opened.map((database) => database.close()));
      unlock();
    },
  };
}

function prepareDirectory(dataDir: string): () => void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return lockDirectory(dataDir, join(dataDir, 'andon.lock'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!/^(E[A-Z]+|SQLITE_CANTOPEN.*|SQLITE_READONLY.*)$/.test(code)) throw error;
    throw new DataDirectoryUnusableError(dataDir, { cause: error });
  }
}
