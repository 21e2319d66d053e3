import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { EventLog, logSubgraph } from '../support/event-log.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';
import { createCertificate } from '../support/self-signed-certificate.ts';

const entry = resolve(dirname(fileURLToPath(import.meta.url)), '../../andon.mjs');
let federation: Federation | undefined;
let folder = '';
afterEach(async () => {
  await federation?.close();
  federation = undefined;
  rmSync(folder, { recursive: true, force: true });
});

function andon(...args: string[]) {
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  return { child, lines: createInterface(child.stdout), errors: () => errors };
}

test('andon gateway serves any supergraph, says that it is open, and ends with 0 on SIGTERM', async () => {
  federation = await startFederation(shop());
  folder = mkdtempSync(join(tmpdir(), 'andon-gateway-'));
  const file = join(folder, 'supergraph.graphql');
  writeFileSync(file, federation.sdl);
  const { child, lines } = andon('gateway', '--supergraph', file, '--port', '0');
  const output: string[] = [];
  for await (const line of lines) {
    output.push(line);
    if (output.length === 2) break;
  }
  expect(output[1]).toBe('andon gateway: no authentication is configured, so it listens on loopback only.');
  const url = /ready at (\S+)/.exec(output[0] ?? '')?.[1] ?? '';
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ product(id: \\"p1\\") { name inStock } }"}',
  });
  expect(await response.json()).toMatchObject({ data: { product: { name: 'Table', inStock: 4 } } });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test.each([
  [
    'an address of another machine',
    'host: 192.0.2.1',
    /^andon gateway: 192\.0\.2\.1 port \d+ cannot be listened on \(EADDRNOTAVAIL\)\. Set host/,
  ],
  [
    'several mistakes',
    'host: 7\nport: x',
    /^andon gateway: \S+ has 2 mistakes\.\n\S+:1: "host" is 7\. .*\n\S+:2: "port" is "x"\. /,
  ],
])('andon gateway does not start on %s, and says what to write', async (_, yaml, sentence) => {
  federation = await startFederation(shop());
  folder = mkdtempSync(join(tmpdir(), 'andon-gateway-'));
  const [file, options] = [join(folder, 'supergraph.graphql'), join(folder, 'andon.yaml')];
  writeFileSync(file, federation.sdl);
  writeFileSync(options, yaml);
  const env = { ...process.env, ANDON_DATA_DIR: folder };
  const args = [entry, 'gateway', '--supergraph', file, '--config', options, '--development-keys'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  const said = text(child.stderr);
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(await said).toMatch(sentence);
});

test('who opens the gateway to other machines with development keys is warned', async () => {
  federation = await startFederation(shop());
  folder = mkdtempSync(join(tmpdir(), 'andon-gateway-'));
  const [file, options] = [join(folder, 'supergraph.graphql'), join(folder, 'andon.yaml')];
  writeFileSync(file, federation.sdl);
  writeFileSync(options, 'host: 0.0.0.0\nport: 0\n');
  const env = { ...process.env, ANDON_DATA_DIR: folder };
  const args = [entry, 'gateway', '--supergraph', file, '--config', options, '--development-keys'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  for await (const line of createInterface(child.stderr)) {
    if (/WARNING: development keys are in force .*host is 0\.0\.0\.0.*Set ANDON_JWKS_URL/.test(line)) break;
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
});

test('has room for large answers in flight without a flag of Node', async () => {
  const told =
    'import { resourceLimits } from "node:worker_threads"; process.stderr.write(JSON.stringify(resourceLimits))';
  const child = spawn(process.execPath, [entry, 'gateway', '--help'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(told)}` },
  });
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(output).toContain('"maxYoungGenerationSizeMb":192');
});

test('SIGTERM resets nothing that is on the wire, and idle connections hold nothing up', async () => {
  federation = await startFederation(shop());
  folder = mkdtempSync(join(tmpdir(), 'andon-gateway-'));
  const file = join(folder, 'supergraph.graphql');
  writeFileSync(file, federation.sdl);
  const { child, lines, errors } = andon('gateway', '--supergraph', file, '--port', '0');
  let url = new URL('http://localhost');
  for await (const line of lines) {
    url = new URL(/ready at (\S+)/.exec(line)?.[1] ?? '');
    break;
  }
  const open = async () => {
    const socket = connect(Number(url.port), url.hostname);
    await once(socket, 'connect');
    return socket;
  };
  const written = (socket: Socket) => new Promise((done) => socket.write(request, done));
  const body = '{"query":"{ product(id: \\"p1\\") { name inStock } }"}';
  const request = `POST /graphql HTTP/1.1\r\nHost: ${url.host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const answer = async (socket: Socket) => {
    let text = '';
    for await (const chunk of socket) text += chunk;
    return text;
  };
  const [used, neverUsed] = [await open(), await open()];
  const answeredOnce = once(used, 'data');
  await written(used);
  await answeredOnce;
  const idle = [answer(used), answer(neverUsed)];
  // A process that stands still has read nothing of these: the kernel has taken the connections and the requests.
  child.kill('SIGSTOP');
  const sockets = await Promise.all(Array.from({ length: 60 }, open));
  const answers = sockets.map(answer);
  await Promise.all(sockets.map(written));
  child.kill('SIGTERM');
  child.kill('SIGCONT');
  for (const text of await Promise.all(answers)) {
    expect(text).toMatch(/^HTTP\/1.1 200 /);
    expect(text).toContain('"inStock":4');
  }
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(errors()).toMatch(
    /"event":"gateway stopping","requests":\d+,"streams":0\}\n.*"event":"gateway stopped","afterMs":\d+\}\n$/,
  );
  expect(await Promise.all(idle)).toEqual(['', '']);
});

test('andon gateway takes a new supergraph file into use, and keeps the last good one when it is broken', async () => {
  federation = await startFederation(shop());
  folder = mkdtempSync(join(tmpdir(), 'andon-gateway-'));
  const [file, config] = [join(folder, 'supergraph.graphql'), join(folder, 'andon.yaml')];
  writeFileSync(file, federation.sdl);
  writeFileSync(config, `supergraph: { source: ${file}, pollIntervalMs: 20 }\nintrospection: true\n`);
  const { child, lines, errors } = andon('gateway', '--config', config, '--port', '0');
  let url = '';
  for await (const line of lines) {
    url = /ready at (\S+)/.exec(line)?.[1] ?? '';
    break;
  }
  const ask = async (query: string) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) };
    return (await (await fetch(url, init)).json()) as { data?: unknown; errors?: unknown };
  };
  const logged = async (event: string) => {
    while (!errors().includes(event)) await once(child.stderr, 'data');
  };
  const renamed = '{ product(id: "p1") { title: name } __type(name: "Product") { description } }';
  expect(await ask(renamed)).toMatchObject({ data: { __type: { description: null } } });
  writeFileSync(file, federation.sdl.replace(/^type Product/m, '"What is sold."\ntype Product'));
  await logged('supergraph replaced');
  expect(await ask(renamed)).toEqual({
    data: { product: { title: 'Table' }, __type: { description: 'What is sold.' } },
    extensions: expect.anything(),
  });
  writeFileSync(file, 'type Query { nothing');
  await logged('supergraph refused, the last good one stays');
  expect(await ask(renamed)).toMatchObject({ data: { product: { title: 'Table' } } });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('andon gateway without a usable supergraph says what to do', async () => {
  const { child, errors } = andon('gateway', '--supergraph', '/nowhere/supergraph.graphql');
  const [code] = await once(child, 'exit');
  expect(code).not.toBe(0);
  expect(errors()).toContain(
    'The supergraph /nowhere/supergraph.graphql cannot be read (ENOENT). Make it with "andon compose".',
  );
});

test('andon subscribe ends quietly when who reads its output has read enough', async () => {
  const log = new EventLog();
  federation = await startFederation({ events: logSubgraph(log) });
  const { child, lines, errors } = andon(
    'subscribe',
    '--url',
    federation.url,
    'subscription { lotChanged { cursor } }',
  );
  const ended = once(child, 'exit');
  await log.followed(1);
  log.publish();
  await once(lines, 'line');
  child.stdout.destroy();
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  // It hears of it by what it writes next, or after that.
  while (!isOver) {
    log.publish();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await ended).toEqual([0, null]);
  expect(errors()).toBe(`andon subscribe: connected to ${federation.url}.\n`);
});

test('andon subscribe gives up where it cannot trust a certificate, and where there is no TLS, and says what to do', async () => {
  folder = mkdtempSync(join(tmpdir(), 'andon-subscribe-'));
  const { certFile, keyFile } = createCertificate(folder);
  const safe = createSecureServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  const plain = createServer();
  const ending = async (server: Server, env: Record<string, string> = {}) => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    const url = `https://localhost:${typeof address === 'object' && address?.port}/graphql`;
    const args = [entry, 'subscribe', '--url', url, 'subscription { a }'];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    });
    const said = text(child.stderr);
    const [code] = await once(child, 'exit');
    server.close();
    return { code, said: await said };
  };
  expect(await ending(safe)).toEqual({
    code: 1,
    said: expect.stringMatching(/is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT: .*NODE_EXTRA_CA_CERTS/),
  });
  expect(await ending(plain)).toEqual({ code: 1, said: expect.stringMatching(/does not speak TLS.* --url/) });
});
