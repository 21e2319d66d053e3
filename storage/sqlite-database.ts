import { existsSync, statSync } from 'node:fs';
import { type Dialect, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import { errorCode } from '../runtime/error-code.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { CommitSignal } from './commit-signal.ts';
import { ConnectionDriver, ReadDriver } from './connection-driver.ts';
import { createPrivateFile } from './create-private-file.ts';
import type { Database } from './database.ts';
import { DataDirectoryCorruptError, StoreNotReadyError, StoreReadOnlyError, StoreUnavailableError } from './errors.ts';
import { GroupCommit } from './group-commit.ts';
import { type MigrationSet, migrate, requireMigrated } from './migrate.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { SqliteWriter } from './sqlite-writer.ts';

/** Durable at COMMIT, also when the power fails (https://sqlite.org/pragma.html#pragma_synchronous). */
const writerPragmas = ['journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON'];
const readerPragmas = ['query_only = ON'];

/** Up to this size a file is checked as a whole when it is opened (some 100 MB a second); above, when it is used. */
const checkedAtOpenBytes = 64 * 1024 * 1024;

export interface SqliteDatabaseOptions {
  readonly path: string;
  readonly store: string;
  readonly migrations: MigrationSet;
  readonly runtime: Runtime;
}

/** SQLite can roll back a CREATE TABLE; Kysely does not assume so, and a crash would leave half a migration. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

function sqliteDialect(driver: ConnectionDriver): Dialect {
  return {
    createAdapter: () => new TransactionalSqliteAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** Opens, checks and migrates one file. @throws DataDirectoryCorruptError, DataDirectoryTooNewError, StoreReadOnlyError */
export async function openSqliteDatabase<Tables>(options: SqliteDatabaseOptions): Promise<Database<Tables>> {
  const { path, store, migrations, runtime } = options;
  return namingProblems(path, async () => {
    createPrivateFile(path);
    const connection = new SqliteConnection(path, writerPragmas);
    const dialect = sqliteDialect(new ConnectionDriver(async () => connection));
    try {
      checkFile(path, connection);
      checkWritable(connection);
      await migrate({ db: new Kysely<unknown>({ dialect }), migrations, place: path });
    } catch (error) {
      connection.close();
      throw error;
    }
    const reader = new SqliteConnection(path, readerPragmas);
    const signal = new CommitSignal((error) => runtime.log.error('commit listener failed', { store, cause: error }));
    const group = new GroupCommit<Tables>({
      connection: new SqliteWriter(connection, store),
      dialect,
      timers: runtime.timers,
      onCommit: () => signal.fire(),
    });
    return {
      dialect: 'sqlite',
      read: new Kysely<Tables>({ dialect: sqliteDialect(new ReadDriver(async () => reader)) }),
      write: (work) => group.write(work),
      onCommit: (listener) => signal.add(listener),
      async close() {
        await group.close(new StoreUnavailableError(store, 'it has been closed'));
        reader.close();
      },
    };
  });
}

/** Opens one file beside a process that writes it: no lock, no migration, no write. */
export async function openSqliteReader<Tables>(options: SqliteDatabaseOptions): Promise<Database<Tables>> {
  const { path, store, migrations } = options;
  if (!existsSync(path)) throw new StoreNotReadyError(path);
  return namingProblems(path, async () => {
    const reader = new SqliteConnection(path, readerPragmas);
    const read = new Kysely<Tables>({ dialect: sqliteDialect(new ReadDriver(async () => reader)) });
    try {
      await requireMigrated({ db: read as Kysely<unknown>, migrations, place: path });
    } catch (error) {
      reader.close();
      throw error;
    }
    return {
      dialect: 'sqlite',
      read,
      write: () => Promise.reject(new StoreUnavailableError(store, 'it was opened to read only')),
      onCommit: () => () => undefined,
      close: async () => reader.close(),
    };
  });
}

function checkFile(path: string, connection: SqliteConnection): void {
  if (statSync(path).size > checkedAtOpenBytes) return;
  const problem = connection.firstProblem();
  if (problem !== undefined) throw new DataDirectoryCorruptError(path, { cause: problem });
}

/** A file that may only be read opens like any other, and BEGIN IMMEDIATE succeeds on it: only a change shows it. */
function checkWritable(connection: SqliteConnection): void {
  connection.run('BEGIN IMMEDIATE');
  try {
    connection.run('CREATE TABLE andon_may_write (one integer)');
  } finally {
    connection.run('ROLLBACK');
  }
}

async function namingProblems<T>(path: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) throw new DataDirectoryCorruptError(path, { cause: error });
    if (/^(SQLITE_(READONLY|CANTOPEN|PERM)|EACCES|EPERM|EROFS)/.test(code))
      throw new StoreReadOnlyError(path, writeRemedy, { cause: error });
    throw error;
  }
}

const writeRemedy =
  'Give this user the right to write the file, the files beside it and their folder, or set ANDON_DATA_DIR to a folder that it owns.';
