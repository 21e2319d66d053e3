import { request as httpRequest } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { type Federation, type FederationOptions, startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';
import { logWith } from '../support/runtime.ts';
import { somebody } from '../support/somebody.ts';

let open: Federation;
let other: Federation | undefined;
beforeAll(async () => {
  open = await startFederation(shop(), { graphiql: { token: 'dev-token', defaultQuery: '{ products { name } }' } });
});
afterEach(async () => {
  await other?.close();
  other = undefined;
});
afterAll(() => open.close());

const start = async (options: FederationOptions) => {
  other = await startFederation(shop(), options);
  return other;
};

test('wrong credentials are refused with 401 and their code, before the body is looked at', async () => {
  const { post } = await start({
    authenticate: (credentials) => {
      if (credentials === 'Bearer good') return somebody();
      const code = credentials === 'Bearer old' ? 'TOKEN_EXPIRED' : 'UNAUTHENTICATED';
      throw Object.assign(new Error('Bring a valid token.'), { code });
    },
  });
  const refused = await post('{ this is not JSON');
  expect(refused.status).toBe(401);
  expect(refused.headers.get('www-authenticate')).toBe('Bearer');
  expect(refused.body).toEqual({
    errors: [{ message: 'Bring a valid token.', extensions: { code: 'UNAUTHENTICATED' } }],
  });
  const expired = await post({ query: '{ __typename }' }, { authorization: 'Bearer old' });
  expect([expired.status, expired.body.errors?.[0]?.extensions?.['code']]).toEqual([401, 'TOKEN_EXPIRED']);
  expect((await post({ query: '{ __typename }' }, { authorization: 'Bearer good' })).body.data).toEqual({
    __typename: 'Query',
  });
});

test('an authentication that breaks answers 500 and says nothing about why', async () => {
  const { post } = await start({
    authenticate: () => {
      throw new Error('the key server at 10.0.0.7 is down');
    },
  });
  const { status, body } = await post({ query: '{ __typename }' });
  expect(status).toBe(500);
  expect(JSON.stringify(body)).not.toContain('10.0.0.7');
});

test('a client that leaves in the middle of its body is no failure of the gateway', async () => {
  const failures: unknown[] = [];
  const quiet = () => undefined;
  const log = logWith({ error: (...failure: unknown[]) => void failures.push(failure) });
  let arrived: () => void = quiet;
  const authenticate = () => {
    arrived();
    return somebody();
  };
  const { url, close } = await startFederation(shop(), { authenticate, runtime: { log } });
  const headers = { 'content-type': 'application/json', 'content-length': '100' };
  const leaving = httpRequest(url, { method: 'POST', headers }).on('error', quiet);
  await new Promise<void>((resolve) => {
    arrived = resolve;
    leaving.write('{"query":');
  });
  leaving.destroy();
  await close();
  expect(failures).toEqual([]);
});

test('without authentication the gateway refuses to listen beyond loopback', async () => {
  await expect(start({ config: { host: '0.0.0.0' } })).rejects.toThrow(
    'Without authentication the gateway listens on loopback only, not on 0.0.0.0. Configure authentication, or set host to 127.0.0.1.',
  );
});

test('requests that are no GraphQL get a 4xx with a code', async () => {
  const bad: [unknown, number, string][] = [
    ['{ "query": ', 400, 'BAD_REQUEST'],
    [{}, 400, 'BAD_REQUEST'],
    [{ query: 7 }, 400, 'BAD_REQUEST'],
    [{ query: '{ products { name } ' }, 400, 'GRAPHQL_PARSE_FAILED'],
    [{ query: '{ nothing }' }, 400, 'GRAPHQL_VALIDATION_FAILED'],
    [{ query: '{ product { name } }' }, 400, 'GRAPHQL_VALIDATION_FAILED'],
    [{ query: 'query A { __typename } query B { __typename }' }, 400, 'OPERATION_RESOLUTION_FAILURE'],
    [{ query: 'query A { __typename }', operationName: 'B' }, 400, 'OPERATION_RESOLUTION_FAILURE'],
    [{ query: 'query ($id: ID!) { product(id: $id) { name } }' }, 400, 'BAD_USER_INPUT'],
    [{ query: 'query ($n: Int) { products(first: $n) { name } }', variables: { n: 'many' } }, 400, 'BAD_USER_INPUT'],
  ];
  for (const [body, status, code] of bad) {
    const answer = await open.post(body);
    expect([answer.status, answer.body.errors?.[0]?.extensions?.['code']], JSON.stringify(body)).toEqual([
      status,
      code,
    ]);
    expect(answer.body.data).toBeUndefined();
    expect(JSON.stringify(answer.body)).not.toContain('stacktrace');
  }
});

test('all validation errors come at once', async () => {
  const { body } = await open.post({ query: '{ one two products { three } }' });
  expect(body.errors).toHaveLength(3);
});

test('a form post from a web page is refused as a forgery', async () => {
  const response = await fetch(open.url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: JSON.stringify({ query: '{ __typename }' }),
  });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('CSRF');
});

test('queries work over GET with a header that forms cannot send', async () => {
  const response = await fetch(`${open.url}?query=${encodeURIComponent('{ product(id: "p1") { name } }')}`, {
    headers: { 'apollo-require-preflight': 'yes' },
  });
  expect(await response.json()).toMatchObject({ data: { product: { name: 'Table' } } });
});

test('a body over the limit is refused with 413 and the connection ends', async () => {
  const { post } = await start({ config: { limits: { ...defaultGatewayConfig.limits, maxBodyBytes: 1000 } } });
  const { status, body } = await post({ query: `{ __typename } # ${'x'.repeat(2000)}` });
  expect([status, body.errors?.[0]?.extensions?.['code']]).toEqual([413, 'BODY_LIMIT_EXCEEDED']);
});

test('a request id is taken over from the client, passed on to subgraphs and sent back', async () => {
  const { headers } = await open.post({ query: '{ products { name } }' }, { 'x-request-id': 'trace-1' });
  expect(headers.get('x-request-id')).toBe('trace-1');
  expect(open.subgraphs['catalogue']!.received.at(-1)?.headers['x-request-id']).toBe('trace-1');
  const strange = await open.post({ query: '{ products { name } }' }, { 'x-request-id': 'a b'.repeat(99) });
  expect(strange.headers.get('x-request-id')).toMatch(/^[0-9A-Z]{26}$/);
});

test('browsers get the IDE, with the token filled in and nothing from another host', async () => {
  const response = await fetch(open.url, { headers: { accept: 'text/html,*/*' } });
  const html = await response.text();
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(html).toContain('Bearer dev-token');
  expect(html).toContain('{ products { name } }');
  expect(html).not.toMatch(/<(script|link|img)[^>]+(src|href)="https?:/);
});

test('health says live always and ready while the gateway takes requests', async () => {
  const gateway = await start({});
  const origin = new URL(gateway.url).origin;
  expect((await fetch(`${origin}/health/live`)).status).toBe(200);
  expect(await (await fetch(`${origin}/health/ready`)).json()).toEqual({ status: 'ready' });
  expect((await fetch(`${origin}/nothing`)).status).toBe(404);
});

test("what fails in the gateway itself is in the log under the request's id, which the client gets and nothing else", async () => {
  const logged: unknown[] = [];
  const error = (event: string, fields: object = {}) => void logged.push({ event, ...fields });
  const gateway = await startFederation(shop(), {
    runtime: { log: logWith({ error }) },
    authenticate: () => {
      throw new Error('the key store is away');
    },
  });
  const { status, body, headers } = await gateway.post({ query: '{ __typename }' }, { 'x-request-id': 'r-17' });
  await gateway.close();
  expect([status, headers.get('x-request-id')]).toEqual([500, 'r-17']);
  expect(body).toEqual({
    errors: [
      {
        message: 'The gateway failed to answer. Report the request id to its operator.',
        extensions: { code: 'INTERNAL', requestId: 'r-17' },
      },
    ],
  });
  expect(logged).toEqual([{ event: 'request failed', requestId: 'r-17', cause: new Error('the key store is away') }]);
});

test('draining lets a running request finish', async () => {
  const federation = await start({});
  let release: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => {
    federation.subgraphs['catalogue']!.answerWith((response) => {
      release = () => response.end('{"data":{"product":{"name":"late"}}}');
      resolve();
    });
  });
  const answer = federation.query('{ product(id: "p1") { name } }');
  await arrived;
  const drained = federation.gateway.drain();
  expect(federation.gateway.ready()).toBe(false);
  release();
  expect((await answer).data).toEqual({ product: { name: 'late' } });
  await drained;
});

test('a client that leaves stops the calls that were made for it', async () => {
  let left: Promise<void> | undefined;
  const arrived = new Promise<void>((resolve) => {
    open.subgraphs['catalogue']!.answerWith((response) => {
      left = new Promise((gone) => response.on('close', gone));
      resolve();
    });
  });
  const request = httpRequest(open.url, { method: 'POST', headers: { 'content-type': 'application/json' } });
  request.on('error', () => undefined);
  request.end(JSON.stringify({ query: '{ product(id: "p1") { name } }' }));
  await arrived;
  request.destroy();
  await left;
  open.subgraphs['catalogue']!.answerWith(undefined);
});

test('a client that sent several requests at once and leaves stops the calls for each of them', async () => {
  const left: Promise<void>[] = [];
  let arrived: () => void = () => undefined;
  const allArrived = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  open.subgraphs['catalogue']!.answerWith((response) => {
    left.push(new Promise((gone) => response.on('close', gone)));
    if (left.length === 3) arrived();
  });
  const socket = connectTcp(Number(new URL(open.url).port), '127.0.0.1');
  for (const name of ['a', 'b', 'c']) {
    const body = JSON.stringify({ query: `{ ${name}: product(id: "p1") { name } }` });
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  }
  await allArrived;
  socket.destroy();
  await Promise.all(left);
  open.subgraphs['catalogue']!.answerWith(undefined);
});
