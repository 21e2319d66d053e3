import { spawnSync } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../storage/database.ts';
import type { MigrationSet } from '../../storage/migrate.ts';
import { openStorage } from '../../storage/open-storage.ts';
import { openTestStorage, type TestStorage } from '../support/database.ts';

interface Tables {
  readonly note: { readonly id: number; readonly text: string };
}

const migrations: MigrationSet = {
  'test-0001': {
    async up(db) {
      await sql`create table note (id integer primary key, text text not null)`.execute(db);
    },
  },
};

describe('a data directory', () => {
  let place: TestStorage;
  let database: Database<Tables>;

  beforeEach(async () => {
    place = await openTestStorage('sqlite');
    database = await place.storage.open<Tables>('test', migrations);
  });

  afterEach(() => place.dispose());

  const insert = (id: number, text = '') =>
    database.write((tx) => tx.insertInto('note').values({ id, text }).execute());
  const file = () => join(place.dataDir, 'test.db');

  test('is synced to the disk with every commit, and its statements keep foreign keys', async () => {
    const settings = await database.write(async (tx) => [
      (await sql<Record<string, unknown>>`pragma synchronous`.execute(tx)).rows[0],
      (await sql<Record<string, unknown>>`pragma journal_mode`.execute(tx)).rows[0],
      (await sql<Record<string, unknown>>`pragma foreign_keys`.execute(tx)).rows[0],
    ]);
    expect(settings).toEqual([{ synchronous: 2 }, { journal_mode: 'wal' }, { foreign_keys: 1 }]);
  });

  test('is refused while it is open in this process or another, and free when that process is gone', async () => {
    const inUse = { code: 'DATA_DIRECTORY_IN_USE', message: expect.stringContaining('ANDON_DATA_DIR') };
    await expect(openStorage(place)).rejects.toMatchObject(inUse);
    const lock = `
      const lock = new (require('libsql'))(process.argv[1], { timeout: 0 });
      try { lock.exec('BEGIN EXCLUSIVE'); console.log('taken'); } catch (error) { console.log(error.code); }
      process.kill(process.pid, 'SIGKILL');`;
    const take = () =>
      spawnSync(process.execPath, ['-e', lock, join(place.dataDir, 'andon.lock')], { encoding: 'utf8' }).stdout.trim();
    expect(take()).toBe('SQLITE_BUSY');
    await place.storage.close();
    expect(take()).toBe('taken');
    await insertAfterReopen(place);
  });

  test('with a file that is no database is refused, and the file is left as it is', async () => {
    await place.storage.close();
    const text = 'This is somebody’s shopping list. '.repeat(200);
    writeFileSync(file(), text);
    const storage = await place.reopen();
    await expect(storage.open('test', migrations)).rejects.toMatchObject({
      code: 'DATA_DIRECTORY_CORRUPT',
      message: expect.stringMatching(
        /test\.db is damaged .* Restore the whole data directory from a backup: an empty journal would know of no hold/,
      ),
    });
    expect(readFileSync(file(), 'utf8')).toBe(text);
  });

  test('with a damaged page is refused', async () => {
    await Promise.all(Array.from({ length: 200 }, (_, index) => insert(index + 1, 'x'.repeat(500))));
    await place.storage.close();
    const { size } = statSync(file());
    expect(size).toBeGreaterThan(20 * 4096);
    writeSync(openSync(file(), 'r+'), Buffer.alloc(4096, 7), 0, 4096, 10 * 4096);
    const storage = await place.reopen();
    await expect(storage.open('test', migrations)).rejects.toMatchObject({ code: 'DATA_DIRECTORY_CORRUPT' });
  });

  test('that cannot be made is refused with what to do', async () => {
    const blocked = join(place.dataDir, 'file');
    writeFileSync(blocked, '');
    await expect(openStorage({ ...place, dataDir: join(blocked, 'data') })).rejects.toMatchObject({
      code: 'DATA_DIRECTORY_UNUSABLE',
      message: expect.stringContaining('ANDON_DATA_DIR'),
    });
    mkdirSync(join(place.dataDir, 'folder', 'andon.lock'), { recursive: true });
    await expect(openStorage({ ...place, dataDir: join(place.dataDir, 'folder') })).rejects.toMatchObject({
      code: 'DATA_DIRECTORY_UNUSABLE',
    });
  });

  test('refuses writes while the disk is full, reads on, and writes again once there is room', async () => {
    await insert(1);
    const pages = (limit: number) => database.write((tx) => sql`pragma max_page_count = ${sql.lit(limit)}`.execute(tx));
    await pages(1); // SQLite takes the present size for the smallest limit, then reports SQLITE_FULL as a full disk does
    const results = await Promise.allSettled([insert(2, 'x'.repeat(100_000)), insert(3, 'x'.repeat(100_000))]);
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } });
    }
    expect(await database.read.selectFrom('note').select('id').execute()).toEqual([{ id: 1 }]);
    await pages(1_000_000);
    await insert(4, 'x'.repeat(100_000));
    expect(await database.read.selectFrom('note').select('id').execute()).toEqual([{ id: 1 }, { id: 4 }]);
  });

  test('does not keep the event loop waiting for the disk', async () => {
    let turns = 0;
    let running = true;
    const turn = () => {
      turns += 1;
      if (running) setImmediate(turn);
    };
    setImmediate(turn);
    for (let id = 1; id <= 50; id += 1) await insert(id);
    running = false;
    expect(turns).toBeGreaterThan(50); // at least one turn while each commit was under way
  });
});

async function insertAfterReopen(place: TestStorage): Promise<void> {
  const database = await (await place.reopen()).open<Tables>('test', migrations);
  await database.write((tx) => tx.insertInto('note').values({ id: 1, text: '' }).execute());
}
