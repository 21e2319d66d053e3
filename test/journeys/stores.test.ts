import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import Libsql from 'libsql';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AndonProcess, until } from '../support/andon-process.ts';
import { PostgresCluster, sharedPostgres } from '../support/postgres.ts';
import { transition } from './transitions.ts';

const lot = 'mfg:BER:lot:WATER-05L:L10900';
const cli = resolve(import.meta.dirname, '../../dist/cli.js');

async function interlocks(andon: AndonProcess): Promise<readonly { readonly id: string }[]> {
  const query = '{ interlocks(filter: { plant: "BER", active: true }) { nodes { id kind restrictions reason } } }';
  const { data } = await andon.ask('ines.integration', query);
  return data.interlocks.nodes.toSorted((one: { id: string }, other: { id: string }) => one.id.localeCompare(other.id));
}

/** What may be done with the held lot, as an operator reads it. */
async function usability(andon: AndonProcess) {
  const { data } = await andon.ask(
    'olga.operator',
    `{ lot(id: "${lot}") { usability { canShip blockers { blockingRef } } } }`,
  );
  return data.lot.usability;
}

/** @returns every interlock that stands then */
async function restrict(andon: AndonProcess): Promise<readonly unknown[]> {
  const placed = await transition(andon, 'quentin.engineer', 'placeHold', { scope: lot, holdNo: 'QH-1' }, why);
  expect(placed.outcome).toBe('ACCEPTED');
  const breakdown = { assetId: 'mfg:BER:asset:BER-FILLER-L2', workCenterIds: [], reasonCode: 'MECHANICAL' };
  expect((await transition(andon, 'olga.operator', 'reportDowntime', breakdown)).outcome).toBe('ACCEPTED');
  const order = { orderId: 'mfg:BER:production-order:10004' };
  expect((await transition(andon, 'paula.planner', 'holdProductionOrder', order, why)).outcome).toBe('ACCEPTED');
  const standing = await interlocks(andon);
  expect(standing.length).toBeGreaterThanOrEqual(6);
  return standing;
}
const why = { reason: 'Label smudged.' };

async function failedStart(env: Readonly<Record<string, string>>, dataDir: string, command?: [string, ...string[]]) {
  const andon = await AndonProcess.spawn({ dataDir, env, ...(command ? { command } : {}) });
  expect(await andon.untilGone()).toBe(1);
  expect(andon.output).not.toMatch(/\n\s+at /);
  return andon.output;
}

describe('a start on stores that are not whole, embedded', () => {
  let andon: AndonProcess;
  let standing: readonly unknown[];

  beforeAll(async () => {
    andon = await AndonProcess.start();
    standing = await restrict(andon);
    expect(await andon.stop()).toBe(0);
  });
  afterAll(() => andon?.dispose());

  const file = (name: string) => join(andon.dataDir, name);

  test('with the journal emptied is refused, and the journal put back starts with the hold in force', async () => {
    renameSync(file('journal.db'), file('journal.kept'));
    const output = await failedStart({}, andon.dataDir);
    expect(output).toMatch(/journal\.db is new or was emptied.*Restore every store from one and the same backup/);
    renameSync(file('journal.kept'), file('journal.db'));
    andon = await AndonProcess.start({ dataDir: andon.dataDir });
    expect(await usability(andon)).toMatchObject({ canShip: false });
    await andon.stop();
  });

  test('with the journal of another installation is refused', async () => {
    const other = await AndonProcess.start();
    await other.stop();
    renameSync(file('journal.db'), file('journal.kept'));
    renameSync(join(other.dataDir, 'journal.db'), file('journal.db'));
    const output = await failedStart({}, andon.dataDir);
    expect(output).toMatch(/belongs to another installation than .*journal\.db/);
    renameSync(file('journal.kept'), file('journal.db'));
    await other.dispose();
  });

  test('with the store of the quality system emptied is refused', async () => {
    renameSync(file('qms.db'), file('qms.kept'));
    const output = await failedStart({}, andon.dataDir);
    expect(output).toMatch(/qms\.db is new or was emptied/);
    rmSync(file('qms.db'));
    renameSync(file('qms.kept'), file('qms.db'));
  });

  test('places an interlock again that the journal has lost, before anybody is let in, and audits it', async () => {
    const journal = new Libsql(file('journal.db'));
    journal.exec('delete from journal_interlock');
    journal.close();
    andon = await AndonProcess.start({ dataDir: andon.dataDir });
    await expectRestored(andon, standing);
    expect(await andon.stop()).toBe(0);
  });
});

describe('a start on stores that are not whole, on PostgreSQL', () => {
  let andon: AndonProcess;
  let standing: readonly unknown[];
  let databaseUrl: string;
  let client: pg.Client;

  beforeAll(async () => {
    databaseUrl = await (await sharedPostgres()).createDatabase();
    andon = await AndonProcess.start({ env: { DATABASE_URL: databaseUrl } });
    standing = await restrict(andon);
    expect(await andon.stop()).toBe(0);
    client = new pg.Client(databaseUrl);
    await client.connect();
  });
  afterAll(async () => {
    await client?.end();
    await andon?.dispose();
  });

  test('with the journal emptied is refused', async () => {
    await client.query('alter schema andon_journal rename to kept');
    const output = await failedStart({ DATABASE_URL: databaseUrl }, andon.dataDir);
    expect(output).toMatch(/The schema andon_journal of the database in DATABASE_URL is new or was emptied/);
    await client.query('drop schema andon_journal cascade');
    await client.query('alter schema kept rename to andon_journal');
  });

  test('places an interlock again that the journal has lost, before anybody is let in, and audits it', async () => {
    await client.query('delete from andon_journal.journal_interlock');
    andon = await AndonProcess.start({ dataDir: andon.dataDir, env: { DATABASE_URL: databaseUrl } });
    await expectRestored(andon, standing);
  });
});

async function expectRestored(andon: AndonProcess, standing: readonly unknown[]): Promise<void> {
  expect(await interlocks(andon)).toEqual(standing);
  expect(await usability(andon)).toMatchObject({
    canShip: false,
    blockers: expect.arrayContaining([{ blockingRef: 'mfg:BER:hold:QH-1' }]),
  });
  expect(andon.output).toContain('interlocks restored');
  const { data } = await andon.ask(
    'ines.integration',
    '{ auditTrail(plant: "BER", first: 50) { nodes { transition entity } } }',
  );
  expect(data.auditTrail.nodes).toContainEqual({ transition: 'restoreInterlocks', entity: 'mfg:BER:hold:QH-1' });
}

describe('andon subgraph', () => {
  test('opens the journal and its own system, and nothing of the others', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'andon-subgraph-'));
    const command = [process.execPath, cli, 'subgraph', 'erp', '--port', '0'] as const;
    const erp = await AndonProcess.spawn({ dataDir, command });
    try {
      await until(
        async () => erp.output,
        (output) => output.includes('andon subgraph erp: ready'),
      );
      const stores = readdirSync(dataDir).filter((name) => name.endsWith('.db'));
      expect(stores.toSorted()).toEqual(['erp.db', 'journal.db']);
    } finally {
      await erp.dispose();
    }
  });
});

describe('a place that cannot be used', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'andon-place-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('that takes no folder is refused, by name', async () => {
    const output = await failedStart({}, '/proc/nope');
    expect(output).toMatch(/The data directory \/proc\/nope cannot be created.*set ANDON_DATA_DIR/);
  });

  test('that is a file is refused, by name', async () => {
    const path = join(folder, 'file');
    await writeFile(path, '');
    const output = await failedStart({}, path);
    expect(output).toMatch(/The data directory .*file cannot be created or written: .* is a file, not a folder/);
  });

  test('is made for its owner alone', async () => {
    const dataDir = join(folder, 'new', 'data');
    const andon = await AndonProcess.start({ dataDir });
    const modes = Object.fromEntries(
      readdirSync(dataDir).map((name) => [name, (statSync(join(dataDir, name)).mode & 0o777).toString(8)]),
    );
    expect(modes).toMatchObject({ 'journal.db': '600', 'qms.db': '600', 'internal-secret': '600' });
    expect(new Set(Object.values(modes))).toEqual(new Set(['600']));
    expect((statSync(dataDir).mode & 0o777).toString(8)).toBe('700');
    await andon.dispose();
  });
});

describe('a data directory that may only be read', () => {
  let andon: AndonProcess;

  beforeAll(async () => {
    andon = await AndonProcess.start();
    await andon.stop();
    for (const name of readdirSync(andon.dataDir)) chmodSync(join(andon.dataDir, name), 0o400);
    chmodSync(andon.dataDir, 0o500);
  });
  afterAll(() => andon?.dispose());

  test('is refused before anything is answered', async () => {
    const output = await failedStart({}, andon.dataDir, bound(['up']));
    expect(output).toMatch(/The data directory .* cannot be created or written: .*permission denied/);
  });

  test('is refused by the name of the store where it is a store that may only be read', async () => {
    chmodSync(andon.dataDir, 0o700);
    chmodSync(join(andon.dataDir, 'andon.lock'), 0o600);
    const output = await failedStart({}, andon.dataDir, bound(['up']));
    expect(output).toMatch(/journal\.db can be read but not written\. Give this user the right to write/);
  });
});

/** File modes do not keep root out, unless it gives up the right to override them. */
function bound(args: readonly string[]): [string, ...string[]] {
  const command: [string, ...string[]] = [process.execPath, cli, ...args];
  if (process.getuid?.() !== 0) return command;
  if (!existsSync('/usr/bin/setpriv'))
    throw new Error('setpriv is needed to run this test as root: util-linux has it.');
  return ['/usr/bin/setpriv', '--bounding-set=-dac_override,-dac_read_search', ...command];
}

describe('a DATABASE_URL that cannot be used', () => {
  let url: URL;

  beforeAll(async () => {
    url = new URL(await (await sharedPostgres()).createDatabase());
  });

  async function refused(change: (url: URL) => void): Promise<string> {
    const wrong = new URL(url);
    wrong.password = 'top-secret';
    change(wrong);
    const output = await failedStart({ DATABASE_URL: wrong.href }, '/tmp/never-made');
    expect(output).toContain('DATABASE_URL');
    expect(output).not.toContain('top-secret');
    return output;
  }

  test('says that nobody answers there', async () => {
    expect(
      await refused((wrong) => {
        wrong.port = '1';
      }),
    ).toContain('the server 127.0.0.1:1 cannot be reached (ECONNREFUSED). Start PostgreSQL there');
  });

  test('says that the user is not let in', async () => {
    expect(
      await refused((wrong) => {
        wrong.username = 'nobody-here';
      }),
    ).toContain('does not let the user nobody-here in. Correct the user and the password');
  });

  test('says that there is no such database', async () => {
    expect(
      await refused((wrong) => {
        wrong.pathname = '/nowhere';
      }),
    ).toContain('has no database nowhere. Create it (createdb nowhere)');
  });

  test('says that the user may not write', async () => {
    const client = new pg.Client(url.href);
    await client.connect();
    await client.query('create role reader login');
    await client.end();
    expect(
      await refused((wrong) => {
        wrong.username = 'reader';
      }),
    ).toContain('the user reader may not make or write the schemas of Andon');
  });

  test('says that the server has no connection left, before and after the first', async () => {
    const client = new pg.Client(url.href);
    await client.connect();
    for (const [name, limit] of Object.entries({ nobody_at_all: 0, a_few: 4 })) {
      await client.query(`create role ${name} login connection limit ${limit}`);
      await client.query(`grant create on database ${url.pathname.slice(1)} to ${name}`);
    }
    await client.end();
    expect(
      await refused((wrong) => {
        wrong.username = 'nobody_at_all';
      }),
    ).toContain('has no connection left for the user nobody_at_all. An Andon takes up to 31 connections');
    url.username = 'a_few';
    const output = await failedStart({ DATABASE_URL: url.href }, '/tmp/never-made');
    expect(output).toContain('is unavailable: the database has no connection left. Nothing was written');
  });

  test('says that the port is none, and reads a percent sign as the driver does', async () => {
    expect(
      await refused((wrong) => {
        wrong.username = 'a%zz';
        wrong.port = '1';
      }),
    ).toContain('the server 127.0.0.1:1 cannot be reached (ECONNREFUSED)');
    expect(
      await refused((wrong) => {
        wrong.search = '?port=banana';
      }),
    ).toContain('cannot be reached (ERR_SOCKET_BAD_PORT)');
  });

  test('says that TLS does not come about', async () => {
    expect(
      await refused((wrong) => {
        wrong.search = '?sslmode=verify-full';
      }),
    ).toContain('cannot be reached over TLS (The server does not support SSL connections). Correct sslmode');
  });

  test('says that a pooler is in between', async () => {
    // What PgBouncer answers.
    const fields = ['SFATAL', 'C08P01', 'Munsupported startup parameter: options', ''].join('\0');
    const refusal = Buffer.from(`E\0\0\0${String.fromCharCode(fields.length + 5)}${fields}\0`, 'latin1');
    const pooler = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(refusal));
    }).listen(0, '127.0.0.1');
    await once(pooler, 'listening');
    const { port } = pooler.address() as AddressInfo;
    expect(
      await refused((wrong) => {
        wrong.port = String(port);
      }),
    ).toContain('Name PostgreSQL itself, not a pooler');
    pooler.close();
  });

  test('is told of once where the start fails late: what had begun by then ends without a word', async () => {
    const role = new URL(await (await sharedPostgres()).createDatabase());
    const admin = new pg.Client(role.href);
    await admin.connect();
    await admin.query(`create role owner login; grant create on database ${role.pathname.slice(1)} to owner`);
    role.username = 'owner';
    const andon = await AndonProcess.start({ env: { DATABASE_URL: role.href } });
    await andon.stop();
    await admin.query('revoke all on andon_workflows.workflow_instance from owner');
    await admin.end();
    const output = await failedStart({ DATABASE_URL: role.href }, andon.dataDir);
    expect(output).toBe('andon up: permission denied for table workflow_instance\n');
    await andon.dispose();
  });

  test('says what an address of a database looks like', async () => {
    const output = await failedStart({ DATABASE_URL: 'banana' }, '/tmp/never-made');
    expect(output).toContain('DATABASE_URL must be an address like postgres://user:password@host:5432/database');
  });
});

describe('PostgreSQL that goes away', () => {
  test('makes Andon not ready, with the reason, until it is back; alive it stays', async () => {
    const cluster = await PostgresCluster.start();
    const andon = await AndonProcess.start({ env: { DATABASE_URL: await cluster.createDatabase() } });
    const ready = async () => {
      const response = await fetch(`${andon.url}/health/ready`);
      return { status: response.status, body: await response.json() };
    };
    try {
      expect(await ready()).toEqual({ status: 200, body: { status: 'ready' } });
      await cluster.stop();
      const away = await until(ready, ({ status }) => status === 503);
      expect(away.body).toEqual({
        status: 'unavailable',
        reason: expect.stringContaining('journal cannot be reached'),
      });
      expect((await fetch(`${andon.url}/health/live`)).status).toBe(200);
      await until(
        async () => andon.output,
        (told) => told.includes('"settling failed"') && told.includes('"newest events not read"'),
      );
      expect(andon.output.match(/"newest events not read"/g)).toHaveLength(1);
      await cluster.start();
      await until(ready, ({ status }) => status === 200);
      expect(andon.output).toContain('"event":"journal away"');
      expect(andon.output).not.toContain('"stack"');
    } finally {
      await andon.dispose();
      await cluster.dispose();
    }
  });
});
