import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { serverAudits } from 'graphql-http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AttackTarget } from '../support/attack-target.ts';
import type { SubgraphDefinition } from '../support/federation-subgraph.ts';
import { lotSubgraphs, lotSubscription, PushedEvents } from '../support/pushed-events.ts';

/*
 * The protocols as their specifications have them, spoken byte by byte to a gateway that is started as its users start it:
 * RFC 6455, PROTOCOL.md of graphql-ws, PROTOCOL.md of graphql-sse, the HTML standard's event streams, Apollo's multipart
 * protocols with RFC 2046, GraphQL over HTTP.
 */

/** A query that waits until the test lets it go, and says how often it ran. */
class Gate {
  calls = 0;
  #waiting: (() => void)[] = [];
  #arrived: (() => void)[] = [];

  pass(): Promise<number> {
    this.calls += 1;
    for (const wake of this.#arrived.splice(0)) wake();
    return new Promise((resolve) => this.#waiting.push(() => resolve(this.calls)));
  }

  async arrived(calls: number): Promise<void> {
    while (this.calls < calls) await new Promise<void>((resolve) => this.#arrived.push(resolve));
  }

  open(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}

const events = new PushedEvents();
const gate = new Gate();
let target: AttackTarget;
beforeAll(async () => {
  const lots = lotSubgraphs(events);
  const slow: SubgraphDefinition = {
    typeDefs:
      'type Query { slow: Int! } type Mutation { count: Int! } type Lot @key(fields: "id") { id: ID! late: Int }',
    resolvers: {
      Query: { slow: () => gate.pass() },
      Mutation: { count: () => gate.pass() },
      Lot: { late: () => gate.pass() },
    },
  };
  target = await AttackTarget.start(
    { ...lots, slow },
    { subscriptions: { replayKeepMs: 0, reconnectForMs: 0 }, limits: { maxBatchSize: 3 } },
  );
});
afterAll(() => target.close());
const leaving: (() => void)[] = [];
afterEach(async () => {
  gate.open();
  for (const leave of leaving.splice(0)) leave();
  await events.opened(0);
});

type Message = { type?: string; id?: string; payload?: unknown };

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A WebSocket by RFC 6455 alone. */
class RawWebSocket {
  readonly #socket: Socket;
  readonly #wake: (() => void)[] = [];
  #bytes = Buffer.alloc(0);
  #isOpen = false;
  head = '';
  readonly frames: Frame[] = [];
  isGone = false;

  constructor(offered: string | undefined) {
    this.#socket = connectTcp(target.port, '127.0.0.1');
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#read();
    });
    this.#socket.on('close', () => {
      this.isGone = true;
      this.#wakeAll();
    });
    leaving.push(() => this.#socket.destroy());
    const key = randomBytes(16).toString('base64');
    this.accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const protocol = offered === undefined ? '' : `Sec-WebSocket-Protocol: ${offered}\r\n`;
    this.#socket.write(
      `GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${protocol}\r\n`,
    );
  }

  readonly accept: string;

  get messages(): Message[] {
    return this.frames.filter(({ opcode }) => opcode === 1).map(({ payload }) => JSON.parse(payload.toString()));
  }

  get closeCode(): number | undefined {
    return this.frames.find(({ opcode }) => opcode === 8)?.payload.readUInt16BE(0);
  }

  frame(first: number, payload: Buffer | string): void {
    const bytes = Buffer.from(payload);
    const mask = randomBytes(4);
    const size =
      bytes.length < 126
        ? Buffer.from([0x80 | bytes.length])
        : Buffer.from([0x80 | 126, bytes.length >> 8, bytes.length & 0xff]);
    const masked = bytes.map((byte, n) => byte ^ (mask[n % 4] ?? 0));
    this.#socket.write(Buffer.concat([Buffer.from([first]), size, mask, masked]));
  }

  send(message: unknown): void {
    this.frame(0x81, typeof message === 'string' ? message : JSON.stringify(message));
  }

  async until<T>(find: () => T | undefined | false): Promise<T> {
    for (;;) {
      const found = find();
      if (found) return found;
      if (this.isGone) throw new Error(`The socket closed with ${this.closeCode}: ${JSON.stringify(this.messages)}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async closed(): Promise<number | undefined> {
    while (!this.isGone && this.closeCode === undefined) await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this.closeCode;
  }

  message(type: string, id?: string): Promise<Message> {
    return this.until(() => this.messages.find((message) => message.type === type && message.id === id));
  }

  /** What was said about one operation, in order. */
  typesOf(id: string): (string | undefined)[] {
    return this.messages.filter((message) => message.id === id).map(({ type }) => type);
  }

  async init(): Promise<this> {
    this.send({ type: 'connection_init' });
    await this.message('connection_ack');
    return this;
  }

  subscribe(id: string, query: string, more: object = {}): void {
    this.send({ type: 'subscribe', id, payload: { query, ...more } });
  }

  /** Resolves when everything that was said before has been heard. */
  async settled(mark = randomBytes(4).toString('hex')): Promise<void> {
    this.send({ type: 'ping', payload: { mark } });
    await this.until(() =>
      this.messages.some(({ payload }) => (payload as { mark?: string } | undefined)?.mark === mark),
    );
  }

  #read(): void {
    if (!this.#isOpen) {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end === -1) return;
      this.head = this.#bytes.subarray(0, end).toString();
      this.#bytes = this.#bytes.subarray(end + 4);
      this.#isOpen = true;
    }
    for (let frame = this.#take(); frame; frame = this.#take()) this.frames.push(frame);
    this.#wakeAll();
  }

  #take(): Frame | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const short = (bytes[1] ?? 0) & 0x7f;
    const start = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (bytes.length < start) return undefined;
    const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
    if (bytes.length < start + length) return undefined;
    // From a server: final, unmasked, no extension.
    expect((bytes[0] ?? 0) & 0xf0).toBe(0x80);
    expect((bytes[1] ?? 0) & 0x80).toBe(0);
    this.#bytes = bytes.subarray(start + length);
    return { opcode: (bytes[0] ?? 0) & 0x0f, payload: bytes.subarray(start, start + length) };
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

const connect = () => new RawWebSocket('graphql-transport-ws').init();

describe('graphql-transport-ws', () => {
  test('the handshake proves that it was read, and chooses the protocol among others', async () => {
    const socket = new RawWebSocket('graphql-ws, graphql-transport-ws, x');
    await socket.init();
    expect(socket.head).toMatch(/^HTTP\/1\.1 101 /);
    expect(socket.head).toContain(`Sec-WebSocket-Accept: ${socket.accept}`);
    expect(/sec-websocket-protocol: (.*)/i.exec(socket.head)?.[1]).toBe('graphql-transport-ws');
    expect(socket.head).not.toMatch(/sec-websocket-extensions/i);
  });

  test('1000 is answered with 1000, and ends every operation', async () => {
    const socket = await connect();
    socket.subscribe('1', lotSubscription);
    await events.opened(1);
    socket.frame(0x88, Buffer.from([0x03, 0xe8]));
    expect(await socket.closed()).toBe(1000);
    await events.opened(0);
  });

  test('a message in fragments is one, with control frames between them', async () => {
    const socket = await connect();
    const text = JSON.stringify({ type: 'subscribe', id: 'ü', payload: { query: '{ now }' } });
    const bytes = Buffer.from(text);
    // The cut goes through a character.
    const cut = bytes.indexOf(0xc3) + 1;
    socket.frame(0x01, bytes.subarray(0, cut));
    socket.frame(0x89, 'are you there');
    socket.frame(0x00, bytes.subarray(cut, cut + 1));
    socket.frame(0x80, bytes.subarray(cut + 1));
    await socket.message('complete', 'ü');
    expect(socket.frames.find(({ opcode }) => opcode === 10)?.payload.toString()).toBe('are you there');
  });

  test('fields that the protocol does not know are passed over', async () => {
    const socket = new RawWebSocket('graphql-transport-ws');
    socket.send({ type: 'connection_init', id: 'x', payload: null, more: [1] });
    await socket.message('connection_ack');
    socket.send({ type: 'subscribe', id: '1', payload: { query: '{ now }', more: {} }, more: null });
    await socket.message('complete', '1');
    socket.send({ type: 'complete', id: '1', payload: { x: 1 } });
    socket.send({ type: 'pong', id: 5, payload: null });
    socket.send({ type: 'ping', id: 5, payload: null });
    expect(await socket.message('pong')).toEqual({ type: 'pong' });
    await socket.settled();
  });

  test('every operation says: its results, then its end, once; an error is an end', async () => {
    const socket = await connect();
    const ids = ['1', '__proto__', 'constructor', 'toString', '"\\\u0000\u2028💥', ' '];
    for (const id of ids) socket.subscribe(id, '{ now }');
    for (const id of ids) await socket.message('complete', id);
    for (const id of ids) expect(socket.typesOf(id)).toEqual(['next', 'complete']);
    for (const [id, query] of [
      ['syntax', '{'],
      ['field', '{ no }'],
      ['two', '{ now } { now }'],
      ['none', 'fragment F on Query { now }'],
    ] as const) {
      socket.subscribe(id, query);
      const { payload } = await socket.message('error', id);
      expect(payload).toContainEqual(expect.objectContaining({ message: expect.any(String) }));
    }
    await socket.settled();
    for (const id of ['syntax', 'field', 'two', 'none']) expect(socket.typesOf(id)).toEqual(['error']);
    socket.subscribe('syntax', '{ now }');
    await socket.message('complete', 'syntax');
  });

  test('a query that its client completes is not answered, and its id is free at once', async () => {
    const socket = await connect();
    const calls = gate.calls;
    socket.subscribe('1', '{ slow }');
    await gate.arrived(calls + 1);
    socket.send({ type: 'complete', id: '1' });
    socket.subscribe('1', '{ now }');
    await socket.message('complete', '1');
    gate.open();
    await socket.settled();
    expect(socket.typesOf('1')).toEqual(['next', 'complete']);
    expect(socket.messages.find(({ type }) => type === 'next')?.payload).toMatchObject({ data: { now: 1 } });
  });

  test('a mutation that its client completes has run once', async () => {
    const socket = await connect();
    const calls = gate.calls;
    socket.subscribe('m', 'mutation { count }');
    await gate.arrived(calls + 1);
    socket.send({ type: 'complete', id: 'm' });
    await socket.settled();
    gate.open();
    await socket.settled();
    expect(gate.calls).toBe(calls + 1);
    expect(socket.typesOf('m')).toEqual([]);
  });

  test('two equal operations of one socket both get each event, until one of them is completed', async () => {
    const socket = await connect();
    for (const id of ['a', 'b']) socket.subscribe(id, lotSubscription);
    await events.opened(1);
    await socket.settled();
    events.push('c1');
    for (const id of ['a', 'b']) await socket.message('next', id);
    socket.send({ type: 'complete', id: 'a' });
    await socket.settled();
    events.push('c2');
    await socket.until(() => socket.typesOf('b').length === 2);
    expect(socket.typesOf('a')).toEqual(['next']);
  });

  test('an id is in use until its operation has ended, of whatever kind both are', async () => {
    const socket = await connect();
    const calls = gate.calls;
    socket.subscribe('1', '{ slow }');
    await gate.arrived(calls + 1);
    socket.subscribe('1', lotSubscription);
    expect(await socket.closed()).toBe(4409);
  });

  test('what is deferred follows in messages of the same id, and the end comes after them', async () => {
    const socket = await connect();
    const calls = gate.calls;
    socket.subscribe('d', '{ lot(id: "1") { id ... @defer(label: "l") { late } } }');
    await gate.arrived(calls + 1);
    expect((await socket.message('next', 'd')).payload).toMatchObject({ data: { lot: { id: '1' } }, hasNext: true });
    gate.open();
    await socket.message('complete', 'd');
    expect(socket.typesOf('d')).toEqual(['next', 'next', 'complete']);
    expect(socket.messages.at(-2)?.payload).toMatchObject({
      incremental: [{ path: ['lot'], label: 'l', data: { late: calls + 1 } }],
      hasNext: false,
    });
  });

  test('one result, where several root fields of a subscription are asked for, is refused as the specification has it', async () => {
    const socket = await connect();
    socket.subscribe('1', 'subscription { a: lotChanged { cursor } b: lotChanged { cursor } }');
    await socket.message('error', '1');
    socket.subscribe('2', 'subscription { __typename }');
    await socket.message('error', '2');
  });
});

/** An HTTP answer, read as it arrives. */
class Answer {
  text = '';
  isOver = false;
  readonly response: IncomingMessage;
  #wake: (() => void)[] = [];

  constructor(response: IncomingMessage) {
    this.response = response;
    const wake = () => {
      for (const resolve of this.#wake.splice(0)) resolve();
    };
    response.setEncoding('utf8');
    response.on('error', () => undefined);
    response.on('data', (chunk) => {
      this.text += chunk;
      wake();
    });
    response.on('close', () => {
      this.isOver = true;
      wake();
    });
    leaving.push(() => response.destroy());
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  get type(): string {
    return this.response.headers['content-type'] ?? '';
  }

  async until<T>(find: () => T | undefined | false): Promise<T> {
    for (;;) {
      const found = find();
      if (found) return found;
      if (this.isOver) throw new Error(`It is over: ${this.status} ${this.text}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async over(): Promise<this> {
    while (!this.isOver) await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this;
  }

  /** By the HTML standard, 9.2.6. */
  events(): { readonly event: string; readonly data: string; readonly id: string }[] {
    let id = '';
    return this.text
      .split('\n\n')
      .slice(0, -1)
      .flatMap((block) => {
        const fields = block.split('\n').map((line) => /^([^:]*):? ?(.*)$/.exec(line)?.slice(1) ?? []);
        const valuesOf = (name: string) => fields.filter(([field]) => field === name).map(([, value = '']) => value);
        id = valuesOf('id').at(-1) ?? id;
        // Browsers drop an event whose data is missing.
        if (valuesOf('data').length === 0) return [];
        return [{ event: valuesOf('event').at(-1) ?? 'message', data: valuesOf('data').join('\n'), id }];
      });
  }

  /** By RFC 2046, 5.1.1. @returns complete parts, and whether the closing delimiter has come */
  parts(): { readonly bodies: readonly unknown[]; readonly isClosed: boolean } {
    const boundary = /boundary="?([^";]+)"?/.exec(this.type)?.[1] ?? '';
    const [preamble = '', ...rest] = `\r\n${this.text.replace(/^\r\n/, '')}`.split(`\r\n--${boundary}`);
    expect(preamble).toBe('');
    const last = rest.pop() ?? '';
    const bodies = rest.map((part) => {
      const [, headers = '', body = ''] = /^[ \t]*\r\n((?:[^\r\n]+\r\n)*)\r\n([\s\S]*)$/.exec(part) ?? [];
      expect(headers).toMatch(/content-type: application\/json/i);
      return JSON.parse(body);
    });
    return { bodies, isClosed: last.startsWith('--') };
  }
}

interface Asking {
  readonly method?: string;
  readonly search?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

function ask({ method = 'POST', search = {}, headers = {}, body }: Asking): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const query = new URLSearchParams(search).toString();
    const sent = httpRequest(
      {
        host: '127.0.0.1',
        port: target.port,
        method,
        path: `/graphql${query && `?${query}`}`,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      },
      (response) => resolve(new Answer(response)),
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

describe('graphql-sse, a connection for each operation', () => {
  const accept = { accept: 'text/event-stream' };

  test.each([
    ['a query', { query: '{ now }' }, { data: { now: 1 } }],
    ['a mutation', { query: 'mutation { bump }' }, { data: { bump: 2 } }],
    ['a syntax error', { query: '{' }, { errors: [{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }] }],
    ['an unknown field', { query: '{ no }' }, { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] }],
    [
      'a variable that is missing',
      { query: 'query($id: ID!) { lot(id: $id) { id } }' },
      { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] },
    ],
  ])('%s: one next, one complete, and the end', async (_what, body, result) => {
    const answer = await (await ask({ headers: accept, body })).over();
    expect([answer.status, answer.type.split(';')[0]]).toEqual([200, 'text/event-stream']);
    const [next, complete, ...more] = answer.events();
    expect([next?.event, complete?.event, more]).toEqual(['next', 'complete', []]);
    expect(JSON.parse(next?.data ?? '')).toMatchObject(result);
    expect(complete?.data).toBe('');
  });

  test('a subscription by GET and by POST: events as they come, in order', async () => {
    for (const asking of [
      { method: 'GET', search: { query: lotSubscription } },
      { body: { query: lotSubscription } },
    ]) {
      const answer = await ask({ ...asking, headers: accept });
      await events.opened(1);
      expect(answer.response.headers['cache-control']).toContain('no-cache');
      for (const cursor of ['c1', 'c2', 'c3']) {
        events.push(cursor);
        await answer.until(() => answer.events().some(({ id }) => id === cursor));
      }
      expect(answer.events().map(({ event, id }) => [event, id])).toEqual([
        ['next', 'c1'],
        ['next', 'c2'],
        ['next', 'c3'],
      ]);
      answer.response.destroy();
      await events.opened(0);
    }
  });

  test('what is deferred follows as events of their own', async () => {
    const calls = gate.calls;
    const answer = await ask({ headers: accept, body: { query: '{ lot(id: "1") { id ... @defer { late } } }' } });
    await gate.arrived(calls + 1);
    await answer.until(() => answer.events().length === 1);
    gate.open();
    await answer.over();
    const [first, second, complete] = answer.events();
    expect(JSON.parse(first?.data ?? '')).toMatchObject({ data: { lot: { id: '1' } }, hasNext: true });
    expect(JSON.parse(second?.data ?? '')).toMatchObject({ hasNext: false });
    expect(complete?.event).toBe('complete');
  });
});

describe('graphql-sse, one connection for all operations', () => {
  const reserve = async () => {
    const put = await (await ask({ method: 'PUT', headers: { accept: 'text/plain' } })).over();
    expect([put.status, put.type.split(';')[0]]).toEqual([201, 'text/plain']);
    return put.text;
  };
  const inHeader = (token: string) => ({ 'x-graphql-event-stream-token': token });
  const start = async (token: string, operationId: string, query: string) =>
    (await ask({ headers: inHeader(token), body: { query, extensions: { operationId } } })).over();

  test('results of all operations come as events with their ids, each with its end', async () => {
    const token = await reserve();
    const stream = await ask({ method: 'GET', headers: { accept: 'text/event-stream' }, search: { token } });
    expect([stream.status, stream.type.split(';')[0]]).toEqual([200, 'text/event-stream']);
    const ids = ['1', '__proto__', '"\\💥', 'line\nbreak'];
    for (const id of ids) expect((await start(token, id, '{ now }')).status).toBe(202);
    await stream.until(() => stream.events().length === 2 * ids.length);
    for (const id of ids) {
      const own = stream.events().filter(({ data }) => JSON.parse(data).id === id);
      expect(own.map(({ event }) => event)).toEqual(['next', 'complete']);
      expect(JSON.parse(own[0]?.data ?? '')).toMatchObject({ id, payload: { data: { now: 1 } } });
      expect(JSON.parse(own[1]?.data ?? '')).toEqual({ id });
    }
  });

  test('DELETE stops one operation and says so; the others go on, and the id is free', async () => {
    const token = await reserve();
    const stream = await ask({ method: 'GET', headers: { accept: 'text/event-stream', ...inHeader(token) } });
    const other = lotSubscription.replace('{', 'Other {');
    await start(token, 'a', lotSubscription);
    await start(token, 'b', other);
    await events.opened(2);
    const stopped = await (await ask({ method: 'DELETE', search: { operationId: 'a', token } })).over();
    expect(stopped.status).toBe(200);
    await events.opened(1);
    await stream.until(() =>
      stream.events().some(({ event, data }) => event === 'complete' && JSON.parse(data).id === 'a'),
    );
    events.push('c1');
    await stream.until(() =>
      stream.events().some(({ event, data }) => event === 'next' && JSON.parse(data).id === 'b'),
    );
    expect((await start(token, 'a', '{ now }')).status).toBe(202);
    await stream.until(() =>
      stream.events().some(({ event, data }) => event === 'next' && JSON.parse(data).id === 'a'),
    );
  });

  test('what is wrong is the answer to the request that is wrong, with the status of GraphQL over HTTP', async () => {
    const token = await reserve();
    const stream = await ask({ method: 'GET', headers: { accept: 'text/event-stream', ...inHeader(token) } });
    expect((await start(token, '1', '{')).status).toBe(400);
    expect((await start(token, '1', '{ no }')).status).toBe(400);
    expect((await (await ask({ headers: inHeader(token), body: { query: '{ now }' } })).over()).status).toBe(400);
    expect((await start('unknown', '1', '{ now }')).status).toBe(404);
    expect(
      (await (await ask({ method: 'DELETE', search: { operationId: 'x', token: 'unknown' } })).over()).status,
    ).toBe(404);
    expect(
      (await (await ask({ method: 'GET', headers: { accept: 'text/event-stream', ...inHeader(token) } })).over())
        .status,
    ).toBe(409);
    expect(
      (await (await ask({ method: 'GET', headers: { accept: 'text/event-stream', ...inHeader('unknown') } })).over())
        .status,
    ).toBe(404);
    expect(stream.events()).toEqual([]);
    stream.response.destroy();
    await target.query('{ now }');
    expect((await start(token, '1', '{ now }')).status).toBe(404);
  });
});

describe("Apollo's multipart protocols", () => {
  const subscriptions = { accept: 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0",application/json' };
  const defer = { accept: 'multipart/mixed;deferSpec=20220824, application/json' };

  test('a subscription: parts of payloads, a last one with what went wrong, the closing delimiter', async () => {
    const answer = await ask({ headers: subscriptions, body: { query: lotSubscription } });
    expect(answer.status).toBe(200);
    expect(answer.type).toMatch(/^multipart\/mixed;.*subscriptionSpec="?1\.0"?/);
    await events.opened(1);
    for (const cursor of ['c1', 'c2']) {
      events.push(cursor);
      await answer.until(() => answer.text.includes(cursor));
      // A part can be read when it has come, not when the next one comes.
      expect(answer.parts().bodies.at(-1)).toMatchObject({ payload: { data: { lotChanged: { cursor } } } });
    }
    events.end();
    await answer.over();
    const { bodies, isClosed } = answer.parts();
    expect(isClosed).toBe(true);
    expect(bodies.at(-1)).toMatchObject({ payload: null, errors: [{ extensions: { code: 'SUBSCRIPTION_ENDED' } }] });
  });

  test('a deferred fragment: the first part, then the others, hasNext until the last, the closing delimiter', async () => {
    const calls = gate.calls;
    const query = '{ lot(id: "1") { id ... @defer(label: "x") { late } ... @defer { status } } }';
    const answer = await ask({ headers: defer, body: { query } });
    expect(answer.type).toMatch(/^multipart\/mixed;.*deferSpec=20220824/);
    await gate.arrived(calls + 1);
    await answer.until(() => answer.parts().bodies.length === 2);
    gate.open();
    await answer.over();
    const { bodies, isClosed } = answer.parts();
    expect(isClosed).toBe(true);
    expect(bodies).toMatchObject([
      { data: { lot: { id: '1' } }, hasNext: true },
      { incremental: [{ path: ['lot'], data: { status: 'status of 1' } }], hasNext: true },
      { incremental: [{ path: ['lot'], label: 'x', data: { late: calls + 1 } }], hasNext: false },
    ]);
  });
});

describe('GraphQL over HTTP', () => {
  const audits = serverAudits({ url: () => `http://127.0.0.1:${target.port}/graphql` });
  test('all 61 audits pass', async () => {
    const failed: string[] = [];
    for (const { id, name, fn } of audits) {
      const result = await fn();
      if (result.status !== 'ok') failed.push(`${id} ${name}`);
    }
    expect([audits.length, failed]).toEqual([61, []]);
  });

  test('a batch is answered in the order asked, in a type that the client takes, or refused', async () => {
    const batch = [{ query: '{ now }' }, { query: '{' }, { query: 'mutation { bump }' }];
    const answer = await (await ask({ body: batch })).over();
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
      200,
      [{ data: { now: 1 } }, { errors: [{}] }, { data: { bump: 2 } }],
    ]);
    const modern = await (await ask({ body: batch, headers: { accept: 'application/graphql-response+json' } })).over();
    expect([modern.status, modern.type.split(';')[0]]).toEqual([200, 'application/graphql-response+json']);
    const none = await (await ask({ body: batch, headers: { accept: 'text/plain' } })).over();
    expect(none.status).toBe(406);
    const tooMany = await (await ask({ body: [...batch, ...batch] })).over();
    expect(tooMany.status).toBe(400);
    const streams = await (
      await ask({ body: [{ query: lotSubscription }, { query: '{ lot(id: "1") { id ... @defer { status } } }' }] })
    ).over();
    expect(JSON.parse(streams.text)).toMatchObject([
      { errors: [{ extensions: { code: 'SUBSCRIPTION_NEEDS_STREAM' } }] },
      { data: { lot: { id: '1', status: 'status of 1' } } },
    ]);
  });
});
