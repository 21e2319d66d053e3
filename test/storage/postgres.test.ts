import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { sql } from 'kysely';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../storage/database.ts';
import type { MigrationSet } from '../../storage/migrate.ts';
import { openStorage, type Storage } from '../../storage/open-storage.ts';
import { openTestStorage, type TestStorage } from '../support/database.ts';
import { sharedPostgres } from '../support/postgres.ts';
import { steadyClock } from '../support/steady-time.ts';

interface Tables {
  readonly note: { readonly id: number };
}

const migrations: MigrationSet = {
  'test-0001': {
    async up(db) {
      await sql`create table note (id integer primary key)`.execute(db);
    },
  },
};

let runs = 0;

const next = (database: Database<Tables>) =>
  database.write(async (tx) => {
    runs += 1;
    const { rows } = await sql<{ next: number }>`select coalesce(max(id), 0) + 1 as next from note`.execute(tx);
    await tx.insertInto('note').values({ id: rows[0]!.next }).execute();
    return rows[0]!.next;
  });

const count = async (database: Database<Tables>) =>
  (await sql<{ count: number }>`select count(*) as count from note`.execute(database.read)).rows[0]!.count;

async function untilAvailable<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

describe('a store on PostgreSQL', () => {
  let place: TestStorage;
  let database: Database<Tables>;
  const others: Storage[] = [];

  beforeEach(async () => {
    place = await openTestStorage('postgres');
    database = await place.storage.open<Tables>('test', migrations);
  });

  afterEach(async () => {
    await Promise.all(others.splice(0).map((storage) => storage.close()));
    await place.dispose();
  });

  const another = async (databaseUrl = place.databaseUrl!) => {
    const storage = await openStorage({ ...place, databaseUrl });
    others.push(storage);
    return storage.open<Tables>('test', migrations);
  };

  test('writes serializably, and durably', async () => {
    const { rows } = await database.write((tx) =>
      sql`select current_setting('transaction_isolation') as isolation, current_setting('synchronous_commit') as commit,
        current_setting('fsync') as fsync`.execute(tx),
    );
    expect(rows).toEqual([{ isolation: 'serializable', commit: 'on', fsync: 'on' }]);
  });

  test('writers of three processes take turns: nobody is refused and no number comes twice', async () => {
    const databases = [database, await another(), await another()];
    runs = 0;
    const numbers = await Promise.all(databases.flatMap((own) => Array.from({ length: 50 }, () => next(own))));
    expect([...numbers].sort((left, right) => left - right)).toEqual(
      Array.from({ length: 150 }, (_, index) => index + 1),
    );
    expect(runs).toBe(150); // none had to run again
  });

  test('a process hears of the commits of others', async () => {
    const listening = await another();
    let heard: () => void = () => undefined;
    const first = new Promise<void>((resolve) => {
      heard = resolve;
    });
    listening.onCommit(() => heard());
    await first; // it listens now
    const second = new Promise<void>((resolve) => {
      heard = resolve;
    });
    await next(database);
    await second;
  });

  test('two processes that start at once on an empty database both come up', async () => {
    const databaseUrl = await (await sharedPostgres()).createDatabase();
    const databases = await Promise.all([another(databaseUrl), another(databaseUrl), another(databaseUrl)]);
    await Promise.all(databases.map(next));
    expect(await count(databases[0]!)).toBe(3);
  });

  test('fails fast while the server is down, and goes on by itself when it is back', async () => {
    const cluster = await sharedPostgres();
    await next(database);
    await count(database);
    await cluster.stop();
    const began = steadyClock.monotonic();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(next(database)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(count(database)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    }
    expect(steadyClock.monotonic() - began).toBeLessThan(10_000);
    await expect(another()).rejects.toMatchObject({ code: 'DATABASE_UNUSABLE' });
    await cluster.start();
    expect(await untilAvailable(() => next(database))).toBe(2);
    expect(await untilAvailable(() => count(database))).toBe(2);
  });

  test('hears of commits again after the server was restarted', async () => {
    const cluster = await sharedPostgres();
    const listening = await another();
    let calls = 0;
    let heard: () => void = () => undefined;
    const untilCalled = (times: number) =>
      new Promise<void>((resolve) => {
        heard = () => {
          calls += 1;
          if (calls >= times) resolve();
        };
      });
    listening.onCommit(() => heard());
    await untilCalled(1);
    const listensAgain = untilCalled(2); // and says so, because something may have been missed
    await cluster.stop();
    await cluster.start();
    await listensAgain;
    const again = untilCalled(calls + 1);
    await untilAvailable(() => next(database));
    await again;
  });

  test('loses nothing that it acknowledged when the server is killed in the middle of writes', async () => {
    const cluster = await sharedPostgres();
    const acknowledged = new Set<number>();
    let stopped = false;
    const writer = async () => {
      while (!stopped) {
        const number = await next(database).catch(() => undefined);
        if (number !== undefined) acknowledged.add(number);
        else await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    const writers = Array.from({ length: 8 }, writer);
    while (acknowledged.size < 100) await new Promise((resolve) => setTimeout(resolve, 5));
    await cluster.kill();
    await cluster.start();
    await untilAvailable(() => next(database));
    stopped = true;
    await Promise.all(writers);
    const rows = await untilAvailable(() => database.read.selectFrom('note').select('id').execute());
    const kept = new Set(rows.map((row) => row.id));
    expect([...acknowledged].filter((number) => !kept.has(number))).toEqual([]);
  });

  test.each(['before', 'after'] as const)(
    'says that the outcome is unknown when the connection breaks just %s the commit',
    async (moment) => {
      const cluster = await sharedPostgres();
      const proxy = await cutAtCommit(cluster.port, moment);
      const cut = await another(place.databaseUrl!.replace(String(cluster.port), String(proxy.port)));
      proxy.armed = true;
      await expect(next(cut)).rejects.toMatchObject({
        code: 'COMMIT_OUTCOME_UNKNOWN',
        message: expect.stringContaining('Read back by the idempotency key'),
      });
      proxy.armed = false;
      // Only reading back tells; here the test knows.
      if (moment === 'before') expect(await count(database)).toBe(0);
      else await expect.poll(() => count(database)).toBe(1);
      expect(await next(cut)).toBe(moment === 'before' ? 1 : 2);
      await others.pop()?.close();
      proxy.close();
    },
  );

  test('runs a transaction again when its connection breaks before the commit', async () => {
    let attempts = 0;
    await database.write(async (tx) => {
      attempts += 1;
      await tx.insertInto('note').values({ id: 1 }).execute();
      if (attempts > 1) return;
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await terminate(rows[0]!.pid);
      await sql`select 1`.execute(tx);
    });
    expect(attempts).toBe(2);
    expect(await count(database)).toBe(1);
  });

  test('a connection that breaks under a reader fails what it reads, and nothing else', async () => {
    const sleeping = sql`select pg_sleep(3600)`.execute(database.read);
    const admin = await another();
    const sleepers = () =>
      sql<{ pid: number }>`select pid from pg_stat_activity where query like 'select pg_sleep(3600)%'`.execute(
        admin.read,
      );
    await expect.poll(async () => (await sleepers()).rows).toHaveLength(1);
    const broken = expect(sleeping).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    for (const { pid } of (await sleepers()).rows) await terminate(pid);
    await broken;
    expect(await count(database)).toBe(0);
  });

  test('closes though the server has stopped answering', async () => {
    const cluster = await sharedPostgres();
    const storage = await openStorage(place);
    const own = await storage.open<Tables>('test', migrations);
    await new Promise<void>((resolve) => own.onCommit(resolve)); // it listens now
    await next(own);
    await count(own);
    cluster.freeze();
    try {
      await storage.close();
    } finally {
      cluster.thaw();
    }
  });

  test('a start says that another process has the schemas, and does not wait for it without end', async () => {
    const client = await connected();
    await client.query(`select pg_advisory_lock(hashtext('andon migration'))`);
    await expect(another(`${place.databaseUrl}?lock_timeout=50`)).rejects.toMatchObject({
      code: 'DATABASE_UNUSABLE',
      message: expect.stringContaining('another process is making or changing the schemas of Andon'),
    });
    await client.end();
  });

  test('settings in the address hold beside its own', async () => {
    const tuned = await another(`${place.databaseUrl}?options=-c%20work_mem%3D8MB`);
    const { rows } = await sql`select current_setting('work_mem') as memory, current_schema() as schema`.execute(
      tuned.read,
    );
    expect(rows).toEqual([{ memory: '8MB', schema: 'andon_test' }]);
    expect(await next(tuned)).toBe(1);
    expect(await count(database)).toBe(1);
  });

  test('a statement that the server cancels wrote nothing, and may be tried again', async () => {
    const impatient = await another(`${place.databaseUrl}?statement_timeout=100`);
    const unavailable = { code: 'STORE_UNAVAILABLE', message: expect.stringContaining('has cancelled') };
    await expect(sql`select pg_sleep(20)`.execute(impatient.read)).rejects.toMatchObject(unavailable);
    const client = await connected();
    await client.query('begin; lock table andon_test.note in access exclusive mode');
    await expect(next(impatient)).rejects.toMatchObject(unavailable);
    await client.query('rollback');
    await client.end();
    expect(await next(impatient)).toBe(1);
  });

  async function connected(): Promise<pg.Client> {
    const client = new pg.Client(place.databaseUrl);
    await client.connect();
    return client;
  }

  async function terminate(pid: number): Promise<void> {
    const admin = await another();
    await sql`select pg_terminate_backend(${pid}::integer)`.execute(admin.read);
  }
});

interface CutProxy {
  readonly port: number;
  armed: boolean;
  close(): void;
}

/** Passes bytes on until, once armed, a COMMIT comes by: then the client is cut off, before or after the server has it. */
async function cutAtCommit(target: number, moment: 'before' | 'after'): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    client.on('data', (data) => {
      const isCommit = proxy.armed && data.toString('latin1').includes('; commit');
      if (isCommit && moment === 'before') return void [client, upstream].map((socket) => socket.destroy());
      upstream.write(data);
      if (isCommit) client.destroy();
    });
    upstream.on('data', (data) => client.destroyed || client.write(data));
    client.on('end', () => upstream.end());
    upstream.on('end', () => client.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const proxy: CutProxy = {
    port: typeof address === 'object' && address ? address.port : 0,
    armed: false,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return proxy;
}
