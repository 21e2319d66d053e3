import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';
import { patientConfig } from '../support/patient-config.ts';

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(shop(), {
    config: { http: { ...patientConfig.http, maxLargeBodyBytes: 200_000 } },
  });
});
afterAll(() => federation.close());

const bodyOf = (bytes: number) => {
  const body = { query: '{ __typename }', variables: { note: '' } };
  body.variables.note = 'x'.repeat(bytes - JSON.stringify(body).length);
  return JSON.stringify(body);
};

const open = (headers: Record<string, string> = {}): ClientRequest =>
  httpRequest(federation.url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } });

async function answerTo(sent: ClientRequest) {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { data, errors } = JSON.parse(await text(response));
  return {
    status: response.statusCode,
    retryAfter: response.headers['retry-after'],
    data,
    code: errors?.[0]?.extensions.code,
  };
}

function send(body: string | Buffer, headers?: Record<string, string>) {
  const sent = open(headers);
  sent.end(body);
  return answerTo(sent);
}

const answered = { status: 200, data: { __typename: 'Query' } };
const refused = { status: 503, retryAfter: '5', code: 'GATEWAY_OVERLOADED' };

test('large requests that come at once have so much room and no more, and small ones are answered beside them', async () => {
  const body = bodyOf(160_000);
  const slow = open({ 'content-length': `${body.length}`, expect: '100-continue' });
  slow.flushHeaders();
  await once(slow, 'continue');
  slow.write(body.slice(0, 150_000));
  const before = answerTo(slow);
  await expect.poll(() => send(bodyOf(100_000))).toMatchObject(refused);
  expect(await send(gzipSync(bodyOf(100_000)), { 'content-encoding': 'gzip' })).toMatchObject(refused);
  expect(await send(bodyOf(20_000))).toMatchObject(answered);
  slow.end(body.slice(150_000));
  expect(await before).toMatchObject(answered);
  expect(await send(bodyOf(100_000))).toMatchObject(answered);
});

test('a request that is larger than all the room is answered where it is the only one', async () => {
  expect(await send(bodyOf(300_000))).toMatchObject(answered);
  expect(await send(gzipSync(bodyOf(300_000)), { 'content-encoding': 'gzip' })).toMatchObject(answered);
});

test('who goes before the whole of a large request has come takes no room with them', async () => {
  for (let client = 0; client < 5; client += 1) {
    const gone = open({ 'content-length': '160000', expect: '100-continue' });
    gone.on('error', () => undefined);
    gone.flushHeaders();
    await once(gone, 'continue');
    gone.write(bodyOf(150_000));
    await expect.poll(() => send(bodyOf(100_000))).toMatchObject(refused);
    gone.destroy();
    await expect.poll(() => send(bodyOf(100_000))).toMatchObject(answered);
  }
});
