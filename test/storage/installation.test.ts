import { randomUUID } from 'node:crypto';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MigrationSet } from '../../storage/migrate.ts';
import { openStorage, type Storage } from '../../storage/open-storage.ts';
import { dialects, openTestStorage, type TestStorage } from '../support/database.ts';

const migrations: MigrationSet = {};

describe.each(dialects)('stores that belong together on %s', (dialect) => {
  let place: TestStorage;
  let others: TestStorage;
  let opened: Storage[];

  beforeEach(async () => {
    opened = [];
    place = await openTestStorage(dialect);
    others = await openTestStorage(dialect);
    await Promise.all([place.storage.close(), others.storage.close()]);
  });
  afterEach(async () => {
    await Promise.all(opened.map((storage) => storage.close()));
    await Promise.all([place.dispose(), others.dispose()]);
  });

  /** Opens the stores as a start does, and closes them again. */
  async function start(stores: readonly string[], { dataDir, databaseUrl, runtime }: TestStorage = place) {
    const storage = await openStorage({
      dataDir,
      runtime,
      leadingStore: 'journal',
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
    });
    opened.push(storage);
    try {
      for (const store of stores) await storage.open(store, migrations);
    } finally {
      await storage.close();
    }
  }

  test('are opened again and again, and another may join them', async () => {
    await start(['journal', 'qms']);
    await start(['journal', 'qms']);
    await start(['journal', 'mes', 'qms']);
    await start(['journal', 'mes']);
  });

  test('are opened by all processes that start at once; embedded ones by one at a time', async () => {
    for (let round = 0; round < 2; round += 1) {
      const starts = await Promise.allSettled(Array.from({ length: 4 }, () => start(['journal', 'qms', 'mes'])));
      const refusals = starts.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
      if (dialect === 'postgres') expect(refusals).toEqual([]);
      else expect(new Set(refusals)).toEqual(new Set(['DATA_DIRECTORY_IN_USE']));
    }
    await start(['journal', 'qms', 'mes']);
  });

  test('are not opened beside an emptied journal, however often it is tried', async () => {
    await start(['journal', 'qms']);
    await remove('journal');
    const refused = /journal.* is new or was emptied, but .*qms.* has been in use.*Restore every store/;
    await expect(start(['journal', 'qms'])).rejects.toThrow(refused);
    await expect(start(['journal', 'qms'])).rejects.toThrow(refused);
  });

  test('are not opened beside a system whose store was emptied', async () => {
    await start(['journal', 'qms']);
    await remove('qms');
    const refused = /qms.* is new or was emptied, but .*journal.* has been in use/;
    await expect(start(['journal', 'qms'])).rejects.toThrow(refused);
    await expect(start(['journal', 'qms'])).rejects.toThrow(refused);
  });

  test('are not opened beside a journal of another installation', async () => {
    await start(['journal', 'qms']);
    await start(['journal', 'qms'], others);
    await replace('journal');
    await expect(start(['journal', 'qms'])).rejects.toMatchObject({
      code: 'STORES_DO_NOT_BELONG_TOGETHER',
      message: expect.stringMatching(/qms.* belongs to another installation than .*journal/),
    });
  });

  test('are not opened when one of them is an older copy, whichever it is', async () => {
    await start(['journal', 'qms']);
    const keptOlder = await keep('journal');
    await start(['journal', 'qms']);
    const putBack = await keep('journal');
    await keptOlder();
    await expect(start(['journal', 'qms'])).rejects.toThrow(/journal.* is an older copy than .*qms/);
    await putBack();
    await start(['journal', 'qms']);
    const keptQms = await keep('qms');
    await start(['journal', 'qms']);
    await keptQms();
    await expect(start(['journal', 'qms'])).rejects.toThrow(/qms.* is an older copy than .*journal/);
  });

  /** @returns a function that puts the store back as it is now */
  async function keep(store: string): Promise<() => Promise<void>> {
    const file = join(place.dataDir, `${store}.db`);
    const { databaseUrl } = place;
    if (databaseUrl === undefined) {
      const copy = `${file}.${randomUUID()}`;
      copyFileSync(file, copy);
      return async () => copyFileSync(copy, file);
    }
    const tables = ['installation', 'installation_opening'].map((table) => `andon_${store}.${table}`);
    const suffix = randomUUID().slice(0, 8);
    await withClient(databaseUrl, async (client) => {
      for (const table of tables) {
        await client.query(`create table ${table}_${suffix} as table ${table}`);
      }
    });
    return () =>
      withClient(databaseUrl, async (client) => {
        for (const table of tables) {
          await client.query(`delete from ${table}`);
          await client.query(`insert into ${table} select * from ${table}_${suffix}`);
        }
      });
  }

  async function remove(store: string): Promise<void> {
    await onDisk(
      () => rmSync(join(place.dataDir, `${store}.db`)),
      (client) => client.query(`drop schema andon_${store} cascade`),
    );
  }

  async function replace(store: string): Promise<void> {
    const id = await idOf(others, store);
    await onDisk(
      () => copyFileSync(join(others.dataDir, `${store}.db`), join(place.dataDir, `${store}.db`)),
      (client) => client.query(`update andon_${store}.installation set installation_id = $1`, [id]),
    );
  }

  async function idOf({ databaseUrl }: TestStorage, store: string): Promise<string> {
    if (databaseUrl === undefined) return '';
    return withClient(databaseUrl, async (client) => {
      const { rows } = await client.query(`select installation_id from andon_${store}.installation limit 1`);
      return rows[0].installation_id;
    });
  }

  async function onDisk(onSqlite: () => void, onPostgres: (client: pg.Client) => Promise<unknown>): Promise<void> {
    if (place.databaseUrl === undefined) onSqlite();
    else await withClient(place.databaseUrl, onPostgres);
  }
});

async function withClient<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
