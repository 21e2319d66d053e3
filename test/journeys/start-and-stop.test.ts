import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AndonProcess } from '../support/andon-process.ts';
import { transition } from './transitions.ts';

describe('starting and stopping', () => {
  let andon: AndonProcess;

  beforeAll(async () => {
    andon = await AndonProcess.start();
  });
  afterAll(() => andon?.dispose());

  test('it says where it is, which keys are in force and what to try, with a token for each job', () => {
    expect(andon.output).toContain('DEVELOPMENT keys');
    for (const name of [
      'Olga Operator',
      'Quentin Engineer',
      'Mara Manager',
      'Paula Planner',
      'Theo Technician',
      'Ines Integration',
      'Carl Contract',
    ]) {
      expect(andon.output).toContain(name);
    }
  });

  test('the printed token works as printed', async () => {
    const token = /TOKEN=(\S+)/.exec(andon.output)?.[1] ?? '';
    const { status, data } = await andon.askWithToken(
      token,
      '{ productionOrders(first: 3) { nodes { orderNo state { code } lot { lotNumber qualityState } } } }',
    );
    expect(status).toBe(200);
    expect(data.productionOrders.nodes).toHaveLength(3);
  });

  test('it is ready once queries can be served, and GraphiQL needs no other host', async () => {
    expect((await fetch(`${andon.url}/health/ready`)).status).toBe(200);
    const page = await (await fetch(`${andon.url}/graphql`, { headers: { accept: 'text/html' } })).text();
    expect(page).toContain('GraphiQL');
    expect(page).not.toMatch(/(src|href)="https?:/);
  });

  test('a second start on the same data is refused and harms nothing', async () => {
    const second = await AndonProcess.spawn({ dataDir: andon.dataDir });
    expect(await second.untilGone()).toBe(1);
    expect(second.output).toContain('Another process is using the data directory');
    expect((await andon.ask('olga.operator', '{ __typename }')).status).toBe(200);
  });

  test('SIGTERM drains and exits with 0, and the next start goes on where this one stopped', async () => {
    await transition(
      andon,
      'quentin.engineer',
      'placeHold',
      { scope: 'mfg:BER:lot:WATER-05L:L10900', holdNo: 'QH-STOP' },
      { reason: 'Label smudged.' },
    );
    expect(await andon.stop()).toBe(0);
    andon = await AndonProcess.start({ dataDir: andon.dataDir });
    const { data } = await andon.ask(
      'olga.operator',
      '{ lot(id: "mfg:BER:lot:WATER-05L:L10900") { usability { canShip blockers { blockingRef } } } }',
    );
    expect(data.lot.usability.canShip).toBe(false);
    expect(data.lot.usability.blockers).toContainEqual({ blockingRef: 'mfg:BER:hold:QH-STOP' });
  });
});

describe('a file of options for the gateway', () => {
  const cli = resolve(import.meta.dirname, '../../dist/cli.js');
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'andon-options-'));
    await writeFile(join(folder, 'andon.yaml'), 'port: 1\nintrospection: false\nlimits:\n  maxDepth: 3\n');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function refusesWhatIsTooDeep(andon: AndonProcess): Promise<void> {
    const { errors } = await andon.ask('olga.operator', '{ productionOrders { nodes { lot { lotNumber } } } }');
    expect(errors[0]?.extensions).toMatchObject({ code: 'DEPTH_LIMIT_EXCEEDED' });
  }

  test('holds for andon up, the environment wins, and without introspection there is no GraphiQL', async () => {
    const command = [process.execPath, cli, 'up', '--config', join(folder, 'andon.yaml')] as const;
    const andon = await AndonProcess.start({ command });
    try {
      expect(new URL(andon.url).port).not.toBe('1');
      await refusesWhatIsTooDeep(andon);
      const page = await fetch(`${andon.url}/graphql`, { headers: { accept: 'text/html' } });
      expect(await page.text()).not.toContain('GraphiQL');
    } finally {
      await andon.dispose();
    }
  });

  test('is found in the folder where it is started', async () => {
    const command = ['sh', '-c', `cd ${folder} && exec ${process.execPath} ${cli} up`] as const;
    const landscape = resolve(import.meta.dirname, '../../landscape.yaml');
    const andon = await AndonProcess.start({ command, env: { ANDON_LANDSCAPE: landscape } });
    try {
      await refusesWhatIsTooDeep(andon);
    } finally {
      await andon.dispose();
    }
  });

  test('with a mistake stops the start with file, line and remedy', async () => {
    const file = join(folder, 'wrong.yaml');
    await writeFile(file, 'port: 1\nlimit: 3\n');
    const andon = await AndonProcess.spawn({ command: [process.execPath, cli, 'up', '--config', file] });
    expect(await andon.untilGone()).toBe(1);
    expect(andon.output).toMatch(/wrong\.yaml:2:.*limit/);
    await andon.dispose();
  });
});

describe('npm start', () => {
  test('ends with 0 when npm itself is asked to end, and leaves nothing running', async () => {
    const andon = await AndonProcess.start({ command: ['npm', 'start'] });
    try {
      expect(await andon.stop()).toBe(0);
      await expect(fetch(`${andon.url}/health/live`)).rejects.toThrow();
    } finally {
      await andon.dispose();
    }
  });
});

describe('what cannot be started', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'andon-bad-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function failedStart(env: Record<string, string>, dataDir = folder): Promise<string> {
    const andon = await AndonProcess.spawn({ dataDir, env });
    expect(await andon.untilGone()).toBe(1);
    expect(andon.output).not.toMatch(/\n\s+at /);
    return andon.output;
  }

  test('a landscape with a mistake names file, line and remedy', async () => {
    const file = join(folder, 'landscape.yaml');
    await writeFile(
      file,
      'plants:\n  BER:\n    name: Berlin\n    timeZone: Europe/Berlin\n    systems:\n      ERP: { connector: sapp }\n',
    );
    expect(await failedStart({ ANDON_LANDSCAPE: file })).toContain(
      'landscape.yaml:6: "plants.BER.systems.ERP.connector" is "sapp". Write reference.',
    );
  });

  test('a data directory that is corrupt is refused with what to do', async () => {
    const corrupt = await mkdtemp(join(folder, 'corrupt-'));
    await writeFile(join(corrupt, 'journal.db'), Buffer.alloc(8192, 'not a database '));
    expect(await failedStart({}, corrupt)).toMatch(/corrupt|backup/i);
  });

  test('a port that is taken ends the start, and says what to set', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    expect(await failedStart({ PORT: String(port) }, join(folder, 'port-taken'))).toContain('choose another port');
    taken.close();
  });

  test('a port that is no port is refused by name', async () => {
    expect(await failedStart({ PORT: 'http' })).toContain('PORT is "http". Set it to a whole number');
  });
});
