import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Principal } from '../../auth/principal.ts';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { patientConfig } from '../support/patient-config.ts';
import { lotSubgraphs, lotSubscription, PushedEvents } from '../support/pushed-events.ts';
import { somebody } from '../support/somebody.ts';

/** Each test has upstreams of its own, and hears of their end at once. */
const oneByOne = { ...patientConfig.subscriptions, replayKeepMs: 0, reconnectForMs: 0 };
const events = new PushedEvents();
let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(lotSubgraphs(events), { config: { subscriptions: oneByOne } });
});
const clients: RawClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.socket.terminate();
});
afterAll(() => federation.close());

type Message = { type?: string; id?: string; payload?: unknown };

/** A socket without a client library: exactly what is sent arrives. */
class RawClient {
  readonly socket: WebSocket;
  readonly received: Message[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #waiting: (() => void)[] = [];

  constructor(url: string, protocols: string[] = ['graphql-transport-ws']) {
    this.socket = new WebSocket(url.replace('http', 'ws'), protocols);
    this.socket.on('error', () => undefined);
    this.socket.on('message', (data) => {
      this.received.push(JSON.parse(String(data)));
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
    this.closed = new Promise((resolve) =>
      this.socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
    );
    clients.push(this);
  }

  async opened(): Promise<this> {
    if (this.socket.readyState === WebSocket.CONNECTING)
      await new Promise((resolve) => this.socket.once('open', resolve));
    return this;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async until(matches: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.received.find(matches);
      if (found) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  typed = (type: string, id?: string) => this.until((message) => message.type === type && message.id === id);

  async acknowledged(payload?: unknown): Promise<this> {
    await this.opened();
    this.send({ type: 'connection_init', ...(payload !== undefined && { payload }) });
    await this.typed('connection_ack');
    return this;
  }

  subscribe(id: string, query: string, more: Record<string, unknown> = {}): void {
    this.send({ type: 'subscribe', id, payload: { query, ...more } });
  }
}

const raw = (protocols?: string[]) => new RawClient(federation.url, protocols);
const acknowledged = (payload?: unknown) => raw().acknowledged(payload);

describe('connecting', () => {
  test('without the subprotocol: 4406', async () => {
    expect((await raw([]).closed).code).toBe(4406);
  });

  test('with only a subprotocol of another kind: 4406', async () => {
    const { port } = new URL(federation.url);
    const socket = connectTcp(Number(port), '127.0.0.1');
    const key = Buffer.alloc(16).toString('base64');
    const head = [
      'GET /graphql HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade',
      'Upgrade: websocket',
      `Sec-WebSocket-Key: ${key}`,
    ];
    socket.write([...head, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: graphql-ws', '', ''].join('\r\n'));
    let bytes = Buffer.alloc(0);
    for await (const chunk of socket) {
      bytes = Buffer.concat([bytes, chunk as Buffer]);
      // An unmasked close frame: 0x88, its length, then the code.
      const frame = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
      if (frame.length < 4) continue;
      expect([frame[0], frame.readUInt16BE(2)]).toEqual([0x88, 4406]);
      break;
    }
  });

  test('of a version that is not spoken: 426, with those that are', async () => {
    const key = Buffer.alloc(16).toString('base64');
    const handshake = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': key };
    const asked = request(federation.url, { headers: { ...handshake, 'sec-websocket-version': '99' } }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(426);
    expect(response.headers).toMatchObject({ upgrade: 'websocket', 'sec-websocket-version': '13, 8' });
    expect(JSON.parse(await text(response)).errors[0].extensions.code).toBe('WEBSOCKET_HANDSHAKE_INVALID');
  });

  test('without connection_init in time: 4408', async () => {
    const subscriptions = { ...patientConfig.subscriptions, initTimeoutMs: 20 };
    const hasty = await startFederation(lotSubgraphs(new PushedEvents()), { config: { subscriptions } });
    expect(await new RawClient(hasty.url).closed).toEqual({ code: 4408, reason: 'Connection initialisation timeout' });
    await hasty.close();
  });

  test('connection_init twice: 4429, before the acknowledgement and after it', async () => {
    const early = await raw().opened();
    early.send({ type: 'connection_init' });
    early.send({ type: 'connection_init' });
    expect(await early.closed).toEqual({ code: 4429, reason: 'Too many initialisation requests' });
    const late = await acknowledged();
    late.send({ type: 'connection_init' });
    expect((await late.closed).code).toBe(4429);
  });

  test('an operation before the acknowledgement: 4401', async () => {
    const client = await raw().opened();
    client.subscribe('1', '{ now }');
    expect(await client.closed).toEqual({ code: 4401, reason: 'Unauthorized' });
  });

  test('credentials that are refused: 4403 with the code of the refusal', async () => {
    const closed = await startFederation(lotSubgraphs(new PushedEvents()), {
      authenticate: (credentials): Principal => {
        if (credentials !== 'Bearer good')
          throw Object.assign(new Error('Bring a token.'), { code: 'UNAUTHENTICATED' });
        return somebody();
      },
    });
    const refused = await new RawClient(closed.url).opened();
    refused.send({ type: 'connection_init', payload: { authorization: 'Bearer bad' } });
    expect(await refused.closed).toEqual({ code: 4403, reason: 'UNAUTHENTICATED: Bring a token.' });
    const good = await new RawClient(closed.url).acknowledged({ headers: { Authorization: 'Bearer good' } });
    good.subscribe('1', '{ now }');
    expect((await good.typed('next', '1')).payload).toMatchObject({ data: { now: 1 } });
    await closed.close();
  });

  test('payloads of connection_init may be absent, null or an object, and nothing else', async () => {
    for (const payload of [undefined, null, {}]) await acknowledged(payload);
    for (const payload of ['text', 1, [], true]) {
      const client = await raw().opened();
      client.send({ type: 'connection_init', payload });
      expect((await client.closed).code).toBe(4400);
    }
  });

  test('an upgrade on another path is refused, and a half-written one holds nothing up', async () => {
    const elsewhere = new WebSocket(federation.url.replace('http', 'ws').replace('/graphql', '/other'));
    await new Promise((resolve) => elsewhere.once('error', resolve));
    const { port } = new URL(federation.url);
    const half = connectTcp(Number(port), '127.0.0.1');
    half.write('GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n');
    await acknowledged();
    half.destroy();
  });
});

describe('messages that are none close the socket with 4400', () => {
  const bad: Record<string, unknown> = {
    'no JSON': '{"type":',
    'not an object': '[]',
    'a string': '"ping"',
    null: 'null',
    'no type': {},
    'an unknown type': { type: 'start', id: '1', payload: { query: '{ now }' } },
    'a type that only servers send': { type: 'next', id: '1', payload: {} },
    'an acknowledgement': { type: 'connection_ack' },
    'a type that is no text': { type: 5 },
    'subscribe without an id': { type: 'subscribe', payload: { query: '{ now }' } },
    'subscribe with an empty id': { type: 'subscribe', id: '', payload: { query: '{ now }' } },
    'subscribe with a number as id': { type: 'subscribe', id: 1, payload: { query: '{ now }' } },
    'subscribe without a payload': { type: 'subscribe', id: '1' },
    'subscribe without a query': { type: 'subscribe', id: '1', payload: {} },
    'a query that is no text': { type: 'subscribe', id: '1', payload: { query: {} } },
    'variables that are a list': { type: 'subscribe', id: '1', payload: { query: '{ now }', variables: [] } },
    'an operation name that is a number': {
      type: 'subscribe',
      id: '1',
      payload: { query: '{ now }', operationName: 1 },
    },
    'extensions that are text': { type: 'subscribe', id: '1', payload: { query: '{ now }', extensions: 'x' } },
    'complete without an id': { type: 'complete' },
    'a ping with a text as payload': { type: 'ping', payload: 'x' },
    'a pong with a list as payload': { type: 'pong', payload: [] },
  };
  test('and is told what is wrong with it', async () => {
    const told: [unknown, string][] = [
      [bad['variables that are a list'], 'variables must be an object'],
      [bad['an operation name that is a number'], 'operationName must be a string'],
      [{ type: 'start', id: '1', payload: { query: '{ now }' } }, 'graphql-transport-ws has no type "start"'],
    ];
    for (const [message, problem] of told) {
      const client = await acknowledged();
      client.send(message);
      expect(await client.closed).toEqual({ code: 4400, reason: `Invalid message: ${problem}` });
    }
  });
  for (const [what, message] of Object.entries(bad)) {
    test(what, async () => {
      const client = await acknowledged();
      client.send(message);
      const { code, reason } = await client.closed;
      expect(code).toBe(4400);
      expect(reason).toMatch(/^Invalid message: /);
    });
  }

  test('a binary frame', async () => {
    const client = await acknowledged();
    client.socket.send(Buffer.from('{"type":"ping"}'));
    expect((await client.closed).code).toBe(4400);
  });

  test('one over the size limit ends with 1009', async () => {
    const client = await acknowledged();
    client.subscribe('1', `{ now } # ${'x'.repeat(defaultGatewayConfig.limits.maxBodyBytes)}`);
    expect((await client.closed).code).toBe(1009);
  });
});

describe('operations', () => {
  test('queries and mutations answer once and complete', async () => {
    const client = await acknowledged();
    client.subscribe('q', '{ now }');
    client.subscribe('m', 'mutation { bump }');
    expect((await client.typed('next', 'q')).payload).toMatchObject({ data: { now: 1 } });
    expect((await client.typed('next', 'm')).payload).toMatchObject({ data: { bump: 2 } });
    await client.typed('complete', 'q');
    await client.typed('complete', 'm');
    expect(client.received.filter(({ type }) => type === 'next')).toHaveLength(2);
  });

  test('null for what is optional is as good as leaving it out', async () => {
    const client = await acknowledged();
    client.subscribe('1', '{ now }', { variables: null, operationName: null, extensions: null });
    expect((await client.typed('next', '1')).payload).toMatchObject({ data: { now: 1 } });
  });

  test('an id in use: 4409; one that is finished may be used again', async () => {
    const client = await acknowledged();
    for (let round = 0; round < 3; round += 1) {
      client.received.length = 0;
      client.subscribe('same', '{ now }');
      await client.typed('complete', 'same');
    }
    client.subscribe('same', lotSubscription);
    client.subscribe('same', lotSubscription);
    expect(await client.closed).toEqual({ code: 4409, reason: 'Subscriber for same already exists' });
    await events.opened(0);
  });

  const nested = JSON.parse(`${'['.repeat(300)}${']'.repeat(300)}`);
  const wrong: Record<string, [Record<string, unknown>, string]> = {
    'a syntax error': [{ query: '{ now' }, 'GRAPHQL_PARSE_FAILED'],
    'an empty document': [{ query: '' }, 'GRAPHQL_PARSE_FAILED'],
    'an unknown field': [{ query: '{ nothing }' }, 'GRAPHQL_VALIDATION_FAILED'],
    'an unknown operation name': [{ query: 'query A { now }', operationName: 'B' }, 'OPERATION_RESOLUTION_FAILURE'],
    'a missing variable': [{ query: 'query ($id: ID!) { lot(id: $id) { id } }' }, 'BAD_USER_INPUT'],
    'a document that is not known': [
      { extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } } },
      'PERSISTED_QUERY_NOT_FOUND',
    ],
    'nesting deeper than the stack': [{ query: `${'{a'.repeat(3300)}${'}'.repeat(3300)}` }, 'DEPTH_LIMIT_EXCEEDED'],
    'a variable nested too deep': [{ query: '{ now }', variables: { deep: nested } }, 'DEPTH_LIMIT_EXCEEDED'],
    'a value deeper than the stack': [{ query: `{ lot(id: ${'['.repeat(9000)}) { id } }` }, 'DEPTH_LIMIT_EXCEEDED'],
  };
  for (const [what, [payload, code]] of Object.entries(wrong)) {
    test(`${what} ends only its own operation`, async () => {
      const client = await acknowledged();
      client.subscribe('live', lotSubscription);
      await events.opened(1);
      client.send({ type: 'subscribe', id: 'wrong', payload });
      expect((await client.typed('error', 'wrong')).payload).toMatchObject([{ extensions: { code } }]);
      events.push('c1');
      expect((await client.typed('next', 'live')).payload).toMatchObject({ data: { lotChanged: { cursor: 'c1' } } });
      client.subscribe('wrong', '{ now }');
      await client.typed('complete', 'wrong');
      client.socket.terminate();
      await events.opened(0);
    });
  }

  test('an over-long id ends that operation with a code, and the others live on', async () => {
    const client = await acknowledged();
    client.subscribe('live', lotSubscription);
    await events.opened(1);
    const id = 'x'.repeat(513);
    client.subscribe(id, '{ now }');
    expect((await client.typed('error', id)).payload).toMatchObject([
      { extensions: { code: 'OPERATION_ID_TOO_LONG' } },
    ]);
    client.subscribe('x'.repeat(512), '{ now }');
    await client.typed('complete', 'x'.repeat(512));
    events.push('c2');
    await client.typed('next', 'live');
    client.socket.terminate();
    await events.opened(0);
  });

  test('too many at once end with a code each', async () => {
    const subscriptions = { ...oneByOne, maxOperations: 2 };
    const source = new PushedEvents();
    const small = await startFederation(lotSubgraphs(source), { config: { subscriptions } });
    const client = await new RawClient(small.url).acknowledged();
    for (const id of ['1', '2', '3']) client.subscribe(id, lotSubscription);
    expect((await client.typed('error', '3')).payload).toMatchObject([{ extensions: { code: 'TOO_MANY_OPERATIONS' } }]);
    client.send({ type: 'complete', id: '1' });
    client.subscribe('4', '{ now }');
    await client.typed('complete', '4');
    await small.close();
  });

  test('complete stops a subscription, tells the subgraph, and nothing more comes; for an unknown id it is ignored', async () => {
    const client = await acknowledged();
    client.subscribe('1', lotSubscription);
    await events.opened(1);
    client.send({ type: 'complete', id: 'unknown' });
    client.send({ type: 'complete', id: '1' });
    client.send({ type: 'complete', id: '1' });
    await events.opened(0);
    events.push('c3');
    client.subscribe('2', '{ now }');
    await client.typed('complete', '2');
    expect(client.received.some(({ id }) => id === '1')).toBe(false);
  });

  test('a ping is answered by a pong with the same payload, before the acknowledgement too', async () => {
    const client = await raw().opened();
    client.send({ type: 'ping', payload: { at: 1 } });
    expect(await client.typed('pong')).toEqual({ type: 'pong', payload: { at: 1 } });
    client.send({ type: 'pong' });
    await client.acknowledged();
  });

  test('a client that vanishes without a word stops its streams', async () => {
    const client = await acknowledged();
    client.subscribe('1', lotSubscription);
    await events.opened(1);
    client.socket.terminate();
    await events.opened(0);
  });

  test('when the gateway stops, sockets close with 1012: come back', async () => {
    const stopping = await startFederation(lotSubgraphs(new PushedEvents()));
    const client = await new RawClient(stopping.url).acknowledged();
    await stopping.close();
    expect((await client.closed).code).toBe(1012);
  });
});
