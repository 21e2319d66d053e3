import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import type { LogFields } from '../../runtime/logger.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { patientConfig } from '../support/patient-config.ts';
import { lotSubgraphs, PushedEvents } from '../support/pushed-events.ts';
import { logWith } from '../support/runtime.ts';
import { somebody } from '../support/somebody.ts';

const secret = 'open-sesame';
const events = new PushedEvents();
const lines: [event: string, fields: LogFields][] = [];
let waiting: (() => void)[] = [];
const quiet = () => undefined;
const log = logWith({
  info(event, fields = {}) {
    lines.push([event, fields]);
    for (const wake of waiting.splice(0)) wake();
  },
});
/** The lines, once there are so many. */
const logged = async (count: number) => {
  while (lines.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
  return lines;
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(lotSubgraphs(events), {
    config: {
      http: { ...patientConfig.http, accessLog: true },
      limits: { ...defaultGatewayConfig.limits, maxBatchSize: 3 },
    },
    authenticate: async () => somebody({ id: 'anna', partner: 'P-7' }),
    runtime: { log },
  });
});
beforeEach(() => {
  waiting = [];
  lines.length = 0;
});
afterAll(() => federation.close());

const who = { principal: 'anna', partner: 'P-7' };

test('each request has a line with what was asked by whom, how it went, how long it took and how much was sent', async () => {
  const query = `query Lot($id: ID!) { lot(id: $id) { id status } }`;
  const sent = { query, variables: { id: secret } };
  const { headers } = await federation.post(sent, { 'x-request-id': 'r1', authorization: `Bearer ${secret}` });
  const [line] = await logged(1);
  expect(line).toEqual([
    'request answered',
    {
      requestId: 'r1',
      method: 'POST',
      ...who,
      type: 'query',
      operation: 'Lot',
      status: 200,
      bytes: Number(headers.get('content-length')),
      outcome: 'ok',
      durationMs: expect.any(Number),
    },
  ]);
  expect(JSON.stringify(lines)).not.toContain(secret);
});

test('one that is refused has its code, and one of several operations says of how many', async () => {
  await federation.post({ query: '{ nothing }' });
  await federation.post('{');
  await federation.post([{ query: '{ now }' }, { query: 'mutation Up { bump }' }]);
  await fetch(`${federation.url}?query=mutation{bump}`, { headers: { 'apollo-require-preflight': 'yes' } });
  const [invalid, malformed, batch, overGet] = (await logged(4)).map(([, fields]) => fields);
  expect(invalid).toMatchObject({ status: 400, outcome: 'refused', codes: ['GRAPHQL_VALIDATION_FAILED'], ...who });
  expect(malformed).toMatchObject({ status: 400, outcome: 'refused', codes: ['BAD_REQUEST'] });
  expect(batch).toMatchObject({ status: 200, outcome: 'ok', operations: 2 });
  expect(overGet).toMatchObject({ status: 405, outcome: 'refused', codes: ['METHOD_NOT_ALLOWED'] });
});

test('one that a subgraph failed says so, and one whose client left as well', async () => {
  federation.subgraphs['quality']?.answerWith((response) => void response.end('{"errors":[{"message":"broken"}]}'));
  await federation.post({ query: '{ lot(id: 1) { status } }' });
  expect((await logged(1))[0]?.[1]).toMatchObject({ status: 200, outcome: 'errors', type: 'query' });
  const leaving = new AbortController();
  federation.subgraphs['quality']?.answerWith(() => leaving.abort());
  const body = '{"query":"query Left { lot(id: 2) { status } }"}';
  const headers = { 'content-type': 'application/json' };
  await fetch(federation.url, { method: 'POST', headers, body, signal: leaving.signal }).catch(quiet);
  expect((await logged(2))[1]?.[1]).toMatchObject({ outcome: 'aborted', operation: 'Left' });
  federation.subgraphs['quality']?.answerWith(undefined);
});

const head = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Request-Id: r3\r\n';
test.each([
  ['is too large', `${head}Content-Length: 99999999\r\n\r\n{`, 413, 'BODY_LIMIT_EXCEEDED'],
  ['is no HTTP', `${head}Transfer-Encoding: chunked\r\n\r\nno size\r\n`, 400, 'BAD_REQUEST'],
])('one whose body %s is refused, and not aborted, where its client has read that and left', async (...given) => {
  const [, sent, status, code] = given;
  const socket = connect(Number(new URL(federation.url).port), '127.0.0.1');
  socket.write(sent);
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    if (text.includes(code) && text.endsWith('}')) break;
  }
  const [line] = await logged(1);
  const bytes = Buffer.byteLength(text.slice(text.indexOf('\r\n\r\n') + 4));
  expect(line?.[1]).toMatchObject({ requestId: 'r3', status, outcome: 'refused', codes: [code], bytes });
});

test('a stream has a line when it opens and one when it ends', async () => {
  const leaving = new AbortController();
  const response = await fetch(federation.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-request-id': 'r2' },
    body: JSON.stringify({ query: 'subscription Lots { lotChanged { cursor } }' }),
    signal: leaving.signal,
  });
  const about = { requestId: 'r2', ...who, type: 'subscription', operation: 'Lots' };
  expect(await logged(1)).toEqual([['stream opened', { method: 'POST', ...about }]]);
  await events.opened(1);
  events.push('c1');
  const reader = response.body?.getReader();
  let text = '';
  while (!text.includes('c1')) text += Buffer.from((await reader?.read())?.value ?? []).toString();
  leaving.abort();
  const [, ended] = await logged(2);
  expect(ended).toEqual([
    'stream ended',
    { method: 'POST', ...about, status: 200, outcome: 'ok', events: 1, durationMs: expect.any(Number) },
  ]);
});

test('each operation over a WebSocket has the same', async () => {
  const socket = federation.socket();
  await socket.iterate({ query: 'query One { now }' }).next();
  const stream = socket.iterate({ query: 'subscription Two { lotChanged { cursor } }' });
  const first = stream.next();
  await logged(2);
  // That of the test before is kept for who comes again.
  await events.opened(2);
  events.push('c2');
  await first;
  await stream.return?.();
  await expect(socket.iterate({ query: '{ nothing }' }).next()).rejects.toBeDefined();
  expect((await logged(4))[3]?.[1]).toMatchObject({ requestId: expect.any(String), ...who });
  expect(lines.map(([event, { operation, outcome }]) => [event, operation, outcome])).toEqual([
    ['operation answered', 'One', 'ok'],
    ['stream opened', 'Two', undefined],
    ['stream ended', 'Two', 'ok'],
    ['operation answered', undefined, 'refused'],
  ]);
});

test('without the option there is none', async () => {
  const other = await startFederation(lotSubgraphs(new PushedEvents()), { runtime: { log } });
  await other.query('{ now }');
  await other.close();
  expect(lines.map(([event]) => event)).toEqual(['gateway stopping', 'gateway stopped']);
});
