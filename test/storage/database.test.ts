import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../storage/database.ts';
import type { MigrationSet } from '../../storage/migrate.ts';
import { openStorage } from '../../storage/open-storage.ts';
import { dialects, openTestStorage, type TestStorage } from '../support/database.ts';

interface Tables {
  readonly note: { readonly id: number; readonly text: string | null; readonly bytes?: Uint8Array | null };
}

const migrations: MigrationSet = {
  'test-0001': {
    async up(db) {
      await db.schema
        .createTable('note')
        .addColumn('id', 'bigint', (column) => column.primaryKey())
        .addColumn('text', 'text')
        .addColumn('bytes', sql.raw('blob') as never)
        .execute();
    },
  },
};

/** PostgreSQL calls it bytea. */
function migrationsFor(dialect: string): MigrationSet {
  if (dialect === 'sqlite') return migrations;
  return {
    'test-0001': {
      up: async (db) => {
        await sql`create table note (id bigint primary key, text text, bytes bytea)`.execute(db);
      },
    },
  };
}

describe.each(dialects)('a store on %s', (dialect) => {
  let place: TestStorage;
  let database: Database<Tables>;

  beforeEach(async () => {
    place = await openTestStorage(dialect);
    database = await place.storage.open<Tables>('test', migrationsFor(dialect));
  });

  afterEach(() => place.dispose());

  const insert = (id: number, text: string | null = null) =>
    database.write((tx) => tx.insertInto('note').values({ id, text }).execute());
  const ids = async () => {
    const rows = await database.read.selectFrom('note').select('id').orderBy('id').execute();
    return rows.map((row) => row.id);
  };

  test('keeps what was written once write has resolved, also for the next start', async () => {
    await insert(1, 'first');
    expect(await ids()).toEqual([1]);
    await place.storage.close();
    database = await (await place.reopen()).open<Tables>('test', migrationsFor(dialect));
    expect(await ids()).toEqual([1]);
  });

  test('shows readers nothing before it is committed', async () => {
    const seen = await database.write(async (tx) => {
      await tx.insertInto('note').values({ id: 1, text: null }).execute();
      return { inside: (await tx.selectFrom('note').select('id').execute()).length, outside: await ids() };
    });
    expect(seen).toEqual({ inside: 1, outside: [] });
  });

  test('runs 200 parallel writes one after the other, in order, in far fewer commits', async () => {
    let commits = 0;
    database.onCommit(() => {
      commits += 1;
    });
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        database.write(async (tx) => {
          const { rows } = await sql<{ next: number }>`select coalesce(max(id), 0) + 1 as next from note`.execute(tx);
          await tx
            .insertInto('note')
            .values({ id: rows[0]!.next, text: String(index) })
            .execute();
          order.push(index);
        }),
      ),
    );
    expect(order).toEqual(Array.from({ length: 200 }, (_, index) => index));
    expect(await ids()).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(commits).toBeLessThan(20);
  });

  test('rolls back only the transaction that throws, not those that share its commit', async () => {
    const refused = new Error('no');
    const results = await Promise.allSettled([
      insert(1),
      database.write(async (tx) => {
        await tx.insertInto('note').values({ id: 2, text: null }).execute();
        throw refused;
      }),
      insert(3),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((results[1] as PromiseRejectedResult).reason).toBe(refused);
    expect(await ids()).toEqual([1, 3]);
  });

  test('rolls back a transaction in which a statement failed, even when the failure was caught', async () => {
    const results = await Promise.allSettled([
      insert(1),
      database.write(async (tx) => {
        await tx.insertInto('note').values({ id: 2, text: null }).execute();
        await tx
          .insertInto('note')
          .values({ id: 1, text: null })
          .execute()
          .catch(() => undefined);
      }),
      insert(3),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await ids()).toEqual([1, 3]);
  });

  test('refuses a query that comes after its transaction has ended', async () => {
    let escaped: Promise<unknown> = Promise.resolve();
    await database.write(async (tx) => {
      escaped = Promise.resolve()
        .then(() => new Promise((resolve) => setTimeout(resolve, 5)))
        .then(() => tx.insertInto('note').values({ id: 9, text: null }).execute());
      escaped.catch(() => undefined);
    });
    await expect(escaped).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
    expect(await ids()).toEqual([]);
  });

  test('does not let readers write, nor open transactions', async () => {
    await expect(database.read.insertInto('note').values({ id: 1, text: null }).execute()).rejects.toThrow(
      /readonly|read-only/,
    );
    await expect(database.read.transaction().execute(async () => undefined)).rejects.toThrow(/no transactions/);
    expect(await ids()).toEqual([]);
  });

  test('gives back whole numbers, text, bytes and null as they were put in', async () => {
    const bytes = new Uint8Array([0, 255, 7]);
    const text = 'Straße “5” \u{1F6D1} {"a":1}';
    await database.write(async (tx) => {
      await tx.insertInto('note').values({ id: 9_007_199_254_740_991, text, bytes }).execute();
      await tx.insertInto('note').values({ id: 2, text: null, bytes: null }).execute();
    });
    const rows = await database.read.selectFrom('note').selectAll().orderBy('id').execute();
    expect(rows.map((row) => ({ ...row, bytes: row.bytes && [...new Uint8Array(row.bytes)] }))).toEqual([
      { id: 2, text: null, bytes: null },
      { id: 9_007_199_254_740_991, text, bytes: [0, 255, 7] },
    ]);
    const { rows: sums } = await sql<{ count: number; sum: number }>`
      select count(*) as count, sum(id) as sum from note where id < 10`.execute(database.read);
    expect(sums).toEqual([{ count: 1, sum: 2 }]);
  });

  test('keeps a number that is put into a text column in the same spelling', async () => {
    await database.write((tx) => sql`insert into note (id, text) values (1, cast(${3} as text))`.execute(tx));
    expect(await database.read.selectFrom('note').select('text').execute()).toEqual([{ text: '3' }]);
  });

  test.each([true, new Date(0), undefined, Number.NaN, {}])('refuses to bind %s in a transaction', async (value) => {
    const write = database.write((tx) => sql`select ${value}`.execute(tx));
    await expect(write).rejects.toThrow(/^A query cannot bind .*: bind text, a finite number, bytes or null/);
  });

  test('says how many rows a change has touched', async () => {
    await insert(1);
    await insert(2);
    const result = await database.write((tx) => tx.updateTable('note').set({ text: 'x' }).executeTakeFirst());
    expect(result.numUpdatedRows).toBe(2n);
  });

  test('tells listeners of commits, not of transactions that came to nothing', async () => {
    let calls = 0;
    const stop = database.onCommit(() => {
      calls += 1;
    });
    await insert(1);
    const afterCommit = calls;
    for (let times = 0; times < 5; times += 1)
      await database.write(() => Promise.reject(new Error('no'))).catch(() => undefined);
    // Once its own connection listens, PostgreSQL's says that something may have been missed.
    expect(calls - afterCommit).toBeLessThanOrEqual(1);
    expect(afterCommit).toBeGreaterThanOrEqual(1);
    stop();
    const atStop = calls;
    await insert(2);
    expect(calls).toBe(atStop);
  });

  test('a listener that throws does not fail the commit', async () => {
    database.onCommit(() => {
      throw new Error('listener');
    });
    await insert(1);
    expect(await ids()).toEqual([1]);
  });

  test('finishes accepted writes when it is closed, and refuses later ones', async () => {
    const accepted = insert(1);
    await place.storage.close();
    await accepted;
    await expect(insert(2)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('two stores share nothing', async () => {
    const other = await place.storage.open<Tables>('other', migrationsFor(dialect));
    await insert(1);
    expect(await other.read.selectFrom('note').selectAll().execute()).toEqual([]);
  });

  test('refuses data of a newer version, and leaves it as it is', async () => {
    await insert(1);
    await place.storage.close();
    const storage = await place.reopen();
    await expect(storage.open('test', { 'test-0000': { up: async () => undefined } })).rejects.toMatchObject({
      code: 'DATA_DIRECTORY_TOO_NEW',
      message: expect.stringContaining('test-0001'),
    });
    database = await storage.open<Tables>('test', migrationsFor(dialect));
    expect(await ids()).toEqual([1]);
  });

  test('a migration that fails half-way leaves nothing behind, and can run again', async () => {
    const second = (fails: boolean): MigrationSet => ({
      ...migrationsFor(dialect),
      'test-0002': {
        async up(db) {
          await sql`create table extra (id integer)`.execute(db);
          if (fails) throw new Error('power cut');
        },
      },
    });
    await insert(1);
    await place.storage.close();
    const storage = await place.reopen();
    await expect(storage.open('test', second(true))).rejects.toThrow('power cut');
    database = await storage.open<Tables>('test', second(false));
    expect(await ids()).toEqual([1]);
  });

  test('opens beside a running process to read only', async () => {
    await insert(1);
    const reader = await openStorage({ ...place, readOnly: true });
    const beside = await reader.open<Tables>('test', migrationsFor(dialect));
    await insert(2);
    expect(await beside.read.selectFrom('note').select('id').orderBy('id').execute()).toEqual([{ id: 1 }, { id: 2 }]);
    await expect(beside.write(async () => undefined)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(reader.open('missing', migrationsFor(dialect))).rejects.toMatchObject({ code: 'STORE_NOT_READY' });
    await reader.close();
  });
});
