import type { Client } from 'graphql-ws';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Principal } from '../../auth/principal.ts';
import { type Answer, type Federation, startFederation } from '../support/federation-gateway.ts';
import { patientConfig } from '../support/patient-config.ts';
import { somebody } from '../support/somebody.ts';

/** A source of events that a test drives by hand, and that says how many listen. */
class Source {
  readonly #queues = new Set<(value: unknown) => void>();
  opened = 0;

  get listeners(): number {
    return this.#queues.size;
  }

  emit(value: unknown): void {
    for (const push of this.#queues) push(value);
  }

  stream(): AsyncIterableIterator<unknown> {
    this.opened += 1;
    const waiting: ((result: IteratorResult<unknown>) => void)[] = [];
    const values: unknown[] = [];
    const push = (value: unknown) => {
      const next = waiting.shift();
      if (next) next(value === undefined ? { done: true, value } : { done: false, value });
      else values.push(value);
    };
    this.#queues.add(push);
    const stop = () => {
      this.#queues.delete(push);
      for (const next of waiting.splice(0)) next({ done: true, value: undefined });
      return Promise.resolve({ done: true as const, value: undefined });
    };
    const iterator: AsyncIterableIterator<unknown> = {
      next: () =>
        values.length > 0
          ? Promise.resolve({ done: false, value: values.shift() })
          : new Promise((resolve) => waiting.push(resolve)),
      return: stop,
      throw: stop,
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }
}

function lots(source: Source) {
  return {
    events: {
      typeDefs: `
        type Query { now: Int! }
        type Mutation { bump: Int! }
        type Subscription { lotChanged(site: String, after: String): LotEvent refused: Int }
        type LotEvent { cursor: String! lot: Lot }
        type Lot @key(fields: "id") { id: ID! }
      `,
      resolvers: {
        Query: { now: () => 1 },
        Mutation: { bump: () => 2 },
        Subscription: {
          lotChanged: { subscribe: () => source.stream() },
          refused: {
            subscribe: () => {
              throw Object.assign(new Error('Not this one.'), { extensions: { code: 'FORBIDDEN' } });
            },
          },
        },
      },
    },
    quality: {
      typeDefs: 'type Lot @key(fields: "id") { id: ID! status: String! holds: Int }',
      resolvers: { Lot: { status: ({ id }: { id: string }) => `status of ${id}`, holds: () => 1 } },
    },
  };
}

const event = (cursor: string, id = 'l1') => ({ lotChanged: { cursor, lot: { id } } });
const query = 'subscription { lotChanged { cursor lot { id status } } }';

let federation: Federation | undefined;
afterEach(() => federation?.close());

interface Listening {
  readonly answers: Answer[];
  readonly ended: Promise<unknown>;
  until(count: number): Promise<void>;
  stop(): void;
}

function listen(client: Client, text: string, variables?: Record<string, unknown>): Listening {
  const answers: Answer[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  let stop: () => void = () => undefined;
  const ended = new Promise<unknown>((resolve) => {
    stop = client.subscribe(
      { query: text, ...(variables && { variables }) },
      {
        next: (answer) => {
          answers.push(answer as Answer);
          for (const { count, resolve: done } of waiting) if (answers.length >= count) done();
        },
        error: resolve,
        complete: () => resolve('complete'),
      },
    );
  });
  const until = (count: number) =>
    answers.length >= count ? Promise.resolve() : new Promise<void>((resolve) => waiting.push({ count, resolve }));
  return { answers, ended, until, stop: () => stop() };
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test('each event is joined with the fields of other subgraphs', async () => {
  const source = new Source();
  federation = await startFederation(lots(source));
  const stream = listen(federation.socket(), query);
  await waitFor(() => source.listeners === 1);
  source.emit(event('c1'));
  source.emit(event('c2', 'l2'));
  await stream.until(2);
  expect(stream.answers.map(({ data }) => data)).toEqual([
    { lotChanged: { cursor: 'c1', lot: { id: 'l1', status: 'status of l1' } } },
    { lotChanged: { cursor: 'c2', lot: { id: 'l2', status: 'status of l2' } } },
  ]);
  expect(stream.answers[0]?.extensions.sources).toHaveLength(2);
});

test('an event whose join fails still arrives, with null and the exact path', async () => {
  const source = new Source();
  federation = await startFederation(lots(source));
  const stream = listen(federation.socket(), 'subscription { e: lotChanged { cursor lot { id holds } } }');
  await waitFor(() => source.listeners === 1);
  federation.subgraphs['quality']!.answerWith((response) => response.writeHead(503).end());
  source.emit(event('c1'));
  await stream.until(1);
  expect(stream.answers[0]).toMatchObject({
    data: { e: { cursor: 'c1', lot: { id: 'l1', holds: null } } },
    errors: [{ path: ['e', 'lot', 'holds'], extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'quality' } }],
  });
});

test('equal subscriptions share one stream, and each event is resolved once', async () => {
  const source = new Source();
  federation = await startFederation(lots(source));
  const [one, two] = [federation.socket(), federation.socket()];
  const streams = [listen(one, query), listen(one, query), listen(two, query)];
  await waitFor(() => source.listeners > 0);
  await listen(two, '{ now }').until(1);
  source.emit(event('c1'));
  await Promise.all(streams.map((stream) => stream.until(1)));
  expect(source.opened).toBe(1);
  expect(federation.subgraphs['quality']!.received).toHaveLength(1);
  for (const stream of streams) stream.stop();
  await waitFor(() => source.listeners === 0);
});

test('a subscription that resumes from a cursor never joins a stream that is already under way', async () => {
  const source = new Source();
  federation = await startFederation(lots(source));
  const client = federation.socket();
  const resuming = 'subscription ($after: String) { lotChanged(after: $after) { cursor } }';
  listen(client, resuming, { after: 'c7' });
  listen(client, resuming, { after: 'c7' });
  listen(client, 'subscription { lotChanged(after: "c7") { cursor } }');
  await waitFor(() => source.opened === 3);
  listen(client, resuming, { after: null });
  listen(client, resuming, { after: null });
  await listen(client, '{ now }').until(1);
  await waitFor(() => source.opened === 4);
});

test('queries and mutations work over the same socket', async () => {
  federation = await startFederation(lots(new Source()));
  const client = federation.socket();
  const read = listen(client, '{ now }');
  const write = listen(client, 'mutation { bump }');
  expect(await read.ended).toBe('complete');
  expect(await write.ended).toBe('complete');
  expect([read.answers[0]?.data, write.answers[0]?.data]).toEqual([{ now: 1 }, { bump: 2 }]);
});

test('what the source refuses reaches the client with its code', async () => {
  federation = await startFederation(lots(new Source()));
  expect(await listen(federation.socket(), 'subscription { refused }').ended).toMatchObject([
    { message: 'Not this one.', extensions: { code: 'FORBIDDEN', service: 'events' } },
  ]);
});

test('a source that ends is told as an error with a code, never as silence', async () => {
  const source = new Source();
  federation = await startFederation(lots(source));
  const stream = listen(federation.socket(), query);
  await waitFor(() => source.listeners === 1);
  source.emit(undefined);
  expect(await stream.ended).toMatchObject([{ extensions: { code: 'SUBSCRIPTION_ENDED', retryable: true } }]);
});

test('a source that dies is told as an error with a code', async () => {
  const source = new Source();
  federation = await startFederation(lots(source));
  const stream = listen(federation.socket(), query);
  await waitFor(() => source.listeners === 1);
  await federation.subgraphs['events']!.close();
  expect(await stream.ended).toMatchObject([{ extensions: { service: 'events', retryable: true } }]);
});

test('a source that cannot be reached is told as an error with a code', async () => {
  federation = await startFederation(lots(new Source()));
  await federation.subgraphs['events']!.close();
  expect(await listen(federation.socket(), query).ended).toMatchObject([
    { extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'events' } },
  ]);
});

test('an invalid operation ends with its errors, and the socket lives on', async () => {
  federation = await startFederation(lots(new Source()));
  const client = federation.socket();
  expect(await listen(client, 'subscription { nothing }').ended).toMatchObject([
    { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
  ]);
  expect(await listen(client, 'subscription {').ended).toMatchObject([
    { extensions: { code: 'GRAPHQL_PARSE_FAILED' } },
  ]);
  expect(await listen(client, '{ now }').ended).toBe('complete');
});

function refuseWith(code: string): never {
  throw Object.assign(new Error('Bring a valid token.'), { code });
}

function manualTimers() {
  const pending = new Set<{ delayMs: number; run: () => void }>();
  return {
    after(delayMs: number, run: () => void) {
      const entry = { delayMs, run };
      pending.add(entry);
      return () => void pending.delete(entry);
    },
    sleep: () => Promise.resolve(),
    fire(matches: (delayMs: number) => boolean) {
      for (const entry of [...pending]) {
        if (!matches(entry.delayMs)) continue;
        pending.delete(entry);
        entry.run();
      }
    },
  };
}

interface RawSocket {
  readonly messages: string[];
  readonly closed: Promise<{ code: number; reason: string }>;
  send(message: unknown): void;
}

async function rawSocket(url: string, protocol = 'graphql-transport-ws', headers = {}): Promise<RawSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), protocol, { headers });
  const messages: string[] = [];
  socket.on('message', (data) => messages.push(String(data)));
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  await new Promise((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('error', reject);
  });
  return {
    messages,
    closed,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
  };
}

test('an expired principal closes running subscriptions and the socket, both with the code', async () => {
  const source = new Source();
  let now = 1_000_000;
  const timers = manualTimers();
  federation = await startFederation(lots(source), {
    authenticate: () => somebody({ expiresAt: 2_000_000 }),
    runtime: { timers, clock: { now: () => now, monotonic: () => now } },
  });
  const raw = await rawSocket(federation.url);
  raw.send({ type: 'connection_init' });
  raw.send({ type: 'ping' });
  await waitFor(() => raw.messages.length === 2);
  raw.send({ type: 'subscribe', id: '1', payload: { query } });
  await waitFor(() => source.listeners === 1);
  now = 2_000_001;
  timers.fire((delayMs) => delayMs === 1_000_000);
  expect(await raw.closed).toEqual({
    code: 4403,
    reason: 'TOKEN_EXPIRED: The token has expired. Reconnect with a new one.',
  });
  expect(JSON.parse(raw.messages.at(-1)!)).toMatchObject({
    id: '1',
    type: 'error',
    payload: [{ extensions: { code: 'TOKEN_EXPIRED' } }],
  });
  await waitFor(() => source.listeners === 0);
});

test('credentials in the payload or in the upgrade header open a connection, wrong ones close it with 4403', async () => {
  federation = await startFederation(lots(new Source()), {
    authenticate: (credentials) => (credentials === 'Bearer good' ? somebody() : refuseWith('TOKEN_EXPIRED')),
  });
  const { url } = federation;
  for (const params of [{ authorization: 'Bearer good' }, { Authorization: 'Bearer good' }]) {
    expect(await listen(federation.socket(params), '{ now }').ended).toBe('complete');
  }
  const header = await rawSocket(url, 'graphql-transport-ws', { authorization: 'Bearer good' });
  header.send({ type: 'connection_init' });
  await waitFor(() => header.messages.length === 1);
  const refused = await rawSocket(url);
  refused.send({ type: 'connection_init', payload: { authorization: 'Bearer bad' } });
  expect(await refused.closed).toEqual({ code: 4403, reason: 'TOKEN_EXPIRED: Bring a valid token.' });
});

test('an operation may bring credentials of its own, and ends when they expire', async () => {
  const source = new Source();
  let now = 1_000_000;
  const timers = manualTimers();
  const known: Record<string, Principal> = {
    'Bearer one': somebody(),
    'Bearer two': somebody({ id: 'q', expiresAt: 1_500_000 }),
  };
  federation = await startFederation(lots(source), {
    authenticate: (credentials) => known[credentials ?? ''] ?? refuseWith('UNAUTHENTICATED'),
    runtime: { timers, clock: { now: () => now, monotonic: () => now } },
  });
  const raw = await rawSocket(federation.url, 'graphql-transport-ws', { authorization: 'Bearer one' });
  raw.send({ type: 'connection_init' });
  await waitFor(() => raw.messages.length === 1);
  const headers = (value: string) => ({ headers: { Authorization: value } });
  raw.send({ type: 'subscribe', id: '1', payload: { query } });
  raw.send({ type: 'subscribe', id: '2', payload: { query, extensions: headers('Bearer two') } });
  raw.send({ type: 'subscribe', id: '3', payload: { query, extensions: headers('Bearer three') } });
  await waitFor(() => source.opened === 2 && raw.messages.length === 2);
  expect(JSON.parse(raw.messages[1]!)).toMatchObject({
    id: '3',
    type: 'error',
    payload: [{ extensions: { code: 'UNAUTHENTICATED' } }],
  });
  now = 1_500_000;
  timers.fire((delayMs) => delayMs === 500_000);
  await waitFor(() => raw.messages.length === 3);
  expect(JSON.parse(raw.messages[2]!)).toMatchObject({
    id: '2',
    type: 'error',
    payload: [{ extensions: { code: 'TOKEN_EXPIRED' } }],
  });
  source.emit(event('c1'));
  await waitFor(() => raw.messages.length === 4);
  expect(JSON.parse(raw.messages[3]!)).toMatchObject({ id: '1', type: 'next' });
});

test('each breach of the protocol has its close code', async () => {
  const { subscriptions } = patientConfig;
  federation = await startFederation(lots(new Source()), {
    config: { subscriptions: { ...subscriptions, initTimeoutMs: 1_000 } },
  });
  const { url } = federation;
  const early = await rawSocket(url);
  early.send({ type: 'subscribe', id: '1', payload: { query } });
  expect((await early.closed).code).toBe(4401);
  const mute = await rawSocket(url);
  expect((await mute.closed).code).toBe(4408);
  const twice = await rawSocket(url);
  twice.send({ type: 'connection_init' });
  twice.send({ type: 'connection_init' });
  expect((await twice.closed).code).toBe(4429);
  for (const nonsense of ['hello', '[]', '{"type":"nothing"}', '{"type":"subscribe","id":""}']) {
    const socket = await rawSocket(url);
    socket.send(nonsense);
    expect((await socket.closed).code).toBe(4400);
  }
  const repeated = await rawSocket(url);
  repeated.send({ type: 'connection_init' });
  await waitFor(() => repeated.messages.length === 1);
  repeated.send({ type: 'subscribe', id: 'x', payload: { query } });
  repeated.send({ type: 'subscribe', id: 'x', payload: { query } });
  expect(await repeated.closed).toEqual({ code: 4409, reason: 'Subscriber for x already exists' });
});

test('a page of another origin cannot connect to a gateway without authentication', async () => {
  federation = await startFederation(lots(new Source()));
  await expect(rawSocket(federation.url, 'graphql-transport-ws', { origin: 'https://evil.example' })).rejects.toThrow(
    '403',
  );
  const own = await rawSocket(federation.url, 'graphql-transport-ws', { origin: new URL(federation.url).origin });
  own.send({ type: 'connection_init' });
  await waitFor(() => own.messages.length === 1);
});

test('draining asks clients to come back, tells the log how many there were, and is done when called twice', async () => {
  const source = new Source();
  const logged: { readonly event: string }[] = [];
  const note = (event: string, fields: object = {}) => void logged.push({ event, ...fields });
  const log = { debug: note, info: note, warn: note, error: note };
  federation = await startFederation(lots(source), { runtime: { log } });
  logged.length = 0; // what the start says depends on the machine
  const raw = await rawSocket(federation.url);
  raw.send({ type: 'connection_init' });
  await waitFor(() => raw.messages.length === 1);
  raw.send({ type: 'subscribe', id: '1', payload: { query } });
  await waitFor(() => source.listeners === 1);
  const overEvents = await openStream(federation.url, 'text/event-stream');
  const overMultipart = await openStream(federation.url, 'multipart/mixed;subscriptionSpec=1.0');
  await Promise.all([federation.gateway.drain(), federation.gateway.drain()]);
  expect((await raw.closed).code).toBe(1012);
  expect(await overEvents.text()).toBe(':\n\n');
  const lastPart = /\{"payload":null.*\}/.exec(await overMultipart.text())?.[0] ?? '';
  expect(JSON.parse(lastPart)).toEqual({
    payload: null,
    errors: [
      {
        message: 'The gateway stops, or restarts. Ask again; subscribe with your last cursor.',
        extensions: { code: 'GATEWAY_STOPPING', retryable: true },
      },
    ],
  });
  expect(logged).toEqual([
    // A WebSocket with one operation, and two operations with a response each.
    { event: 'gateway stopping', requests: 0, streams: 4 },
    { event: 'gateway stopped', afterMs: expect.any(Number) },
  ]);
  await waitFor(() => source.listeners === 0);
  expect(federation.gateway.ready()).toBe(false);
});

const openStream = (url: string, accept: string) =>
  fetch(url, {
    method: 'POST',
    headers: { accept, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
