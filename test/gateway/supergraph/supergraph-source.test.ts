import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { followSupergraph } from '../../../gateway/supergraph/follow-supergraph.ts';
import { createSupergraphSource, type SupergraphSource } from '../../../gateway/supergraph/supergraph-source.ts';
import type { Timers } from '../../../runtime/timers.ts';
import { type Federation, startFederation } from '../../support/federation-gateway.ts';
import { steadyTimers } from '../../support/steady-time.ts';

/** Every supergraph below has one of these fields, or none at all. */
const main = {
  typeDefs: 'type Query { good: Int better: Int } type Spare { id: ID }',
  resolvers: { Query: { good: () => 1, better: () => 1 } },
};
let federation: Federation;
let good: string;
let better: string;
beforeAll(async () => {
  federation = await startFederation({ main });
  good = federation.sdl.replace('  better: Int\n', '');
  better = federation.sdl.replace('  good: Int\n', '');
  await federation.gateway.replaceSupergraph(good);
});
afterAll(() => federation.close());

const answers = async (field: string) => (await federation.query(`{ ${field} }`)).errors === undefined;

/** Looks when the test says so, and takes what it finds into use. */
function follow(source: SupergraphSource) {
  const logged: string[] = [];
  const say = (message: string) => void logged.push(message);
  let next: () => void = () => undefined;
  let waits: () => void = () => undefined;
  const timers: Timers = {
    ...steadyTimers,
    after(_, run) {
      next = run;
      waits();
      return () => undefined;
    },
  };
  const log = { debug: say, info: say, warn: say, error: say };
  const replace = (sdl: string) => federation.gateway.replaceSupergraph(sdl);
  const stop = followSupergraph({ source, intervalMs: 1, runtime: { timers, log }, replace });
  const look = () =>
    new Promise<void>((resolve) => {
      waits = resolve;
      next();
    });
  return { look, logged, stop };
}

const refused = 'supergraph refused, the last good one stays';
const unreadable = 'supergraph unreadable, the last good one stays';
const readable = 'supergraph readable again';

describe('a supergraph at a URL', () => {
  let answer: RequestListener;
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    answer(request, response);
  });
  let url: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/supergraph`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  afterEach(async () => {
    await federation.gateway.replaceSupergraph(good);
    expect(await answers('good')).toBe(true);
  });

  const sends =
    (body: string | Buffer, headers: Record<string, string> = {}, status = 200): RequestListener =>
    (_, response) =>
      response.writeHead(status, headers).end(body);
  const start = async (timeoutMs = 5000) => {
    const source = createSupergraphSource(url, { timers: steadyTimers, timeoutMs });
    answer = sends(good);
    expect(await source.read()).toBe(good);
    return { ...follow(source), source };
  };

  const tooMuch = gzipSync(Buffer.alloc(70_000_000, '#'));
  const noSupergraphs: [what: string, answer: RequestListener, said: string][] = [
    ['a page of HTML', sends('<html><body>Sign in</body></html>', { 'content-type': 'text/html' }), refused],
    ['nothing', sends(''), refused],
    ['GraphQL that is no supergraph', sends('type Query { good: Int }'), refused],
    ['a supergraph whose types are missing', (_, response) => response.end(good.replace(/: Int\b/, ': Gone')), refused],
    ['an error', sends('down', {}, 500), unreadable],
    ['a refusal', sends('', {}, 403), unreadable],
    ['an endless circle of redirections', sends('', { location: '/supergraph' }, 302), unreadable],
    ['half of it, and hangs up', (_, response) => void response.write(good, () => response.destroy()), unreadable],
    ['something that is not gzip, though it says so', sends('no', { 'content-encoding': 'gzip' }), unreadable],
    ['more than a supergraph can be, packed', sends(tooMuch, { 'content-encoding': 'gzip' }), unreadable],
  ];
  for (const [what, listener, said] of noSupergraphs) {
    test(`that answers with ${what} is said once, changes nothing, and is followed again`, async () => {
      const { look, logged, stop } = await start();
      answer = listener;
      for (let i = 0; i < 3; i += 1) await look();
      expect(logged).toEqual([said]);
      expect(await answers('good')).toBe(true);
      answer = sends(better);
      await look();
      expect(await answers('better')).toBe(true);
      expect(logged).toEqual(said === unreadable ? [said, readable] : [said]);
      stop();
    });
  }

  test('that does not answer, or not to the end, is given up in time', async () => {
    const { look, logged, stop } = await start(200);
    for (const listener of [() => undefined, (_, response) => void response.write('schema')] as RequestListener[]) {
      answer = listener;
      await look();
    }
    expect(logged).toEqual([unreadable]);
    expect(await answers('good')).toBe(true);
    stop();
  });

  test('whose packed answer has arrived, and is not unpacked when its time is up, is given up', async () => {
    answer = sends(tooMuch, { 'content-encoding': 'gzip' });
    let timeIsUp = () => {};
    const after = (_ms: number, run: () => void) => {
      timeIsUp = run;
      return () => undefined;
    };
    const fetchAndBeLate = async (...asked: Parameters<typeof fetch>) => {
      const response = await fetch(...asked);
      setImmediate(() => timeIsUp());
      return response;
    };
    const timers = { ...steadyTimers, after };
    const source = createSupergraphSource(url, { timers, timeoutMs: 1000, fetch: fetchAndBeLate });
    await expect(source.read()).rejects.toThrow('no answer in 1000 ms');
  });

  test('that cannot be reached says so when it is read', async () => {
    const gone = createSupergraphSource('http://127.0.0.1:1/supergraph', { timers: steadyTimers, timeoutMs: 1000 });
    await expect(gone.read()).rejects.toMatchObject({
      code: 'SUPERGRAPH_UNREADABLE',
      message: expect.stringContaining('no answer'),
    });
  });

  test('is asked with the tag of what it last sent, also of what was refused, and loaded only when it changes', async () => {
    const tags: (string | undefined)[] = [];
    const tagged =
      (sdl: string, tag: string): RequestListener =>
      (request, response) => {
        tags.push(request.headers['if-none-match']);
        const isKnown = request.headers['if-none-match'] === tag;
        response.writeHead(isKnown ? 304 : 200, { etag: tag }).end(isKnown ? undefined : sdl);
      };
    const { look, logged, stop } = await start();
    answer = tagged('<html>', '"page"');
    await look();
    await look();
    answer = tagged(better, '"better"');
    await look();
    await look();
    expect(tags).toEqual([undefined, '"page"', '"page"', '"better"']);
    expect(logged).toEqual([refused]);
    expect(await answers('better')).toBe(true);
    stop();
  });

  test('without tags is sent each time, and heard once', async () => {
    const { look, stop, source } = await start();
    const before = asked;
    await look();
    expect(await source.read()).toBeUndefined();
    expect(asked).toBe(before + 2);
    stop();
  });
});

describe('a supergraph in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-source-'));
  const file = join(folder, 'supergraph.graphql');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('that is written in place is taken when it is complete, never in part', async () => {
    writeFileSync(file, good);
    let whilePaused: () => void = () => undefined;
    const timers: Timers = {
      ...steadyTimers,
      async sleep(ms) {
        whilePaused();
        await steadyTimers.sleep(ms);
      },
    };
    const source = createSupergraphSource(file, { timers, timeoutMs: 1000 });
    expect(await source.read()).toBe(good);
    const { look, logged, stop } = follow(source);
    // What is there already would be a supergraph.
    const end = better.indexOf('type Spare');
    writeFileSync(file, better.slice(0, end));
    whilePaused = () => appendFileSync(file, better.slice(end));
    await look();
    expect(await answers('good')).toBe(true);
    whilePaused = () => undefined;
    await look();
    expect(await answers('better')).toBe(true);
    expect(logged).toEqual([]);
    stop();
    await federation.gateway.replaceSupergraph(good);
  });

  test('that is replaced, cut off, emptied, deleted or a folder changes nothing until it is one again', async () => {
    writeFileSync(file, good);
    const source = createSupergraphSource(file, { timers: steadyTimers, timeoutMs: 1000 });
    await source.read();
    const { look, logged, stop } = follow(source);
    writeFileSync(`${file}.new`, better);
    renameSync(`${file}.new`, file);
    await look();
    expect(await answers('better')).toBe(true);
    writeFileSync(file, good.slice(0, good.length / 2));
    await look();
    writeFileSync(file, '');
    await look();
    rmSync(file);
    await look();
    await look();
    expect(await answers('better')).toBe(true);
    writeFileSync(file, `\ufeff${good}`);
    await look();
    expect(await answers('good')).toBe(true);
    expect(logged).toEqual([refused, refused, unreadable, readable]);
    stop();
  });

  test('that is too large to be one is refused unread', async () => {
    writeFileSync(file, Buffer.alloc(67_108_865));
    const source = createSupergraphSource(file, { timers: steadyTimers, timeoutMs: 1000 });
    await expect(source.read()).rejects.toMatchObject({ code: 'SUPERGRAPH_UNREADABLE' });
    await expect(createSupergraphSource(folder, { timers: steadyTimers, timeoutMs: 1000 }).read()).rejects.toThrow(
      'EISDIR',
    );
  });
});
