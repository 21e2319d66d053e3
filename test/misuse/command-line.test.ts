import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AndonProcess } from '../support/andon-process.ts';
import { startFederation } from '../support/federation-gateway.ts';
import { lotSubgraphs, lotSubscription, PushedEvents } from '../support/pushed-events.ts';

const root = resolve(import.meta.dirname, '../..');
const cli = resolve(root, 'dist/cli.js');
const commands = ['up', 'gateway', 'subgraph', 'workflows', 'compose', 'token', 'subscribe', 'verify-audit', 'bench'];

async function run(argv: readonly string[], program = cli, env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [program, ...argv], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let problems = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    problems += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, out, problems };
}

describe('andon, typed wrongly', () => {
  test('names every command when it is called with none', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    for (const command of [...commands, 'build']) expect(out).toMatch(new RegExp(`^ {2}${command} `, 'm'));
  });

  test('says which version it is', async () => {
    const { version } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { version: string };
    expect(await run(['--version'], resolve(root, 'andon.mjs'))).toEqual({
      code: 0,
      out: `${version}\n`,
      problems: '',
    });
  });

  test('says that there is no such command, and which there are, with 2', async () => {
    const { code, problems } = await run(['upp']);
    expect(code).toBe(2);
    expect(problems).toMatch(/^andon: there is no command upp\. Did you mean "up"\?\n[\s\S]*^ {2}up /m);
    expect((await run(['gatway'])).problems).toMatch(/^andon: there is no command gatway\. Did you mean "gateway"\?\n/);
    expect((await run(['qwertz'])).problems).toMatch(/^andon: there is no command qwertz\.\n/);
  });

  test.each(commands)('%s explains itself, and says which option it does not have, with 2', async (command) => {
    const help = await run([command, '--help']);
    expect(help).toMatchObject({ code: 0, problems: '' });
    expect(help.out).toMatch(new RegExp(`^andon ${command}`));
    const wrong = await run([command, '--nonsense']);
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.problems).toContain("Unknown option '--nonsense'");
    expect(wrong.problems).toContain(`Try: andon ${command} --help`);
  });

  test('build explains itself, and says which option it does not have, with 2', async () => {
    const program = resolve(root, 'andon.mjs');
    expect(await run(['build', '--help'], program)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^andon build/),
    });
    const wrong = await run(['build', '--nonsense'], program);
    expect(wrong).toMatchObject({ code: 2, problems: expect.stringContaining('there is no option --nonsense') });
  });

  test.each([
    [['gateway', '--supergraph', 'x', '--port', ''], '--port is empty. Give it a value, or leave it out.'],
    [['compose', '--output=', '--config', 'x'], '--output is empty. Give it a value, or leave it out.'],
    [['subscribe', ''], 'An argument is empty. Give it a value, or leave it out.'],
    [['subscribe'], "Write the subscription: andon subscribe 'subscription { … }'."],
    [['compose'], 'Name the subgraphs: andon compose --config supergraph.yaml.'],
    [['gateway', '--prot', '4000'], `Unknown option '--prot'. Did you mean "--port"?`],
    [['compose', '--quietly'], "Unknown option '--quietly'."],
    [['token', '--plant', 'BER'], 'Give at least one --role.'],
    [['bench', '--seconds', '0'], '--seconds is "0". Write a number from 1 to 3600.'],
    [['bench', '--only', 'oracle'], '--only is "oracle". Write sqlite or postgres.'],
  ])('%j says in one sentence what to write, with 2', async ([name = '', ...rest], sentence) => {
    const problems = `andon ${name}: ${sentence}\nTry: andon ${name} --help\n`;
    expect(await run([name, ...rest])).toEqual({ code: 2, out: '', problems });
  });

  test('a supergraph that cannot be written where it is told is no wrong usage, and one sentence says what to do', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'andon-'));
    const schema = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9") type Query { a: Int }';
    const list = 'subgraphs: { one: { routing_url: "http://127.0.0.1:1", schema: { file: one.graphql } } }';
    await writeFile(join(folder, 'one.graphql'), schema);
    await writeFile(join(folder, 'list.yaml'), list);
    const write = (output: string) => run(['compose', '--config', join(folder, 'list.yaml'), '--output', output]);
    const [missing, isFolder] = await Promise.all([write(join(folder, 'some/missing/x.graphql')), write(folder)]);
    await rm(folder, { recursive: true });
    expect([missing.code, isFolder.code]).toEqual([1, 1]);
    expect(missing.problems).toMatch(/^andon compose: ENOENT.*make the folder that is missing in it first\.\n$/);
    expect(isFolder.problems).toMatch(/^andon compose: EISDIR.*Name a file: this is a folder\.\n$/);
  });

  test('wrong values are wrong usage, too', async () => {
    expect(await run(['subgraph', 'crm'])).toMatchObject({ code: 2, problems: expect.stringContaining('one of erp,') });
    expect(await run(['subscribe', '--url', 'nowhere', '{ a }'])).toMatchObject({
      code: 2,
      problems: expect.stringContaining('--url is "nowhere"'),
    });
  });
});

describe('andon, set wrongly', () => {
  test.each(['-1', '0', 'NaN', '1e9', '0x10', '99999', 'Infinity', ''])(
    'no development token is made for %s hours, and one sentence says why',
    async (hours) => {
      const { code, out, problems } = await run(['token', '--role', 'OPERATOR', '--plant', 'BER', '--hours', hours]);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      const [sentence, hint] = problems.split('\n');
      expect(sentence).toMatch(
        /^andon token: --hours is (empty\. Give it a value|".+": give a number of hours from 0\.01)/,
      );
      expect(hint).toBe('Try: andon token --help');
    },
  );

  const ofThisMachine = /^andon up: .*HOST.* an address of this machine, such as 127\.0\.0\.1.*\n$/;
  test.each([
    [{ HOST: 'nohost.invalid' }, ofThisMachine],
    [{ HOST: 'http://here' }, ofThisMachine],
    [{ HOST: '300.1.1.1' }, ofThisMachine],
    [{ HOST: 'a b' }, ofThisMachine],
    [
      { ANDON_ALLOWED_HOSTS: 'andon.example.com,https://x/y' },
      /^andon up: ANDON_ALLOWED_HOSTS .*"https:\/\/x\/y" is none/,
    ],
    [{ ANDON_ALLOWED_HOSTS: 'a b' }, /^andon up: ANDON_ALLOWED_HOSTS must be host names .*\n$/],
    [{ ANDON_ALLOWED_HOSTS: '*' }, /^andon up: ANDON_ALLOWED_HOSTS must be host names .*\n$/],
  ])('with %o it does not start, and one sentence says what to write', async (env, sentence) => {
    const folder = await mkdtemp(join(tmpdir(), 'andon-'));
    const { code, problems } = await run(['up'], cli, { PORT: '0', ANDON_DATA_DIR: folder, ...env });
    await rm(folder, { recursive: true });
    expect(code).toBe(1);
    expect(problems).toMatch(sentence);
  });

  test('who opens it to other machines with development keys is warned at the start, and told what to do', async () => {
    const open = await AndonProcess.start({ env: { HOST: '0.0.0.0' } });
    const closed = await AndonProcess.start();
    try {
      expect(open.output).toMatch(/WARNING: development keys are in force .*HOST is 0\.0\.0\.0.*Set ANDON_JWKS_URL/);
      expect(closed.output).not.toContain('WARNING');
    } finally {
      await Promise.all([open.dispose(), closed.dispose()]);
    }
  });
});

describe('andon subscribe', () => {
  test('says on standard error that it is connected, and prints the events alone', async () => {
    const events = new PushedEvents();
    const federation = await startFederation(lotSubgraphs(events));
    const child = spawn(process.execPath, [cli, 'subscribe', '--url', federation.url, lotSubscription], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    try {
      while (!said.endsWith('\n')) await once(child.stderr, 'data');
      expect(said).toBe(`andon subscribe: connected to ${federation.url}.\n`);
      await events.opened(1);
      events.push('c1');
      const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
      expect(JSON.parse(line)).toMatchObject({ data: { lotChanged: { cursor: 'c1' } } });
    } finally {
      child.kill();
      await federation.close();
    }
  });

  test('says that nobody answers at the port in PORT, and connects once somebody does', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const port = String((free.address() as AddressInfo).port);
    free.close();
    await once(free, 'close');
    const query = 'subscription { qualityHoldChanged(plant: "BER") { cursor } }';
    const child = spawn(process.execPath, [cli, 'subscribe', query], {
      cwd: root,
      env: { PATH: process.env['PATH'], PORT: port },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    while (!said.includes('nobody answers')) await once(child.stderr, 'data');
    expect(said).toContain(`nobody answers at http://127.0.0.1:${port}/graphql; trying again`);
    const andon = await AndonProcess.start({ env: { PORT: port } });
    try {
      // It has no token: the server's word ends it.
      const [code] = await once(child, 'close');
      expect(code).toBe(1);
      expect(said.match(/nobody answers/g)).toHaveLength(1);
    } finally {
      child.kill();
      await andon.dispose();
    }
  });
});
