import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(shop());
});
afterAll(() => federation.close());

describe('every audit of the graphql-http package passes', () => {
  const audits = serverAudits({ url: () => federation.url });
  test('none of its 61 is left out', () => expect(audits).toHaveLength(61));
  for (const { id, name, fn } of audits) {
    test(`${id}: ${name}`, async () => {
      const result = await fn();
      expect(result.status, 'reason' in result ? result.reason : undefined).toBe('ok');
    });
  }
});

const mutation = 'mutation { rename(id: "p1", name: "x") { name } }';
const ask = (init: RequestInit = {}, search: Record<string, string> = {}) =>
  fetch(`${federation.url}?${new URLSearchParams(search)}`, init);
const postAs = (accept: string, body: unknown) =>
  ask({ method: 'POST', headers: { 'content-type': 'application/json', accept }, body: JSON.stringify(body) });

test('a mutation over GET is refused with 405 and never runs', async () => {
  const before = federation.subgraphs['catalogue']!.received.length;
  const response = await ask({}, { query: mutation });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  expect(federation.subgraphs['catalogue']!.received).toHaveLength(before);
});

test('a GET takes variables, an operation name and Unicode', async () => {
  const query = 'query A { __typename } query B($id: ID!) { product(id: $id) { name } } # 🏃';
  const response = await ask({}, { query, operationName: 'B', variables: '{"id":"p2"}' });
  expect(await response.json()).toMatchObject({ data: { product: { name: 'Lamp' } } });
});

test('an operation name that the document does not have is told with those that it has', async () => {
  const response = await postAs('application/graphql-response+json', {
    query: 'query Machine { __typename } query Lot { __typename }',
    operationName: 'machine',
  });
  expect([response.status, await response.json()]).toEqual([
    400,
    {
      errors: [
        {
          message: 'The document has no operation named "machine". It has "Machine", "Lot".',
          extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
        },
      ],
    },
  ]);
});

test('a GET that says a thing twice, or not in JSON, is refused', async () => {
  for (const search of [
    'query={a}&query={b}',
    'query={__typename}&variables={',
    'query={__typename}&variables=[1]',
    '',
  ]) {
    const response = await fetch(`${federation.url}?${search}`);
    const body = (await response.json()) as { errors: { extensions: { code: string } }[] };
    expect([response.status, body.errors[0]?.extensions.code], search).toEqual([400, 'BAD_REQUEST']);
  }
});

test('the client that accepts both media types gets the better one, and its status', async () => {
  const accept = 'application/graphql-response+json, application/json;q=0.9';
  const response = await postAs(accept, { query: '{ nothing }' });
  expect([response.status, response.headers.get('content-type')]).toEqual([
    400,
    'application/graphql-response+json; charset=utf-8',
  ]);
  const quality = await postAs('application/graphql-response+json;q=0.1, application/json', {
    query: '{ __typename }',
  });
  expect(quality.headers.get('content-type')).toBe('application/json; charset=utf-8');
  const refused = await postAs('application/graphql-response+json;q=0, application/json', { query: '{ nothing }' });
  expect([refused.status, refused.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
});

test('what the client does not accept is refused with 406 and a code', async () => {
  for (const accept of [
    'text/plain',
    'image/png, text/html;q=0.9',
    'application/json;q=0',
    'application/json;charset=latin1',
  ]) {
    const response = await postAs(accept, { query: '{ __typename }' });
    expect(response.status, accept).toBe(406);
    expect(await response.text()).toContain('NOT_ACCEPTABLE');
  }
});

test('a wildcard means JSON, unless the client would rather not have that', async () => {
  const [json, modern] = ['application/json', 'application/graphql-response+json'];
  const cases = {
    '*/*': json,
    'application/json, text/plain, */*': json,
    'application/json;q=0, */*': modern,
    'application/json;q=0.1, application/*': modern,
    'application/graphql-response+json;q=0, */*': json,
  };
  for (const [accept, type] of Object.entries(cases)) {
    const response = await postAs(accept, { query: '{ __typename }' });
    expect([response.status, response.headers.get('content-type')], accept).toEqual([200, `${type}; charset=utf-8`]);
  }
});

test('what is wrong with an operation has the status of its type, also where the client would take parts', async () => {
  const wrong = [
    { query: '{ nothing ... @defer { __typename } }' },
    { query: 'query ($id: ID!) { product(id: $id) { ... @defer { name } } }' },
  ];
  for (const body of wrong) {
    const json = await postAs('multipart/mixed;deferSpec=20220824, application/json', body);
    expect([json.status, await json.json()]).toEqual([200, { errors: [expect.anything()] }]);
    const modern = await postAs('multipart/mixed;deferSpec=20220824, application/graphql-response+json', body);
    expect([modern.status, await modern.json()]).toEqual([400, { errors: [expect.anything()] }]);
  }
});

test('caches learn of every answer what it depends on, and that they keep none', async () => {
  const answers = [
    await ask({}, { query: '{ __typename }' }),
    await ask({}, { query: mutation }),
    await ask({}, { query: '{ nothing }' }),
    await ask({}, { documentId: 'unknown' }),
    await ask({ headers: { accept: 'text/plain' } }, { query: '{ __typename }' }),
    await ask({ headers: { accept: 'multipart/mixed' } }, { query: '{ __typename }' }),
    await ask({ headers: { accept: 'text/event-stream' } }, { query: '{ __typename }' }),
  ];
  for (const { status, headers } of answers) {
    expect(headers.get('vary'), `${status}`).toBe('Accept, Accept-Encoding');
    expect(headers.get('cache-control'), `${status}`).toMatch(/^no-(store|cache)/);
  }
});

test('a partial answer has status 200 in both media types', async () => {
  for (const accept of ['application/json', 'application/graphql-response+json']) {
    federation.subgraphs['stock']!.answerWith((response) => response.writeHead(503).end());
    const response = await postAs(accept, { query: '{ products { name inStock } }' });
    federation.subgraphs['stock']!.answerWith(undefined);
    const body = (await response.json()) as { data: unknown; errors: unknown[] };
    expect(response.status).toBe(200);
    expect(body.data).not.toBeNull();
    expect(body.errors.length).toBeGreaterThan(0);
  }
});

test('other content types and character sets are refused with 415', async () => {
  for (const type of ['application/xml', 'application/graphql', 'application/json; charset=utf-16']) {
    const response = await ask({
      method: 'POST',
      headers: { 'content-type': type },
      body: '{"query":"{ __typename }"}',
    });
    expect([response.status, await response.text()], type).toEqual([
      415,
      expect.stringContaining('UNSUPPORTED_MEDIA_TYPE'),
    ]);
  }
});

test('a byte order mark is skipped, and bytes that are no UTF-8 are refused', async () => {
  const post = (body: Uint8Array<ArrayBuffer>) =>
    ask({ method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const text = new TextEncoder().encode('\ufeff{"query":"{ __typename }"}');
  expect((await post(text)).status).toBe(200);
  expect((await post(new Uint8Array([...text.subarray(3), 0xff, 0xfe]))).status).toBe(400);
});

test('methods other than the protocols use are refused with 405 and what is allowed', async () => {
  const allowed = 'GET, HEAD, POST, PUT, DELETE, OPTIONS';
  const patch = await ask({ method: 'PATCH' });
  expect([patch.status, patch.headers.get('allow')]).toEqual([405, allowed]);
  const options = await ask({ method: 'OPTIONS' });
  expect([options.status, options.headers.get('allow')]).toEqual([204, allowed]);
  const unknown = await answerTo(`FIND /graphql HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  expect(unknown).toMatch(
    /^HTTP\/1\.1 405 .*\r\nallow: GET, HEAD, POST, PUT, DELETE, OPTIONS\r\n.*METHOD_NOT_ALLOWED/s,
  );
});

/** What comes back for these bytes until the connection ends. */
async function answerTo(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(federation.url).port), '127.0.0.1');
  socket.write(bytes);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

test('what is refused for its headers is refused before its body is asked for; what is read is asked for first', async () => {
  const body = '{"query":"{ __typename }"}';
  const head = (type: string, more = '') =>
    `POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${type}\r\n${more}`;
  const expecting = `Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`;
  expect(await answerTo(head('text/xml', expecting))).toMatch(/^HTTP\/1\.1 415 /);
  expect(await answerTo(`${head('application/json', expecting)}${body}`)).toMatch(
    /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /,
  );
  const chunked = (coding: string) =>
    `${head('application/json', `Transfer-Encoding: ${coding}\r\n\r\n`)}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  expect(await answerTo(chunked('Chunked'))).toMatch(/^HTTP\/1\.1 200 /);
  expect(await answerTo(chunked('gzip, chunked'))).toMatch(/^HTTP\/1\.1 501 .*UNSUPPORTED_ENCODING/s);
});

test('HEAD says what GET would, without a body; it runs no mutation and opens no stream', async () => {
  const before = federation.subgraphs['catalogue']!.received.length;
  const cases: [string, string, number][] = [
    ['application/json', '{ products { name } }', 200],
    ['application/json', '{ nothing }', 200],
    ['application/graphql-response+json', '{ nothing }', 400],
    ['application/json', mutation, 405],
    ['text/event-stream', '{ products { name } }', 406],
    ['text/plain', '{ products { name } }', 406],
  ];
  for (const [accept, query, status] of cases) {
    const response = await ask({ method: 'HEAD', headers: { accept } }, { query });
    expect([response.status, await response.text()], query).toEqual([status, '']);
    if (status >= 405) continue;
    const get = await ask({ headers: { accept } }, { query });
    expect(response.headers.get('content-length')).toBe(get.headers.get('content-length'));
  }
  const received = federation.subgraphs['catalogue']!.received.slice(before);
  expect(received.map(({ query }) => query).filter((query) => query.includes('rename'))).toEqual([]);
});

test('what cannot be read is refused with what can', async () => {
  for (const headers of [{ 'content-type': 'application/xml' }, { 'content-encoding': 'compress' }]) {
    const response = await new Promise<IncomingMessage>((resolve) => {
      const sent = request(federation.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
      });
      sent.on('response', (answer) => resolve(answer.resume())).end('{}');
    });
    expect([response.statusCode, response.headers['accept'], response.headers['accept-encoding']]).toEqual([
      415,
      'application/json',
      'gzip, br',
    ]);
  }
});

test('a request that offers another protocol is answered in this one, as Java and curl expect of a plain connection', async () => {
  const { host, port } = new URL(federation.url);
  const offering = (body: string) =>
    [
      'POST /graphql HTTP/1.1',
      `Host: ${host}`,
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
  const socket = connect(Number(port), '127.0.0.1');
  let text = '';
  const said = (words: string) =>
    new Promise<void>((resolve) => {
      socket.on('data', () => text.includes(words) && resolve());
    });
  socket.on('data', (chunk) => {
    text += chunk;
  });
  const first = offering('{"query":"{ first: __typename }"}');
  socket.write(first.slice(0, -7));
  socket.write(first.slice(-7));
  await said('{"first":"Query"}');
  // Two at once: the second waits for the answer of the first.
  socket.write(offering('{"query":"{ second: products { name } }"}') + offering('{"query":"{ third: __typename }"}'));
  await said('{"third":"Query"}');
  expect(text.match(/HTTP\/1.1 200 OK/g)).toHaveLength(3);
  expect(text.indexOf('"second"')).toBeLessThan(text.indexOf('"third"'));
  socket.destroy();
});

test('a page of another site cannot make a browser ask, neither by GET nor by a form', async () => {
  const query = '{ products { name } }';
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of foreign) expect((await ask({ headers }, { query })).status).toBe(403);
  const own = { origin: new URL(federation.url).origin, 'sec-fetch-site': 'same-origin' };
  expect((await ask({ headers: own }, { query })).status).toBe(200);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const response = await ask({
      method: 'POST',
      headers: { 'content-type': type },
      body: '{"query":"{ __typename }"}',
    });
    expect(response.status).toBe(400);
  }
});

test('__proto__ in variables and extensions is data like any other; nothing is answered under this name', async () => {
  const body =
    '{"query":"query($id: ID!) { prototype: product(id: $id) { constructor: name } }","variables":{"id":"p1","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}},"extensions":{"__proto__":{"polluted":1}}}';
  const response = await ask({ method: 'POST', headers: { 'content-type': 'application/json' }, body });
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('"data":{"prototype":{"constructor":"Table"}}');
  const alias = '{"query":"{ __proto__: product(id: \\"p1\\") { constructor: name } }"}';
  const refused = await ask({ method: 'POST', headers: { 'content-type': 'application/json' }, body: alias });
  expect(refused.status).toBe(400);
  expect(await refused.text()).toContain('GRAPHQL_VALIDATION_FAILED');
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});
