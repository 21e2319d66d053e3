import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { defaultGatewayConfig, type GatewayConfig } from '../../gateway/config.ts';
import { systemClock } from '../../runtime/clock.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { patientConfig } from '../support/patient-config.ts';
import { logWith } from '../support/runtime.ts';
import { createTemporaryCertificate } from '../support/self-signed-certificate.ts';

/** More than the buffers of the system hold between two ends. */
const bytes = 16 * 1_048_576;
/** Of an answer, its beginning is read before. */
const most = bytes - 1_048_576;
const sendTimeoutMs = 1000;
const definitions = {
  documents: {
    typeDefs:
      'type Query { scan(id: ID): Scan } type Scan @key(fields: "id") { id: ID! pages: String! title: String! }',
    resolvers: {
      Query: { scan: (_: unknown, { id }: { id: string }) => ({ id }) },
      Scan: {
        __resolveReference: (scan: object) => scan,
        pages: () => 'x'.repeat(bytes),
        title: () => 'Weld log',
      },
    },
  },
};

/** What the gateway takes for time. It passes where a test says so. */
let now = 0;
/** Answers that the gateway has given up. */
let givenUp: string[] = [];
let onGivenUp: () => void = () => undefined;
beforeEach(() => {
  now = 0;
  givenUp = [];
});

const quiet = () => undefined;
const debug = (message: string, { reason }: { reason?: string } = {}) => {
  if (message !== 'answer given up') return;
  givenUp.push(reason ?? '');
  onGivenUp();
};
const startGateway = (http: Partial<GatewayConfig['http']> = {}, config: Partial<GatewayConfig> = {}) =>
  startFederation(definitions, {
    config: {
      ...config,
      limits: { ...defaultGatewayConfig.limits, maxBatchSize: 2 },
      http: { ...patientConfig.http, drainTimeoutMs: 500, sendTimeoutMs, ...http },
    },
    runtime: {
      clock: { ...systemClock, monotonic: () => now },
      log: logWith({ debug }),
    },
  });

/** Lets time pass until the gateway gives an answer up. First the buffers of the system fill up. */
async function untilGivenUp(): Promise<void> {
  const passing = setInterval(() => {
    now += sendTimeoutMs;
  }, 100);
  await new Promise<unknown>((resolve) => {
    onGivenUp = () => resolve(undefined);
  });
  clearInterval(passing);
}

let federation: Federation;
beforeAll(async () => {
  federation = await startGateway();
});
afterAll(() => federation.close());
const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

/** After all that is not in use has been given back. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

const scan = (id: string) => ({ query: `{ scan(id: "${id}") { pages } }` });
const requestOf = (body: object, headers = '') => {
  const text = JSON.stringify(body);
  return `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${headers}content-length: ${text.length}\r\n\r\n${text}`;
};

/** Sends it on a connection of its own, reads the beginning of the answer, and no more. */
async function begin(request: string, { url } = federation): Promise<Socket> {
  const socket = connectTcp(Number(new URL(url).port), '127.0.0.1');
  open.push(socket);
  socket.on('error', quiet);
  socket.write(request);
  for (let length = 0; length < 65_536; ) {
    await once(socket, 'readable');
    length += socket.read()?.length ?? 0;
  }
  return socket;
}

/** Reads all that comes, `perChunk` being called before each. @returns its length */
async function readAll(socket: Socket, perChunk: (length: number) => void = quiet): Promise<number> {
  let length = 0;
  const ended = Promise.race([once(socket, 'end'), once(socket, 'close')]).catch(quiet);
  socket.on('data', (chunk: Buffer) => {
    length += chunk.length;
    perChunk(chunk.length);
  });
  socket.resume();
  await ended;
  return length;
}

describe('a client that does not read its answer', () => {
  const requests: [name: string, request: string][] = [
    ['one answer', requestOf(scan('1'))],
    ['the answers of a batch', requestOf([scan('2'), scan('3')])],
    [
      'an answer in parts',
      requestOf({ query: '{ scan(id: "4") { title ... @defer { pages } } }' }, 'accept: multipart/mixed\r\n'),
    ],
    ['an answer as a stream of events', requestOf(scan('12'), 'accept: text/event-stream\r\n')],
    ['an answer as a stream of parts', requestOf(scan('13'), 'accept: multipart/mixed;subscriptionSpec=1.0\r\n')],
    ['answers to requests sent at once', requestOf(scan('5')) + requestOf(scan('6'))],
  ];
  test.each(requests)('loses its connection when it has taken nothing for a while: %s', async (_, request) => {
    const socket = await begin(request);
    await untilGivenUp();
    expect(await readAll(socket)).toBeLessThan(most);
    expect(givenUp).toEqual(['its client does not take it']);
    const { data } = await federation.query('{ scan { title } }');
    expect(data).toEqual({ scan: { title: 'Weld log' } });
  });

  test('keeps it as long as it reads steadily, however long that takes', async () => {
    const socket = await begin(requestOf(scan('7'), 'connection: close\r\n'));
    // Five milliseconds for each 64 KiB: the buffers of the system hold less than a second of it, the answer more.
    const length = await readAll(socket, (taken) => {
      now += (taken / 65_536) * 5;
    });
    expect(length).toBeGreaterThan(most);
    expect(now).toBeGreaterThan(sendTimeoutMs);
    expect(givenUp).toEqual([]);
  });

  test('gives way to others where too much waits in all: first who has taken nothing for the longest time', async () => {
    const other = await startGateway({ maxUnsentBytes: bytes * 2.5, sendTimeoutMs: 30_000 });
    const ask = (id: string) => begin(requestOf(scan(id), 'connection: close\r\n'), other);
    const [first, second] = [await ask('8'), await ask('9')];
    now += 1000;
    expect(givenUp).toEqual([]);
    const third = await ask('10');
    expect(givenUp).toEqual(['too much waits for slow clients']);
    expect(await readAll(first)).toBeLessThan(most);
    expect(await readAll(second)).toBeGreaterThan(most);
    expect(await readAll(third)).toBeGreaterThan(most);
    await other.close();
  });

  test('is not taken for one that is about to read: answers made at the same moment are all delivered, though too much waits', async () => {
    const other = await startGateway({ maxUnsentBytes: bytes });
    const asked = ['14', '15', '16'].map((id) => begin(requestOf(scan(id), 'connection: close\r\n'), other));
    for (const socket of await Promise.all(asked)) expect(await readAll(socket)).toBeGreaterThan(most);
    expect(givenUp).toEqual([]);
    await other.close();
  });

  test('has an answer in parts kept for it once, and what the later parts need', async () => {
    const query = (id: string) => `{ scan(id: "${id}") { pages ... @defer { title } } }`;
    const inParts = (id: string) => requestOf({ query: query(id) }, 'accept: multipart/mixed\r\nconnection: close\r\n');
    await readAll(await begin(inParts('17')));
    const before = heapUsed();
    const socket = await begin(inParts('18'));
    expect(heapUsed() - before).toBeLessThan(bytes * 1.5);
    await readAll(socket);
  });

  test('loses that stream over HTTP/2, and the others of its connection go on', async () => {
    const { tls, remove } = createTemporaryCertificate();
    const other = await startGateway({}, { tls });
    const session = connectHttp2(new URL(other.url).origin, { rejectUnauthorized: false });
    const post = (body: object) => {
      const stream = session.request({ ':method': 'POST', ':path': '/graphql', 'content-type': 'application/json' });
      stream.end(JSON.stringify(body));
      return stream;
    };
    const unread = post(scan('11'));
    const closed = once(unread.on('error', quiet), 'close');
    await once(unread, 'response');
    await untilGivenUp();
    let text = '';
    for await (const chunk of post({ query: '{ scan { title } }' }).setEncoding('utf8')) text += chunk;
    expect(JSON.parse(text).data).toEqual({ scan: { title: 'Weld log' } });
    unread.resume();
    await closed;
    expect(unread.rstCode).toBe(constants.NGHTTP2_CANCEL);
    session.destroy();
    await other.close();
    remove();
  });
});
