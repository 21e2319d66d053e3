import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'graphql';
import { afterEach, describe, expect, test } from 'vitest';
import { composeSources } from '../../gateway/supergraph/compose.ts';
import { followSupergraph } from '../../gateway/supergraph/follow-supergraph.ts';
import {
  createSupergraphSource,
  type SupergraphSource,
  SupergraphSourceError,
} from '../../gateway/supergraph/supergraph-source.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createJsonLogger } from '../../runtime/logger.ts';
import { EventLog, logSubgraph } from '../support/event-log.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { catalogue, shop, stock } from '../support/federation-shop.ts';
import {
  federationLink,
  type SubgraphDefinition,
  startSubgraph,
  type TestSubgraph,
} from '../support/federation-subgraph.ts';
import { testRuntime } from '../support/runtime.ts';
import { steadyTimers } from '../support/steady-time.ts';
import { type StreamingClient, subscribeOver, transports } from '../support/streaming-client.ts';

let federation: Federation;
const others: TestSubgraph[] = [];
afterEach(async () => {
  await federation?.close();
  await Promise.all(others.splice(0).map((subgraph) => subgraph.close()));
});

/** The supergraph of `definitions`, at the addresses that the federation has or that `urls` gives. */
function compose(definitions: Record<string, SubgraphDefinition>, urls: Record<string, string> = {}): string {
  const sources = Object.entries(definitions).map(([name, { typeDefs }]) => ({
    name,
    url: urls[name] ?? federation.subgraphs[name]?.url ?? '',
    document: parse(federationLink + typeDefs),
  }));
  return composeSources(sources).sdl;
}

const withField = (definition: SubgraphDefinition, type: string): SubgraphDefinition => ({
  ...definition,
  typeDefs: `${definition.typeDefs}\n${type}`,
});

describe('a new supergraph', () => {
  test('is answered from without one failed request, however many run at that moment', async () => {
    federation = await startFederation(shop());
    const second = await startSubgraph(stock());
    others.push(second);
    const supergraphs = [
      compose(shop(), { stock: second.url }),
      compose({ ...shop(), catalogue: withField(catalogue(), 'extend type Query { version: Int }') }),
    ];
    let running = true;
    const answers: unknown[] = [];
    const failed: unknown[] = [];
    const client = async (request: string) => {
      while (running) {
        const answer = await federation.query(request);
        (answer.errors ? failed : answers).push(answer);
      }
    };
    const clients = [
      ...Array.from({ length: 6 }, () => client('{ products { name inStock shipping reviews { body } } }')),
      client('mutation { rename(id: "p1", name: "Desk") { name inStock } }'),
      client('{ reviews { body product { name inStock } } }'),
    ];
    for (let reload = 0; reload < 6; reload += 1) {
      const seen = answers.length;
      await federation.gateway.replaceSupergraph(supergraphs[reload % 2] ?? '');
      while (answers.length < seen + 50 && failed.length === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    running = false;
    await Promise.all(clients);
    expect(failed).toEqual([]);
    expect(answers.length).toBeGreaterThanOrEqual(300);
    expect(second.received.length).toBeGreaterThan(0);
  });

  test('serves its own fields at once, and the plans of the most used operations are ready', async () => {
    const logged: Record<string, unknown>[] = [];
    const log = { ...testRuntime().log, info: (event: string, fields = {}) => void logged.push({ event, ...fields }) };
    federation = await startFederation(shop(), { runtime: { log } });
    await federation.query('{ products { name } }');
    await federation.query('{ reviews { body } }');
    const catalogueWith = withField(catalogue(), 'extend type Query { version: Int }');
    const { url } = await startSubgraph({ ...catalogueWith, resolvers: { Query: { version: () => 7 } } }).then(
      (made) => {
        others.push(made);
        return made;
      },
    );
    await federation.gateway.replaceSupergraph(compose({ ...shop(), catalogue: catalogueWith }, { catalogue: url }));
    expect(await federation.query('{ version }')).toMatchObject({ data: { version: 7 } });
    expect(logged).toContainEqual(expect.objectContaining({ event: 'supergraph replaced', warmed: 2, unfit: 0 }));
    expect(federation.gateway.schema.getQueryType()?.getFields()['version']).toBeDefined();
  });

  test('that cannot be used is refused with the mistake and its place, in one line, and the last good one goes on', async () => {
    federation = await startFederation(shop());
    const { sdl } = federation;
    const mistakes: [sdl: string, mistake: string][] = [
      ['type Query { a: Int }', 'It names no subgraph (no join__Graph values).'],
      [sdl.replace('type Product', '<<<<<<< HEAD\ntype Product'), 'Unexpected character: "<" (line 71, column 1).'],
      [sdl.slice(0, -300), 'Syntax Error: Expected Name, found <EOF> (line 94, column 36).'],
      [sdl.replace('name: String @join__field', 'name: Strng @join__field'), 'Unknown type "Strng".'],
      [`${sdl}\ntype Product { id: ID! }`, 'It defines the type "Product" twice.'],
      [`${sdl}\ntype Extra`, 'Type Extra must define one or more fields (line 114, column 1).'],
      [sdl.replaceAll('graph: STOCK', 'graph: STOK'), "Subgraph not found: 'STOK'."],
      [sdl.replace('requires: "price weight"', 'requires: "price {"'), '@requires(fields: "price {"): Syntax Error'],
    ];
    for (const [broken, mistake] of mistakes) {
      const refused = federation.gateway.replaceSupergraph(broken);
      await expect(refused).rejects.toMatchObject({
        code: 'SUPERGRAPH_INVALID',
        message: expect.stringMatching(/^The supergraph cannot be used: [^\n]*$/),
      });
      await expect(refused).rejects.toThrow(mistake);
    }
    expect(await federation.query('{ product(id: "p1") { name inStock } }')).toMatchObject({
      data: { product: { name: 'Table', inStock: 4 } },
    });
  });
});

/** A graph of numbered events that are joined with another subgraph. */
function ticking() {
  const waiting: ((n: number) => void)[] = [];
  let opened = 0;
  async function* ticks() {
    opened += 1;
    for (;;) yield { tick: { n: await new Promise<number>((resolve) => waiting.push(resolve)), lot: { id: 'l1' } } };
  }
  const events: SubgraphDefinition = {
    typeDefs: `
      type Query { now: Int }
      type Subscription { tick: Tick }
      type Tick { n: Int! lot: Lot }
      type Lot @key(fields: "id") { id: ID! }
    `,
    resolvers: { Subscription: { tick: { subscribe: ticks } } },
  };
  const place = (name: string): SubgraphDefinition => ({
    typeDefs: 'type Lot @key(fields: "id") { id: ID! place: String }',
    resolvers: { Lot: { place: () => name } },
  });
  const emit = async (n: number) => {
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
    waiting.shift()?.(n);
  };
  return { events, place, emit, opened: () => opened };
}

describe('a subscription during a reload', () => {
  test('goes on without a gap, and joins its next event as the new supergraph says', async () => {
    const { events, place, emit, opened } = ticking();
    federation = await startFederation({ events, places: place('old') });
    const moved = await startSubgraph(place('new'));
    others.push(moved);
    const ticks = federation.socket().iterate({ query: 'subscription { tick { n lot { place } } }' });
    const next = async () => (await ticks.next()).value?.data?.['tick'];
    const first = next();
    await emit(1);
    expect(await first).toEqual({ n: 1, lot: { place: 'old' } });
    await federation.gateway.replaceSupergraph(compose({ events, places: place('new') }, { places: moved.url }));
    for (const n of [2, 3]) await emit(n);
    expect([await next(), await next()]).toEqual([
      { n: 2, lot: { place: 'new' } },
      { n: 3, lot: { place: 'new' } },
    ]);
    expect(opened()).toBe(1);
  });

  test('ends with SCHEMA_RELOAD and the reason where it does not fit any more', async () => {
    const { events, place, emit } = ticking();
    federation = await startFederation({ events, places: place('old') });
    const ticks = federation.socket().iterate({ query: 'subscription { tick { n lot { place } } }' });
    const first = ticks.next();
    await emit(1);
    await first;
    const second = ticks.next();
    await federation.gateway.replaceSupergraph(compose({ events }));
    await expect(second).rejects.toMatchObject([
      {
        message: expect.stringMatching(
          /^The schema was replaced, and this subscription cannot go on: Cannot query field "place"/,
        ),
        extensions: { code: 'SCHEMA_RELOAD', retryable: false },
      },
    ]);
  });

  test('ends with SCHEMA_RELOAD where its events come from another place', async () => {
    const { events, place, emit } = ticking();
    federation = await startFederation({ events, places: place('old') });
    const ticks = federation.socket().iterate({ query: 'subscription { tick { n } }' });
    const first = ticks.next();
    await emit(1);
    await first;
    const second = ticks.next();
    const elsewhere = compose({ events, places: place('old') }, { events: 'http://127.0.0.1:9/graphql' });
    await federation.gateway.replaceSupergraph(elsewhere);
    await expect(second).rejects.toMatchObject([
      {
        message: expect.stringContaining('Subscribe again'),
        extensions: { code: 'SCHEMA_RELOAD', retryable: true },
      },
    ]);
  });
});

describe('a resumable subscription during a reload', () => {
  const query = 'subscription ($after: String) { lotChanged(after: $after) { cursor } }';
  const cursorsOf = ({ answers }: StreamingClient) => answers.map(({ data }) => data.lotChanged.cursor);

  test.each(transports)(
    'over %s goes on at the new place of its events: none is lost, none comes twice',
    async (transport) => {
      const log = new EventLog();
      federation = await startFederation({ events: logSubgraph(log) });
      const client = await subscribeOver(transport, { url: federation.url, query, variables: { after: 'c0' } });
      const urls: string[] = [];
      for (let n = 0; n < 3; n += 1) {
        const place = await startSubgraph(logSubgraph(log));
        others.push(place);
        urls.push(place.url);
      }
      let running = true;
      const publishing = (async () => {
        while (running) {
          log.publish();
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      })();
      await client.until(5);
      for (const [index, url] of urls.entries()) {
        await federation.gateway.replaceSupergraph(compose({ events: logSubgraph(log) }, { events: url }));
        // A reload that comes sooner overtakes this one.
        await log.followed(index + 2);
        await client.until(client.answers.length + 20);
      }
      running = false;
      await publishing;
      await client.until(log.events.length);
      expect(cursorsOf(client)).toEqual(log.events.map(({ cursor }) => cursor));
      expect(log.followedAfter).toHaveLength(1 + urls.length);
      client.close();
    },
  );

  test('that has no cursor yet ends with SCHEMA_RELOAD when its place changes: it could have missed something', async () => {
    const log = new EventLog();
    federation = await startFederation({ events: logSubgraph(log) });
    const client = await subscribeOver('WebSocket', { url: federation.url, query });
    await log.followed(1);
    const place = await startSubgraph(logSubgraph(log));
    others.push(place);
    await federation.gateway.replaceSupergraph(compose({ events: logSubgraph(log) }, { events: place.url }));
    expect(await client.ended).toEqual(['SCHEMA_RELOAD']);
  });
});

/** Follows `source`; `tick` lets one interval pass and resolves when the look has ended. */
function follow(source: SupergraphSource, accept: (sdl: string) => unknown) {
  const logged: string[] = [];
  const lines: string[] = [];
  const written = createJsonLogger(systemClock, 'debug', (line) => void lines.push(line));
  const noting =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields: Record<string, unknown> = {}) => {
      logged.push(event);
      written[level](event, fields);
    };
  const log = { debug: noting('debug'), info: noting('info'), warn: noting('warn'), error: noting('error') };
  let pass = () => {};
  let waits = () => {};
  const timers = {
    ...steadyTimers,
    after: (_delayMs: number, run: () => void) => {
      pass = run;
      waits();
      return () => undefined;
    },
  };
  const stop = followSupergraph({
    source,
    intervalMs: 1,
    runtime: { timers, log },
    replace: async (sdl) => accept(sdl),
  });
  const tick = () =>
    new Promise<void>((resolve) => {
      waits = resolve;
      pass();
    });
  return { tick, logged, lines, stop };
}

describe('a supergraph that is followed', () => {
  test('in a file: each change is taken once; a bad or missing one is said once and changes nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'andon-follow-'));
    const file = join(folder, 'supergraph.graphql');
    try {
      writeFileSync(file, 'one');
      const source = createSupergraphSource(file, { timers: steadyTimers, timeoutMs: 1000 });
      expect(await source.read()).toBe('one');
      const taken: string[] = [];
      const { tick, logged } = follow(source, (sdl) => {
        if (sdl.startsWith('bad')) throw new Error('not a supergraph');
        taken.push(sdl);
      });
      await tick();
      writeFileSync(file, 'second');
      await tick();
      await tick();
      expect(taken).toEqual(['second']);
      writeFileSync(file, 'bad one');
      await tick();
      await tick();
      rmSync(file);
      await tick();
      await tick();
      writeFileSync(file, 'a third one');
      await tick();
      expect(taken).toEqual(['second', 'a third one']);
      expect(logged).toEqual([
        'supergraph refused, the last good one stays',
        'supergraph unreadable, the last good one stays',
        'supergraph readable again',
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('is refused, or missed, in one line of the log with its code and what to do, without a stack', async () => {
    federation = await startFederation(shop());
    const read = async () => {
      if (next !== undefined) return next;
      throw new SupergraphSourceError('The supergraph x cannot be read (ENOENT). Make it with "andon compose".');
    };
    let next: string | undefined = 'type Query { nothing';
    const { tick, lines } = follow({ name: 'x', read }, (sdl) => federation.gateway.replaceSupergraph(sdl));
    await tick();
    next = undefined;
    await tick();
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        time: expect.any(String),
        level: 'error',
        event: 'supergraph refused, the last good one stays',
        source: 'x',
        code: 'SUPERGRAPH_INVALID',
        problem:
          'The supergraph cannot be used: Syntax Error: Expected ":", found <EOF> (line 1, column 21). Compose it with "andon compose" or the Rover command line.',
      },
      {
        time: expect.any(String),
        level: 'warn',
        event: 'supergraph unreadable, the last good one stays',
        source: 'x',
        code: 'SUPERGRAPH_UNREADABLE',
        problem: 'The supergraph x cannot be read (ENOENT). Make it with "andon compose".',
      },
    ]);
  });

  test('at a URL: it is sent again only when it has changed, and an unavailable server changes nothing', async () => {
    let sdl = 'one';
    let status = 200;
    const answered: number[] = [];
    const server = createServer((request, response) => {
      const code = status !== 200 ? status : request.headers['if-none-match'] === `"${sdl}"` ? 304 : 200;
      answered.push(code);
      response.writeHead(code, { etag: `"${sdl}"` }).end(code === 200 ? sdl : '');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/supergraph`;
    const source = createSupergraphSource(url, { timers: steadyTimers, timeoutMs: 5000 });
    expect(await source.read()).toBe('one');
    expect(await source.read()).toBeUndefined();
    status = 503;
    await expect(source.read()).rejects.toMatchObject({ code: 'SUPERGRAPH_UNREADABLE' });
    status = 200;
    sdl = 'two';
    expect(await source.read()).toBe('two');
    expect(answered).toEqual([200, 304, 503, 200]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(source.read()).rejects.toThrow(/cannot be read \(no answer: (ECONNREFUSED|UND_ERR_SOCKET)\)\. Check/);
  });
});
