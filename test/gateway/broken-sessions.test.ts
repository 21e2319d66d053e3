import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AttackTarget } from '../support/attack-target.ts';
import { frame, graphqlRequest, preface, settings, words } from '../support/http2-frames.ts';
import { createTemporaryCertificate } from '../support/self-signed-certificate.ts';

const answer = 'large '.repeat(15_000);
const definitions = {
  words: {
    typeDefs: 'type Query { large: String small: Int }',
    resolvers: { Query: { large: () => answer, small: () => 1 } },
  },
};
const trusting = { rejectUnauthorized: false, servername: 'localhost' };

const { tls, remove } = createTemporaryCertificate();
let target: AttackTarget;
beforeAll(async () => {
  const { certFile, keyFile } = tls;
  target = await AttackTarget.start(definitions, { tls: { certFile, keyFile } });
});
afterAll(async () => {
  await target?.close();
  remove();
});

const most = 2 ** 31 - 1;
const codes = fc.constantFrom(
  constants.NGHTTP2_NO_ERROR,
  constants.NGHTTP2_PROTOCOL_ERROR,
  constants.NGHTTP2_INTERNAL_ERROR,
  constants.NGHTTP2_ENHANCE_YOUR_CALM,
);

/** What a client may send on one session, as it is made from the number of its next stream. */
type Piece = (next: number) => Buffer;
const requests: fc.Arbitrary<Piece> = fc.constantFrom<Piece>(
  (next) => graphqlRequest(next, 'localhost', '{"query":"{ large }"}'),
  (next) => graphqlRequest(next, 'localhost', '{"query":"{ small }"}'),
  (next) => graphqlRequest(next, 'localhost', '{"query":"{"}'),
  (next) => graphqlRequest(next, 'localhost'),
);
const faults: fc.Arbitrary<Piece> = fc.oneof(
  codes.map((code) => () => frame('goAway', 0, 0, words(0, code))),
  codes.map((code) => (next: number) => frame('reset', 0, Math.max(1, next - 2), words(code))),
  fc.constantFrom<Piece>(
    (next) => frame('data', 0, next + 50, Buffer.alloc(10)),
    () => frame('ping', 0, 0, Buffer.alloc(7)),
    () => frame('windowUpdate', 0, 0, words(0)),
    () => frame('continuation', 4, 1, Buffer.alloc(3)),
    (next) => frame('headers', 5, next + 1, Buffer.alloc(5)),
    () => settings([[4, most]]),
    () => Buffer.alloc(30, 255),
  ),
);
const sessions = fc.record({
  reads: fc.boolean(),
  large: fc.nat(40),
  bursts: fc.array(
    fc.array(fc.oneof({ weight: 2, arbitrary: requests }, { weight: 1, arbitrary: faults }), {
      minLength: 1,
      maxLength: 12,
    }),
    { minLength: 1, maxLength: 4 },
  ),
  pausesMs: fc.array(fc.nat(20), { minLength: 6, maxLength: 6 }),
  end: fc.constantFrom('resetAndDestroy', 'end', 'destroy'),
});
type Session = typeof sessions extends fc.Arbitrary<infer Value> ? Value : never;

async function play({ reads, large, bursts, pausesMs, end }: Session): Promise<void> {
  const wire = connectTcp(target.port, '127.0.0.1');
  wire.on('error', () => undefined);
  const socket = connectTls({ ...trusting, socket: wire, ALPNProtocols: ['h2'] });
  const gone = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'secureConnect').catch(() => undefined), gone]);
  if (reads) socket.resume();
  let next = 1;
  const send = async (pieces: readonly Piece[], pauseMs = 0) => {
    const bytes = pieces.map((piece) => {
      next += 2;
      return piece(next - 2);
    });
    if (socket.writable) socket.write(Buffer.concat(bytes));
    await sleep(pauseMs);
  };
  const opening = Buffer.concat([preface, settings([[4, most]]), frame('windowUpdate', 0, 0, words(2 ** 30))]);
  if (socket.writable) socket.write(opening);
  const wanted = Array.from(
    { length: large },
    () => (stream: number) => graphqlRequest(stream, 'localhost', '{"query":"{ large }"}'),
  );
  await send(wanted, pausesMs.at(-1));
  for (const [index, burst] of bursts.entries()) await send(burst, pausesMs[index]);
  wire[end]();
  await sleep(pausesMs.at(-2));
  socket.destroy();
}

/** @returns the HTTP status of its health */
async function health(): Promise<unknown> {
  const client = connectHttp2(`https://127.0.0.1:${target.port}`, trusting);
  const request = client.request({ ':path': '/health/ready' });
  const [headers] = await once(request, 'response');
  client.destroy();
  return headers[':status'];
}

test('no session of HTTP/2 that breaks off, or breaks the rules, ends the gateway or what others ask of it', async () => {
  const scripts = fc.sample(sessions, 500);
  const player = async () => {
    for (let script = scripts.pop(); script && target.isAlive; script = scripts.pop()) await play(script);
  };
  await Promise.all(Array.from({ length: 12 }, player));
  expect(target.isAlive).toBe(true);
  expect(await health()).toBe(200);
});

test('a request that waits to be told to send its body, and is reset, ends nothing', async () => {
  const path = { ':method': 'POST', ':path': '/graphql', 'content-type': 'application/json', expect: '100-continue' };
  for (let round = 0; round < 15; round += 1) {
    const client = connectHttp2(`https://127.0.0.1:${target.port}`, trusting);
    client.on('error', () => undefined);
    const requests = Array.from({ length: 20 }, () => client.request(path, { endStream: false }));
    const gone = requests.map(
      (request) => new Promise((resolve) => request.on('error', () => undefined).once('close', resolve)),
    );
    await once(client, 'connect');
    for (const request of requests) request.close(constants.NGHTTP2_CANCEL);
    await Promise.all(gone);
    client.destroy();
  }
  expect(await health()).toBe(200);
});
