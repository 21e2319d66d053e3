import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createJournal } from '../../journal/create-journal.ts';
import type { Journal } from '../../journal/journal.ts';
import { journalMigrations } from '../../journal/migrations.ts';
import type { JournalTables } from '../../journal/tables.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Database } from '../../storage/database.ts';
import { openStorage, type Storage } from '../../storage/open-storage.ts';
import { sharedPostgres } from './postgres.ts';
import { testRuntime } from './runtime.ts';

export type DialectName = Database<unknown>['dialect'];

/** For `describe.each(dialects)`: one suite, both databases. */
export const dialects: readonly DialectName[] = ['sqlite', 'postgres'];

export interface TestStorage {
  readonly storage: Storage;
  readonly runtime: Runtime;
  readonly dataDir: string;
  readonly patience: number;
  /** Given on PostgreSQL. */
  readonly databaseUrl?: string;
  /** Opens the same data again, as a second process or a second start would. */
  reopen(): Promise<Storage>;
  /** Closes every storage that came from here and removes the data. */
  dispose(): Promise<void>;
}

/** A database that does not answer for seconds is no answer to what a test asks: the machine is busy. */
export const patience = 30;

/** An empty place for stores: a folder of its own, and on PostgreSQL a database of its own in this file's cluster. */
export async function openTestStorage(dialect: DialectName, overrides: Partial<Runtime> = {}): Promise<TestStorage> {
  const runtime = testRuntime(overrides);
  const dataDir = mkdtempSync(join(tmpdir(), 'andon-test-'));
  const databaseUrl = dialect === 'postgres' ? await (await sharedPostgres()).createDatabase() : undefined;
  const place = { dataDir, runtime, patience, ...(databaseUrl === undefined ? {} : { databaseUrl }) };
  const opened: Storage[] = [];
  const open = async () => {
    const storage = await openStorage(place);
    opened.push(storage);
    return storage;
  };
  return {
    ...place,
    storage: await open(),
    reopen: open,
    async dispose() {
      await Promise.all(opened.map((storage) => storage.close()));
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export interface TestJournal extends TestStorage {
  readonly journal: Journal;
  readonly database: Database<JournalTables>;
}

/** An empty journal. */
export async function openTestJournal(dialect: DialectName, overrides: Partial<Runtime> = {}): Promise<TestJournal> {
  const place = await openTestStorage(dialect, overrides);
  const database = await place.storage.open<JournalTables>('journal', journalMigrations);
  const journal = await createJournal({ database, runtime: place.runtime });
  return {
    ...place,
    database,
    journal,
    async dispose() {
      await journal.close();
      await place.dispose();
    },
  };
}
