import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { defaultGatewayConfig, type SubgraphsConfig, type SubscriptionsConfig } from '../../../gateway/config.ts';
import type { Runtime } from '../../../runtime/runtime.ts';
import { EventLog, logSubgraph } from '../../support/event-log.ts';
import { type Federation, startFederation } from '../../support/federation-gateway.ts';
import type { ReceivedRequest } from '../../support/federation-subgraph.ts';
import { freePort } from '../../support/free-port.ts';
import { patientConfig } from '../../support/patient-config.ts';
import { logWith } from '../../support/runtime.ts';
import { type StreamingClient, subscribeOver, type Transport } from '../../support/streaming-client.ts';

let federation: Federation;
const clients: StreamingClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await federation?.close();
});

type Protocol = SubgraphsConfig['subscriptionProtocol'];

interface Start {
  readonly subgraphs?: Partial<SubgraphsConfig>;
  readonly subscriptions?: Partial<SubscriptionsConfig>;
  readonly directives?: string;
  readonly runtime?: Partial<Runtime>;
}

async function start(log: EventLog, subscriptionProtocol: Protocol, given: Start = {}): Promise<void> {
  const { subgraphs, subscriptions } = patientConfig;
  federation = await startFederation(
    { events: logSubgraph(log, given.directives) },
    {
      config: {
        subgraphs: { ...subgraphs, subscriptionProtocol, ...given.subgraphs },
        subscriptions: { ...subscriptions, replayKeepMs: 0, ...given.subscriptions },
      },
      ...(given.runtime && { runtime: given.runtime }),
    },
  );
}

const text = 'subscription ($after: String) { lotChanged(after: $after) { cursor lot { id } } }';

async function subscribe(
  variables: Record<string, unknown> = {},
  transport: Transport = 'WebSocket',
): Promise<StreamingClient> {
  const client = await subscribeOver(transport, { url: federation.url, query: text, variables });
  clients.push(client);
  return client;
}

const cursorsOf = ({ answers }: StreamingClient) => answers.map(({ data }) => data?.lotChanged.cursor);

describe.each<Protocol>(['websocket', 'sse'])('a subgraph that is subscribed to over %s', (protocol) => {
  test('sends its events, and is let go when nobody listens', async () => {
    const log = new EventLog();
    await start(log, protocol);
    const client = await subscribe();
    await log.followed(1);
    log.publish(200);
    await client.until(200);
    expect(cursorsOf(client)).toEqual(log.events.map(({ cursor }) => cursor));
    client.close();
    await log.unfollowed();
  });

  test.each([
    ['before there is a stream', true],
    ['by its first event', false],
  ])('refuses %s: the client gets its code, and nobody asks again', async (_when, atOnce) => {
    const log = new EventLog();
    log.refusesAtOnce = atOnce;
    await start(log, protocol);
    expect(await (await subscribe({ after: 'c99' })).ended).toEqual(['INVALID_CURSOR']);
    expect(log.followedAfter).toEqual(['c99']);
  });

  test('completes: it is asked again from the last cursor on, and one that only ever does is not well', async () => {
    const log = new EventLog();
    await start(log, protocol, { subscriptions: { reconnectForMs: 300 } });
    const client = await subscribe();
    await log.followed(1);
    log.publish(2);
    await client.until(2);
    log.cut();
    log.publish();
    await client.until(3);
    expect(log.followedAfter).toEqual([null, 'c2']);
    const timer = setInterval(() => log.cut(), 2);
    expect(await client.ended).toEqual(['SUBSCRIPTION_ENDED']);
    clearInterval(timer);
    expect(cursorsOf(client)).toEqual(['c1', 'c2', 'c3']);
  });

  test('goes away, and cannot be reached: the client is told, and the breaker leaves it alone', async () => {
    const log = new EventLog();
    await start(log, protocol, { directives: '', subgraphs: { breakerProbeMs: 600_000 } });
    const client = await subscribe();
    await log.followed(1);
    await federation.subgraphs['events']?.close();
    expect(await client.ended).toEqual(['SUBGRAPH_UNAVAILABLE']);
    for (let n = 0; n < defaultGatewayConfig.subgraphs.breakerFailures; n += 1) {
      expect(await (await subscribe()).ended).toEqual(['SUBGRAPH_UNAVAILABLE']);
    }
    expect(await (await subscribe()).ended).toEqual(['SUBGRAPH_CIRCUIT_OPEN']);
  });

  test('sends an event over the limit: the client is told, and nobody asks for it again', async () => {
    const log = new EventLog();
    await start(log, protocol, { subgraphs: { maxResponseBytes: 2_000 } });
    const query = 'subscription { lotChanged { cursor padding(bytes: 3000) } }';
    const client = await subscribeOver('WebSocket', { url: federation.url, query });
    clients.push(client);
    await log.followed(1);
    log.publish();
    expect(await client.ended).toEqual(['SUBGRAPH_MALFORMED_RESPONSE']);
    await log.unfollowed();
    expect(log.followedAfter).toHaveLength(1);
  });

  test('has not taken a stream when its client leaves: the connection is given up, and nothing is heard of it', async () => {
    const sockets: Socket[] = [];
    const hanging = createServer((socket) => void sockets.push(socket.on('error', () => undefined).resume()));
    hanging.listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    const { port } = hanging.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/`;
    await start(new EventLog(), protocol, { subgraphs: { subscriptionUrlBySubgraph: { events: url } } });
    const unheard: unknown[] = [];
    const hear = (cause: unknown) => void unheard.push(cause);
    process.on('unhandledRejection', hear);
    const connected = once(hanging, 'connection');
    const client = await subscribe();
    await connected;
    client.close();
    // Nobody waits for the subgraph any longer.
    for (const socket of sockets) if (!socket.destroyed) await once(socket, 'close');
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', hear);
    hanging.close();
    expect(unheard).toEqual([]);
  });

  test('may be at another address than its queries', async () => {
    const log = new EventLog();
    const other = await startFederation({ events: logSubgraph(log) });
    const url = other.subgraphs['events']?.url.replace('http', 'ws') ?? '';
    await start(new EventLog(), protocol, { subgraphs: { subscriptionUrlBySubgraph: { events: url } } });
    const client = await subscribe();
    await log.followed(1);
    log.publish();
    await client.until(1);
    client.close();
    await log.unfollowed();
    await other.close();
  });
});

test.each([
  ['no JSON', 'hello'],
  ['no message of the protocol', '{"type":"data","id":"1"}'],
])('a WebSocket of a subgraph that says %s is told as malformed', async (_what, garbage) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    socket.on('message', (message) => {
      const isInit = JSON.parse(String(message)).type === 'connection_init';
      socket.send(isInit ? '{"type":"connection_ack"}' : garbage);
    });
  });
  const { port } = server.address() as AddressInfo;
  const url = `ws://127.0.0.1:${port}/`;
  await start(new EventLog(), 'websocket', { subgraphs: { subscriptionUrlBySubgraph: { events: url } } });
  expect(await (await subscribe()).ended).toEqual(['SUBGRAPH_MALFORMED_RESPONSE']);
  server.close();
});

describe('why a subscription of a subgraph failed', () => {
  const warned: Record<string, unknown>[] = [];
  const failing = async (protocol: Protocol, url: string, subgraphs: Partial<SubgraphsConfig> = {}) => {
    warned.length = 0;
    const log = logWith({
      warn: (event, fields) => void (event === 'subscription of a subgraph failed' && warned.push({ ...fields })),
    });
    const subscriptionUrlBySubgraph = { events: url };
    await start(new EventLog(), protocol, {
      directives: '',
      subgraphs: { subscriptionUrlBySubgraph, ...subgraphs },
      runtime: { log },
    });
    return (await subscribe()).ended;
  };

  /** A subgraph that takes the connection unless it has something else to say. */
  const speaking = async (answer: (socket: WebSocket, type: string) => void) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/graphql' });
    await once(server, 'listening');
    server.on('connection', (socket) => {
      socket.on('message', (message) => answer(socket, JSON.parse(String(message)).type));
    });
    const { port } = server.address() as AddressInfo;
    return { url: `ws://127.0.0.1:${port}/graphql`, close: () => server.close() };
  };

  const afterAck = (say: (socket: WebSocket) => void) => (socket: WebSocket, type: string) => {
    if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
    else if (type === 'subscribe') say(socket);
  };

  const unavailable = 'SUBGRAPH_UNAVAILABLE';
  const malformed = 'SUBGRAPH_MALFORMED_RESPONSE';
  test.each<[string, (socket: WebSocket, type: string) => void, string, object]>([
    [
      'closes with a code',
      (socket) => socket.close(4403, 'Forbidden'),
      unavailable,
      { closeCode: 4403, reason: 'Forbidden', problem: 'it closed the connection' },
    ],
    [
      'drops the connection',
      afterAck((socket) => socket.terminate()),
      unavailable,
      { problem: 'the connection broke off' },
    ],
    [
      'does not acknowledge',
      () => undefined,
      unavailable,
      // A slow machine has not even opened it by then.
      { problem: expect.stringMatching(/acknowledge|handshake/) },
    ],
    ['sends a page', afterAck((socket) => socket.send('<html>secret')), malformed, { problem: 'a message is no JSON' }],
    [
      'sends a payload of another kind',
      afterAck((socket) => socket.send('{"id":"1","type":"next","payload":5}')),
      malformed,
      { problem: `"next" message expects the 'payload' property to be an object` },
    ],
    [
      'sends a message of another protocol',
      afterAck((socket) => socket.send('{"id":"1","type":"secret"}')),
      malformed,
      { problem: "Invalid message 'type' property" },
    ],
    [
      'sends no response of GraphQL',
      afterAck((socket) => socket.send('{"id":"1","type":"next","payload":{"hits":"secret"}}')),
      malformed,
      { problem: 'what it sent is no GraphQL response: it has neither data nor errors, but "hits"' },
    ],
  ])('is told in the log where it %s', async (what, answer, code, told) => {
    const server = await speaking(answer);
    const given = what === 'does not acknowledge' ? { timeoutMs: 200 } : {};
    expect(await failing('websocket', server.url, given)).toEqual([code]);
    expect(warned).toEqual([expect.objectContaining({ subgraph: 'events', protocol: 'websocket', code, ...told })]);
    expect(JSON.stringify(warned)).not.toContain('secret');
    server.close();
  });

  test('is told in the log where nobody listens, or not at this path', async () => {
    const server = await speaking(() => undefined);
    expect(await failing('websocket', server.url.replace('/graphql', '/ws'))).toEqual([unavailable]);
    expect(warned).toEqual([expect.objectContaining({ problem: 'Unexpected server response: 400' })]);
    server.close();
    await federation.close();
    const closed = `http://127.0.0.1:${await freePort()}/`;
    for (const protocol of ['websocket', 'sse'] as const) {
      expect(await failing(protocol, closed)).toEqual([unavailable]);
      const problem = expect.stringContaining('ECONNREFUSED');
      expect(warned).toEqual([expect.objectContaining({ protocol, url: closed, problem })]);
      await federation.close();
    }
  });

  test('is told once in a minute, however many clients ask again', async () => {
    expect(await failing('websocket', `ws://127.0.0.1:${await freePort()}/`)).toEqual([unavailable]);
    for (let n = 0; n < 3; n += 1) expect(await (await subscribe()).ended).toEqual([unavailable]);
    expect(warned).toHaveLength(1);
  });

  test('is told in the log where the answer is no event stream, or one that cannot be read', async () => {
    const log = logWith({ warn: (_event, fields) => void warned.push({ ...fields }) });
    warned.length = 0;
    const script = await startScript({ directives: '', runtime: { log } });
    const refused = await subscribe();
    (await script.response(0)).writeHead(404, { 'content-type': 'text/html' }).end('<html>');
    expect(await refused.ended).toEqual([malformed]);
    const garbled = await subscribe();
    await script.stream(1, 'event: next\ndata: [1]\n\n');
    expect(await garbled.ended).toEqual([malformed]);
    expect(warned.map(({ problem }) => problem)).toEqual([
      'HTTP status 404 with text/html, in place of an event stream',
      'what it sent is no GraphQL response: it is a list and no object',
    ]);
  });
});

test('what a subgraph says of an operation after its end is not heard', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (socket, { socket: raw }) => {
    socket.on('message', (text) => {
      const { type, id } = JSON.parse(String(text));
      if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
      if (type !== 'subscribe') return;
      const event = (cursor: string) =>
        socket.send(JSON.stringify({ id, type: 'next', payload: { data: { lotChanged: { cursor, lot: null } } } }));
      raw.cork();
      event('c1');
      socket.send(JSON.stringify({ id, type: 'complete' }));
      event('c2');
      raw.uncork();
    });
  });
  const { port } = server.address() as AddressInfo;
  const subscriptionUrlBySubgraph = { events: `ws://127.0.0.1:${port}/` };
  await start(new EventLog(), 'websocket', { directives: '', subgraphs: { subscriptionUrlBySubgraph } });
  const client = await subscribe();
  expect(await client.ended).toEqual(['SUBSCRIPTION_ENDED']);
  expect(cursorsOf(client)).toEqual(['c1']);
  server.close();
});

test('each subgraph may have a protocol of its own', async () => {
  const log = new EventLog();
  await start(log, 'websocket', { subgraphs: { subscriptionProtocolBySubgraph: { events: 'sse' } } });
  await subscribe();
  await log.followed(1);
  expect(federation.subgraphs['events']?.received).toHaveLength(1);
});

/** A subgraph that says what the test says. */
class Script {
  readonly asked: ReceivedRequest[] = [];
  readonly responses: ServerResponse[] = [];
  #wake: (() => void)[] = [];

  readonly answer = (response: ServerResponse, request: ReceivedRequest): void => {
    this.asked.push(request);
    this.responses.push(response);
    for (const wake of this.#wake.splice(0)) wake();
  };

  /** The answer to the n-th time that it was asked. */
  async response(n: number): Promise<ServerResponse> {
    for (;;) {
      const response = this.responses[n];
      if (response) return response;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async stream(n: number, first = ':\n\n'): Promise<ServerResponse> {
    const response = await this.response(n);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(first);
    return response;
  }
}

const next = (cursor: string, id?: string) =>
  `${id === undefined ? '' : `id: ${id}\n`}event: next\ndata: {"data":{"lotChanged":{"cursor":"${cursor}","lot":{"id":"l"}}}}\n\n`;

async function startScript(given: Start = {}): Promise<Script> {
  const script = new Script();
  await start(new EventLog(), 'sse', given);
  federation.subgraphs['events']?.answerWith(script.answer);
  return script;
}

describe('an event stream of a subgraph', () => {
  test('is asked for with the operation as JSON, and nothing but a stream is accepted', async () => {
    const script = await startScript();
    await subscribe({ after: 'c1' });
    await script.stream(0);
    expect(script.asked[0]).toMatchObject({
      variables: { after: 'c1' },
      headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
    });
    expect(script.asked[0]?.headers['last-event-id']).toBeUndefined();
  });

  test('that breaks off is asked for again with the last id, also where the field has no cursor', async () => {
    const script = await startScript({ directives: '' });
    const client = await subscribe();
    (await script.stream(0, next('c1', 'first') + next('c2', 'zweite ü€'))).write(next('c3'));
    await client.until(3);
    script.responses[0]?.destroy();
    (await script.stream(1, next('c4', 'third'))).end('event: complete\n\n');
    await client.until(4);
    await script.stream(2, next('c5'));
    await client.until(5);
    const ids = script.asked.map(({ headers }) => headers['last-event-id']?.toString());
    const utf8 = ids.map((id) => id && Buffer.from(id, 'latin1').toString('utf8'));
    expect(utf8).toEqual([undefined, 'zweite ü€', 'third']);
    expect(cursorsOf(client)).toEqual(['c1', 'c2', 'c3', 'c4', 'c5']);
  });

  test('that takes its id back, or has none and no cursor, is not asked for again: the client is told', async () => {
    for (const first of [next('c1', 'a') + next('c2', ''), next('c1') + next('c2')]) {
      const script = await startScript({ directives: '' });
      const client = await subscribe();
      await script.stream(0, first);
      await client.until(2);
      script.responses[0]?.destroy();
      expect(await client.ended).toEqual(['SUBGRAPH_UNAVAILABLE']);
      expect(script.asked).toHaveLength(1);
      await federation.close();
    }
  });

  test('goes on from id and cursor alike, where there are both', async () => {
    const script = await startScript();
    const client = await subscribe();
    await script.stream(0, next('c1', 'one'));
    await client.until(1);
    script.responses[0]?.destroy();
    await script.response(1);
    expect(script.asked[1]).toMatchObject({ headers: { 'last-event-id': 'one' } });
    expect(Object.values(script.asked[1]?.variables ?? {})).toEqual(['c1']);
  });

  test('without a word that it is one is no answer: the deadline holds, and counts as a failure', async () => {
    const script = await startScript({
      directives: '',
      subgraphs: { timeoutMs: 500, breakerFailures: 2, breakerProbeMs: 600_000 },
    });
    expect(await (await subscribe()).ended).toEqual(['SUBGRAPH_TIMEOUT']);
    const late = await subscribe();
    (await script.response(1)).writeHead(503).flushHeaders();
    expect(await late.ended).toEqual(['SUBGRAPH_TIMEOUT']);
    expect(await (await subscribe()).ended).toEqual(['SUBGRAPH_CIRCUIT_OPEN']);
    for (const response of script.responses) if (!response.destroyed) await once(response, 'close');
  });

  const json = { 'content-type': 'application/json' };
  test.each<[string, number, Record<string, string>, string, string]>([
    ['JSON with errors', 200, json, '{"errors":[{"message":"x","extensions":{"code":"NO"}}]}', 'NO'],
    ['400 with errors', 400, json, '{"errors":[{"message":"x","extensions":{"code":"NO"}}]}', 'NO'],
    ['JSON with data', 200, json, '{"data":{"lotChanged":null}}', 'SUBGRAPH_MALFORMED_RESPONSE'],
    ['errors that are none', 400, json, '{"errors":5}', 'SUBGRAPH_MALFORMED_RESPONSE'],
    ['a page', 200, { 'content-type': 'text/html' }, '<html>', 'SUBGRAPH_MALFORMED_RESPONSE'],
    ['no such address', 404, {}, '', 'SUBGRAPH_MALFORMED_RESPONSE'],
    ['401 with errors', 401, json, '{"errors":[{"message":"x","extensions":{"code":"NO"}}]}', 'NO'],
    ['401 without reasons', 401, {}, '', 'SUBGRAPH_REFUSED'],
    ['an overload', 503, json, '', 'SUBGRAPH_UNAVAILABLE'],
    ['nothing of the type', 406, {}, '', 'SUBGRAPH_MALFORMED_RESPONSE'],
    ['a stream with another status', 500, { 'content-type': 'text/event-stream' }, '', 'SUBGRAPH_MALFORMED_RESPONSE'],
  ])('%s in its place is told with a code', async (_what, status, headers, body, code) => {
    const script = await startScript({ directives: '' });
    const client = await subscribe();
    (await script.response(0)).writeHead(status, headers).end(body);
    expect(await client.ended).toEqual([code]);
  });

  test.each([
    ['no JSON', 'event: next\ndata: {"data":\n\n'],
    ['no response', 'event: next\ndata: [1]\n\n'],
    ['neither data nor errors', 'event: next\ndata: {}\n\n'],
    ['a next without data', 'event: next\n\n'],
  ])('with %s in it ends with a code after what came before', async (_what, garbage) => {
    const script = await startScript();
    const client = await subscribe();
    const stream = await script.stream(0, next('c1') + garbage + next('c2'));
    expect(await client.ended).toEqual(['SUBGRAPH_MALFORMED_RESPONSE']);
    expect(cursorsOf(client)).toEqual(['c1']);
    if (!stream.destroyed) await once(stream, 'close');
  });

  test('may leave out the name of results, and say what is for others', async () => {
    const script = await startScript();
    const client = await subscribe();
    await script.stream(0, `event: ping\ndata: {}\n\nretry: 10\n\n${next('c1').replace('event: next\n', '')}`);
    await client.until(1);
    expect(cursorsOf(client)).toEqual(['c1']);
  });

  test('is closed when its client leaves, before there is an answer and after', async () => {
    const script = await startScript();
    const early = await subscribe();
    const asked = await script.response(0);
    early.close();
    await once(asked, 'close');
    const late = await subscribe({ after: 'c0' });
    const stream = await script.stream(1, next('c1'));
    await late.until(1);
    late.close();
    await once(stream, 'close');
  });

  test('that sends heartbeats and stops to is dead after three of them, one that never did is not', async () => {
    const time = manualTime();
    const script = await startScript({ directives: '', runtime: time });
    const quiet = await subscribe({}, 'server-sent events');
    await script.stream(0, `:\n\n${next('c1')}`);
    await quiet.until(1);
    const lively = await subscribe({ after: 'c0' }, 'server-sent events');
    const stream = await script.stream(1, next('c1'));
    await lively.until(1);
    for (let beat = 2; beat < 5; beat += 1) {
      time.pass(12_000);
      stream.write(`:\n\n${next(`c${beat}`)}`);
      await lively.until(beat);
    }
    time.pass(30_000);
    stream.write(next('c5'));
    await lively.until(5);
    time.pass(40_000);
    expect(await lively.ended).toEqual(['SUBGRAPH_UNAVAILABLE']);
    script.responses[0]?.write(next('c2'));
    await quiet.until(2);
  });

  test('is not read faster than its only client, who catches up, reads', async () => {
    const script = await startScript();
    const client = await subscribe({ after: 'c0' });
    const stream = await script.stream(0);
    client.pause();
    const padded = next('c1').replace('"l"', `"${'x'.repeat(10_000)}"`);
    let sent = 0;
    while (sent < 10_000 && (stream.write(padded) || (await drainsSoon(stream)))) sent += 1;
    expect(sent).toBeLessThan(10_000);
    client.resume();
    await client.until(sent);
  });
});

async function drainsSoon(stream: ServerResponse): Promise<boolean> {
  const drained = once(stream, 'drain').then(() => true);
  return Promise.race([drained, new Promise<boolean>((resolve) => setTimeout(resolve, 500, false))]);
}

/** Timers that fire when the test lets time pass; short ones by themselves, as the machine's. */
function manualTime() {
  let now = 0;
  const waiting = new Set<{ at: number; run: () => void }>();
  return {
    clock: { now: () => now, monotonic: () => now },
    timers: {
      after(delayMs: number, run: () => void) {
        const entry = { at: now + delayMs, run };
        waiting.add(entry);
        return () => void waiting.delete(entry);
      },
      sleep: () => Promise.resolve(),
    },
    pass(ms: number) {
      now += ms;
      for (const entry of [...waiting]) {
        if (entry.at > now || !waiting.delete(entry)) continue;
        entry.run();
      }
    },
  };
}
