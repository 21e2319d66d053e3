import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2, constants, type IncomingHttpHeaders } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { defaultGatewayConfig, type GatewayConfig } from '../../gateway/config.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';
import { patientConfig } from '../support/patient-config.ts';
import { lotSubgraphs, lotSubscription, PushedEvents } from '../support/pushed-events.ts';
import { createTemporaryCertificate } from '../support/self-signed-certificate.ts';

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(shop());
});
afterAll(() => federation.close());
const others: Federation[] = [];
afterEach(async () => {
  for (const other of others.splice(0)) await other.close();
});
const start = async (config: Partial<GatewayConfig>, definitions = shop() as Parameters<typeof startFederation>[0]) => {
  const other = await startFederation(definitions, { config });
  others.push(other);
  return other;
};

/** Bytes, without what nobody refers to. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

/** Without fetch, which unpacks and adds headers of its own. */
function send(
  headers: Record<string, string>,
  body: string | Buffer,
  url = federation.url,
): Promise<{ response: IncomingMessage; bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ response, bytes: Buffer.concat(chunks) }));
    });
    sent.end(body);
  });
}

const large = JSON.stringify({ query: '{ __schema { types { name fields { name type { name } } } } }' });
const small = JSON.stringify({ query: '{ __typename }' });

describe('compression', () => {
  test('large answers are packed as the client likes best', async () => {
    const expected = (await send({}, large)).bytes.toString();
    expect(expected.length).toBeGreaterThan(1024);
    const cases: [string, string | undefined][] = [
      ['gzip', 'gzip'],
      ['gzip, br', 'br'],
      ['br;q=0.1, gzip;q=0.9', 'gzip'],
      ['*', 'br'],
      ['br;q=0, *', 'gzip'],
      ['identity', undefined],
      ['deflate', undefined],
      ['gzip;q=0', undefined],
      ['identity, gzip;q=0.5', undefined],
    ];
    for (const [accept, encoding] of cases) {
      const { response, bytes } = await send({ 'accept-encoding': accept }, large);
      expect(response.headers['content-encoding'], accept).toBe(encoding);
      expect(response.headers.vary).toContain('Accept-Encoding');
      const unpack =
        encoding === 'gzip' ? gunzipSync : encoding === 'br' ? brotliDecompressSync : (same: Buffer) => same;
      expect(unpack(bytes).toString()).toBe(expected);
    }
  });

  test('small answers are not', async () => {
    const { response } = await send({ 'accept-encoding': 'gzip, br' }, small);
    expect(response.headers['content-encoding']).toBeUndefined();
  });

  test('a packed body is read; one that unpacks beyond the limit, a broken or an unknown one is refused', async () => {
    for (const name of ['gzip', 'GZIP', 'x-gzip']) {
      const packed = await send({ 'content-encoding': name }, gzipSync(small));
      expect(JSON.parse(packed.bytes.toString()).data, name).toEqual({ __typename: 'Query' });
    }
    const bomb = gzipSync(Buffer.alloc(200_000_000, 0x20));
    expect(bomb.length).toBeLessThan(defaultGatewayConfig.limits.maxBodyBytes);
    const refusals: [string, Buffer, number, string][] = [
      ['gzip', bomb, 413, 'BODY_LIMIT_EXCEEDED'],
      ['gzip', Buffer.from(small), 400, 'BAD_REQUEST'],
      ['gzip', Buffer.alloc(0), 400, 'BAD_REQUEST'],
      ['gzip', gzipSync(small).subarray(0, -9), 400, 'BAD_REQUEST'],
      ['gzip', Buffer.concat([gzipSync(small), Buffer.from(' ')]), 400, 'BAD_REQUEST'],
      ['gzip', Buffer.concat(Array(20).fill(gzipSync(Buffer.alloc(100_000, 0x20)))), 413, 'BODY_LIMIT_EXCEEDED'],
      ['gzip', brotliCompressSync(small), 400, 'BAD_REQUEST'],
      ['br', Buffer.from(small), 400, 'BAD_REQUEST'],
      ['br', Buffer.concat([brotliCompressSync(small), Buffer.from(' ')]), 400, 'BAD_REQUEST'],
      ['br', brotliCompressSync(Buffer.alloc(50_000_000, 0x20)), 413, 'BODY_LIMIT_EXCEEDED'],
      ['gzip, gzip', gzipSync(gzipSync(small)), 415, 'UNSUPPORTED_ENCODING'],
      ['compress', Buffer.from(small), 415, 'UNSUPPORTED_ENCODING'],
      ['__proto__', Buffer.from(small), 415, 'UNSUPPORTED_ENCODING'],
    ];
    for (const [encoding, body, status, code] of refusals) {
      const { response, bytes } = await send({ 'content-encoding': encoding }, body);
      expect([response.statusCode, JSON.parse(bytes.toString()).errors[0].extensions.code], encoding).toEqual([
        status,
        code,
      ]);
    }
  });
});

describe('pages of other origins', () => {
  const origin = 'https://app.example.com';
  const preflight = {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
  };

  test('may read nothing unless their origin is configured', async () => {
    const response = await fetch(federation.url, preflight);
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([204, null]);
  });

  test('may read and send when it is, without credentials of the browser; others still not', async () => {
    const { url, post } = await start({ cors: { origins: [origin], maxAgeSeconds: 60 } });
    const allowed = await fetch(url, preflight);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.has('content-length')).toBe(false);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'authorization',
      'access-control-max-age': '60',
      vary: 'Origin, Accept, Accept-Encoding',
    });
    expect(allowed.headers.has('access-control-allow-credentials')).toBe(false);
    const { headers } = await post({ query: '{ __typename }' }, { origin });
    expect([headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([
      origin,
      'Origin, Accept, Accept-Encoding',
    ]);
    expect((await fetch(`${url}?query={__typename}`, { headers: { origin } })).status).toBe(200);
    const other = await post({ query: '{ __typename }' }, { origin: 'https://evil.example' });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });
});

/** Without fetch, which sets both headers itself. */
function sentTo(host: string | undefined, url = federation.url, more: Record<string, string> = {}) {
  return send({ ...(host !== undefined && { host }), ...more }, small, url).then(({ response, bytes }) => ({
    status: response.statusCode,
    code: JSON.parse(bytes.toString()).errors?.[0].extensions.code as string | undefined,
  }));
}

test('a request to a whole URL, as a proxy is sent it, is one to its path; its host counts, not that of the header', async () => {
  const { port } = new URL(federation.url);
  const sendTo = (target: string, host: string) =>
    new Promise<string>((resolve) => {
      const socket = connectTcp(Number(port), '127.0.0.1');
      const head = [`GET ${target}?query={__typename} HTTP/1.1`, `Host: ${host}`, 'Connection: close'];
      socket.end(`${head.join('\r\n')}\r\n\r\n`);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text.slice(9, 12)));
    });
  expect(await sendTo(`http://127.0.0.1:${port}/graphql`, 'evil.example')).toBe('200');
  expect(await sendTo('HTTPS://localhost/graphql', 'localhost')).toBe('200');
  expect(await sendTo('http://evil.example/graphql', 'localhost')).toBe('403');
  expect(await sendTo('ftp://localhost/graphql', 'localhost')).toBe('404');
});

describe('a page whose own name was made to lead to this machine', () => {
  const refused = { status: 403, code: 'HOST_NOT_ALLOWED' };
  const answered = { status: 200, code: undefined };

  test('is not answered on loopback, whatever it asks for', async () => {
    const names = ['evil.example', 'evil.example:4000', '127.0.0.1.evil.example', 'localhost.evil.example', '[::2]'];
    for (const host of names) expect(await sentTo(host), host).toEqual(refused);
    const headers = { host: 'evil.example', accept: 'text/html' };
    const { graphiql } = await startPage();
    for (const path of ['/graphql', '/graphiql.js', '/', '/elsewhere']) {
      const page = await get(new URL(path, graphiql), headers);
      expect([page.response.statusCode, page.text.includes('dev-token')], path).toEqual([403, false]);
    }
  });

  test('but this machine is, under all of its names and those that are configured', async () => {
    const { port } = new URL(federation.url);
    for (const host of ['localhost', 'LOCALHOST:1', `127.0.0.1:${port}`, '[::1]:9']) {
      expect(await sentTo(host), host).toEqual(answered);
    }
    const { url } = await start({ allowedHosts: ['Andon.example.com'] });
    expect(await sentTo('andon.example.com:443', url)).toEqual(answered);
    expect(await sentTo('localhost', url)).toEqual(answered);
    expect(await sentTo('evil.example', url)).toEqual(refused);
  });

  test('gets no socket either; nor does a page of another origin', async () => {
    const own = new URL(federation.url).origin;
    const { url } = await start({ cors: { origins: ['https://app.example.com'], maxAgeSeconds: 60 } });
    const cases: [string, Record<string, string>, string | undefined][] = [
      [federation.url, {}, undefined],
      [federation.url, { origin: own }, undefined],
      [federation.url, { origin: 'https://evil.example' }, 'ORIGIN_NOT_ALLOWED'],
      [federation.url, { origin: 'null' }, 'ORIGIN_NOT_ALLOWED'],
      [federation.url, { origin: 'http://evil.example', host: 'evil.example' }, 'HOST_NOT_ALLOWED'],
      [federation.url, { host: 'evil.example' }, 'HOST_NOT_ALLOWED'],
      [url, { origin: 'https://app.example.com' }, undefined],
      [url, { origin: 'https://other.example.com' }, 'ORIGIN_NOT_ALLOWED'],
    ];
    for (const [to, headers, code] of cases) expect(await openSocket(to, headers), JSON.stringify(headers)).toBe(code);
  });
});

/** @returns the code of the refusal, if it is one */
function openSocket(url: string, headers: Record<string, string>): Promise<string | undefined> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', { headers });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => {
      socket.close();
      resolve(undefined);
    });
    socket.on('unexpected-response', (_, response) => {
      response.on('data', (chunk) => resolve(JSON.parse(String(chunk)).errors[0].extensions.code));
    });
  });
}

async function startPage(): Promise<{ graphiql: string }> {
  const other = await startFederation(shop(), {
    graphiql: { token: 'dev-token', defaultQuery: '{ products { name } } # </script>' },
  });
  others.push(other);
  return { graphiql: other.url };
}

function get(url: URL | string, headers: Record<string, string>) {
  return new Promise<{ response: IncomingMessage; bytes: Buffer; text: string }>((resolve, reject) => {
    const sent = httpRequest(url, { headers });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({ response, bytes, text: bytes.toString() });
      });
    });
    sent.end();
  });
}

test('no answer may be taken for another type than it has, whatever it answers', async () => {
  const { graphiql } = await startPage();
  const accept = { accept: 'text/html' };
  const addresses = ['/', '/graphql', '/graphiql.js', '/nowhere', '/health/ready', '/graphql?query=<script>'];
  const pages = await Promise.all(addresses.map((path) => get(new URL(path, graphiql), accept)));
  const refused = await send({ 'content-type': 'text/plain' }, '<script>');
  const answered = await send({}, small);
  for (const { response } of [...pages, refused, answered]) {
    expect(response.headers['x-content-type-options']).toBe('nosniff');
  }
});

describe('GraphiQL', () => {
  test('is a small page that nobody keeps, with its token and its query, and loads from nowhere else', async () => {
    const { graphiql } = await startPage();
    const { response, text } = await get(graphiql, { accept: 'text/html,*/*' });
    expect(text.length).toBeLessThan(4000);
    expect(text).toContain('Bearer dev-token');
    expect(text.match(/<\/script>/g)).toHaveLength(2);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';");
    expect([...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, target]) => target?.slice(0, 13))).toEqual([
      'data:image/sv',
      '/graphiql.css',
      '/graphiql.js',
    ]);
  });

  test('its script is packed once, and not sent again to who has it', async () => {
    const { graphiql } = await startPage();
    const url = new URL('/graphiql.js', graphiql);
    const [packed, gzipped, plain] = [
      await get(url, { 'accept-encoding': 'gzip, br' }),
      await get(url, { 'accept-encoding': 'gzip' }),
      await get(url, {}),
    ];
    expect(
      [packed, gzipped, plain].map(({ response: { statusCode, headers } }) => [
        statusCode,
        headers['content-encoding'],
      ]),
    ).toEqual([
      [200, 'br'],
      [200, 'gzip'],
      [200, undefined],
    ]);
    expect(packed.bytes.length).toBeLessThan(2_000_000);
    expect(brotliDecompressSync(packed.bytes).equals(plain.bytes)).toBe(true);
    expect(gunzipSync(gzipped.bytes).equals(plain.bytes)).toBe(true);
    expect(plain.text).toContain('renderYogaGraphiQL');
    const etag = String(packed.response.headers.etag);
    expect(etag).toMatch(/^W\/"/);
    const again = await get(url, { 'accept-encoding': 'gzip, br', 'if-none-match': `"other", ${etag}` });
    expect([again.response.statusCode, again.bytes.length]).toEqual([304, 0]);
    const newer = await get(url, { 'accept-encoding': 'gzip, br', 'if-none-match': '"other"' });
    expect(newer.response.statusCode).toBe(200);
  });
});

describe('TLS', () => {
  const { tls, remove } = createTemporaryCertificate();
  afterAll(remove);
  const trusting = { rejectUnauthorized: false };

  test('HTTP/2 answers queries side by side and streams events; a stop ends the session', async () => {
    const source = new PushedEvents();
    const subscriptions = { ...patientConfig.subscriptions, replayKeepMs: 1 };
    const { url, gateway } = await start({ tls, subscriptions }, lotSubgraphs(source));
    expect(url).toMatch(/^https:/);
    const session = connectHttp2(new URL(url).origin, trusting);
    const ask = (body: unknown, headers: Record<string, string> = {}) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/graphql',
        'content-type': 'application/json',
        ...headers,
      });
      stream.setEncoding('utf8').end(JSON.stringify(body));
      return stream;
    };
    const text = async (stream: ReturnType<typeof ask>) => {
      let all = '';
      for await (const chunk of stream) all += chunk;
      return all;
    };
    const answers = await Promise.all([1, 2, 3].map(() => text(ask({ query: '{ now }' }))));
    for (const answer of answers) expect(JSON.parse(answer).data).toEqual({ now: 1 });
    expect(JSON.parse(await text(ask('not an object'))).errors[0].extensions.code).toBe('BAD_REQUEST');
    const events = ask({ query: lotSubscription }, { accept: 'text/event-stream' });
    await source.opened(1);
    source.push('c1');
    for await (const chunk of events) if (String(chunk).includes('id: c1')) break;
    await source.opened(0);
    const ended = new Promise((resolve) => session.once('close', resolve));
    await gateway.drain();
    await ended;
  });

  test('clients of HTTP/1.1 and WebSocket are served on the same port', async () => {
    const { url } = await start({ tls }, lotSubgraphs(new PushedEvents()));
    const status = await new Promise((resolve, reject) => {
      const sent = httpsRequest(`${url}?query={now}`, { ...trusting, agent: false }, (response) =>
        resolve(response.resume().statusCode),
      );
      sent.on('error', reject).end();
    });
    expect(status).toBe(200);
    const socket = new WebSocket(url.replace('https', 'wss'), 'graphql-transport-ws', trusting);
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send('{"type":"connection_init"}');
    expect(String(await new Promise((resolve) => socket.once('message', resolve)))).toBe('{"type":"connection_ack"}');
    socket.terminate();
  });

  test('a session without requests ends after a while, like any idle connection', async () => {
    const http = { ...patientConfig.http, keepAliveTimeoutMs: 50 };
    const { url } = await start({ tls, http }, lotSubgraphs(new PushedEvents()));
    const session = connectHttp2(new URL(url).origin, trusting);
    session.on('error', () => undefined);
    await new Promise((resolve) => session.once('close', resolve));
  });

  test('what does not arrive in time ends here, too: a handshake, headers, a body, a kept connection', async () => {
    const http = {
      ...patientConfig.http,
      headersTimeoutMs: 200,
      requestTimeoutMs: 300,
      keepAliveTimeoutMs: 300,
    };
    const { url } = await start({ tls, http }, lotSubgraphs(new PushedEvents()));
    const port = Number(new URL(url).port);
    const closed = (socket: Socket) =>
      new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
    const handshake = connectTcp(port, '127.0.0.1').resume();
    handshake.write(Buffer.from([0x16, 3, 1]));
    const head = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
    const kept = 'GET /graphql?query={now} HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const beginnings = ['', head, `${head}Content-Length: 100\r\n\r\n{`, kept].map((beginning) => {
      const socket = connectTls({ port, host: '127.0.0.1', ...trusting }).resume();
      socket.write(beginning);
      return closed(socket);
    });
    // The preface, empty settings, and the first of the frames that make up the headers of a request.
    const half = connectTls({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], ...trusting }).resume();
    half.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\0\0\0\0\x01\x82', 'latin1');
    beginnings.push(closed(half));
    await Promise.all([closed(handshake), ...beginnings]);
  });

  test('the body of a stream that does not arrive in time is answered so', async () => {
    const http = { ...patientConfig.http, requestTimeoutMs: 300 };
    const { url } = await start({ tls, http }, lotSubgraphs(new PushedEvents()));
    const session = connectHttp2(new URL(url).origin, trusting);
    const stream = session.request({ ':method': 'POST', ':path': '/graphql', 'content-type': 'application/json' });
    const ended = once(stream, 'close');
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    const answered = once(stream, 'response');
    stream.write('{');
    await ended;
    const [head408] = (await answered) as [IncomingHttpHeaders];
    expect([head408[':status'], JSON.parse(text).errors[0].extensions.code, stream.rstCode]).toEqual([
      408,
      'REQUEST_TIMEOUT',
      constants.NGHTTP2_NO_ERROR,
    ]);
    session.destroy();
  });

  test('headers over HTTP/2 have the room that they have over HTTP/1.1, and what has more ends alone', async () => {
    const { url } = await start({ tls }, lotSubgraphs(new PushedEvents()));
    const session = connectHttp2(new URL(url).origin, { ...trusting, maxSendHeaderBlockLength: 1_000_000 });
    await once(session, 'remoteSettings');
    expect(session.remoteSettings).toMatchObject({ maxHeaderListSize: 16_384, maxConcurrentStreams: 1000 });
    const request = (size: number) => session.request({ ':path': '/graphql?query={now}', 'x-long': 'x'.repeat(size) });
    const long = request(60_000).on('error', () => undefined);
    await new Promise((resolve) => long.once('close', resolve));
    expect(long.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    const [head] = (await once(request(10_000).resume(), 'response')) as [IncomingHttpHeaders];
    expect(head[':status']).toBe(200);
    session.destroy();
  });

  test('a session with a stream that is open, and quiet, is not idle', async () => {
    const events = new PushedEvents();
    const http = { ...patientConfig.http, keepAliveTimeoutMs: 100 };
    const { url } = await start({ tls, http }, lotSubgraphs(events));
    const session = connectHttp2(new URL(url).origin, trusting);
    let isGoingAway = false;
    session.on('goaway', () => {
      isGoingAway = true;
    });
    const request = () =>
      session.request({
        ':method': 'POST',
        ':path': '/graphql',
        'content-type': 'application/json',
        accept: 'text/event-stream',
      });
    const stream = request().on('error', () => undefined);
    stream.resume().end(JSON.stringify({ query: lotSubscription }));
    await events.opened(1);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(isGoingAway).toBe(false);
    const second = request();
    second.resume().end(small);
    expect(((await once(second, 'response')) as [IncomingHttpHeaders])[0][':status']).toBe(200);
    stream.close();
    await once(session, 'close');
  });

  test('connections that are too many are refused, but for questions about health', async () => {
    const http = { ...patientConfig.http, maxConnections: 1 };
    const { url } = await start({ tls, http }, lotSubgraphs(new PushedEvents()));
    const connect = () => connectHttp2(new URL(url).origin, trusting).on('error', () => undefined);
    const first = connect();
    await once(first, 'connect');
    const second = connect();
    const get = async (session: ClientHttp2Session, path: string) => {
      const stream = session.request({ ':path': path }).setEncoding('utf8');
      const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders];
      let text = '';
      for await (const chunk of stream) text += chunk;
      return { status: head[':status'], text };
    };
    expect((await get(first, '/graphql?query={now}')).status).toBe(200);
    const refused = await get(second, '/graphql?query={now}');
    expect([refused.status, JSON.parse(refused.text).errors[0].extensions]).toEqual([
      503,
      { code: 'TOO_MANY_CONNECTIONS', retryable: true },
    ]);
    expect(await get(second, '/health/ready')).toMatchObject({ status: 200 });
    await once(second, 'close');
    expect((await get(first, '/graphql?query={now}')).status).toBe(200);
    first.destroy();
  });

  test('a certificate that cannot be read stops the start, and says what to do', async () => {
    await expect(start({ tls: { ...tls, certFile: '/nowhere.pem' } })).rejects.toThrow(
      '/nowhere.pem cannot be read (ENOENT). Correct tls.certFile and tls.keyFile.',
    );
    await expect(start({ tls: { ...tls, certFile: tls.keyFile } })).rejects.toThrow(
      /key\.pem and .*key\.pem are no certificate with its key \(.*\)\. Name PEM files as tls\.certFile and tls\.keyFile\.$/,
    );
  });
});

describe('clients that mean harm', () => {
  test('a socket that is flooded with pings leaves time for everybody else', async () => {
    // It says nothing but pings, which on a busy machine takes longer than others get.
    const { url } = await start({
      subscriptions: { ...patientConfig.subscriptions, initTimeoutMs: 90_000, pingIntervalMs: 90_000 },
    });
    const port = Number(new URL(url).port);
    const socket = connectTcp(port, '127.0.0.1').on('error', () => undefined);
    socket.write(
      'GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
    );
    await once(socket, 'data');
    const pings = 300_000;
    let answered = 0;
    const all = new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        // Each pong has a head of two bytes and nothing else.
        answered += chunk.length / 2;
        if (answered >= pings) resolve();
      });
    });
    // Others are served in each turn of the event loop. They are counted, not timed: a busy machine slows everybody down.
    let turns = 0;
    const count = () => {
      turns += 1;
      if (answered < pings) setImmediate(count);
    };
    setImmediate(count);
    socket.write(Buffer.concat(Array<Buffer>(pings).fill(Buffer.from([0x89, 0x80, 0, 0, 0, 0]))));
    expect((await fetch(new URL('/health/live', url))).status).toBe(200);
    await all;
    // As many as there are pieces of 64 KB, where otherwise it is a dozen at most.
    expect(turns).toBeGreaterThan(20);
    socket.destroy();
  });

  test('a body in a million pieces takes the memory of its bytes', async () => {
    const { url } = await start({});
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
    socket.write(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const blanks = Buffer.from('1\r\n \r\n'.repeat(10_000));
    const before = heapUsed();
    for (let sent = 0; sent < 70; sent += 1) if (!socket.write(blanks)) await once(socket, 'drain');
    expect((await fetch(new URL('/health/live', url))).status).toBe(200);
    // As pieces they would take more than a hundred.
    expect(heapUsed() - before).toBeLessThan(25_000_000);
    socket.write(`${small.length.toString(16)}\r\n${small}\r\n0\r\n\r\n`);
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 200 .*"__typename":"Query"/s);
  });

  test('more connections than there is room for are refused, but for questions about health, until there is room', async () => {
    const http = { ...patientConfig.http, maxConnections: 2 };
    const { url } = await start({ http });
    const port = Number(new URL(url).port);
    const connect = async () => {
      const socket = connectTcp(port, '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    };
    const ask = async (head: string) => {
      const socket = await connect();
      socket.write(`${head}\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      let text = '';
      for await (const chunk of socket) text += chunk;
      return text;
    };
    const idle = [await connect(), await connect()];
    const refused = await ask('GET /graphql?query={__typename} HTTP/1.1');
    expect(refused).toMatch(/^HTTP\/1\.1 503 .*retry-after: 5\r\n/s);
    expect(refused).toContain('"code":"TOO_MANY_CONNECTIONS","retryable":true');
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
    const [, handshake] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    expect([handshake.statusCode, handshake.headers['retry-after']]).toEqual([503, '5']);
    socket.on('error', () => undefined).terminate();
    expect(await ask('GET /health/live HTTP/1.1')).toMatch(/^HTTP\/1\.1 200 /);
    // One that asks nothing does not keep another from asking about health.
    const silent = await connect();
    await once(silent.resume(), 'close');
    const gone = idle.map((one) => once(one.resume(), 'close'));
    for (const one of idle) one.end();
    await Promise.all(gone);
    expect(await ask('GET /graphql?query={__typename} HTTP/1.1')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('headers and bodies that do not arrive in time lose their connection', async () => {
    const http = { ...patientConfig.http, headersTimeoutMs: 200, requestTimeoutMs: 300 };
    const { url } = await start({ http });
    const { port } = new URL(url);
    const head = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
    for (const beginning of [head, `${head}Content-Length: 100\r\n\r\n{`]) {
      const socket = connectTcp(Number(port), '127.0.0.1');
      socket.write(beginning);
      let answer = '';
      for await (const chunk of socket) answer += chunk;
      expect(answer).toMatch(/^(HTTP\/1\.1 408 |$)/);
    }
  });

  test('a connection that never asked does not hold up a stop', async () => {
    const { url, gateway } = await start({});
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    await fetch(`${url}?query={__typename}`);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await gateway.drain();
    socket.resume();
    await closed;
  });

  test('without introspection no message helps to guess names, in the document or in variables', async () => {
    const { post } = await start({ introspection: false });
    const guesses = [
      { query: '{ product(id: "p1") { nam } }' },
      { query: '{ produc(id: "p1") { name } }' },
      { query: '{ product(idd: "p1") { name } }' },
      { query: '{ product(id: "p1") { ... on Produc { name } } }' },
      { query: 'query ($x: Kin) { __typename }' },
      { query: '{ __schema { types { name } } }' },
    ];
    for (const guess of guesses) {
      const { status, body } = await post(guess);
      expect(status, JSON.stringify(guess)).toBe(400);
      expect(JSON.stringify(body)).not.toMatch(/did you mean/i);
    }
  });

  test('hidden fields are answered like those that do not exist', async () => {
    const { post } = await start({}, lotSubgraphs(new PushedEvents()));
    const messageOf = async (field: string) => {
      const { body } = await post({ query: `{ lot(id: "1") { ${field} } }` });
      return body.errors?.map(({ message, extensions }) => [message.replace(field, '?'), extensions]);
    };
    expect(await messageOf('secret')).toEqual(await messageOf('absent'));
  });

  test('a query of 60 levels over a schema with circles is refused in about a millisecond', async () => {
    const level = (depth: number): string =>
      depth === 0 ? 'id' : `product { reviews { ...F${depth - 1} } } author { reviews { ...F${depth - 1} } }`;
    const fragments = Array.from({ length: 30 }, (_, i) => `fragment F${i} on Review { ${level(i)} }`).join(' ');
    const before = process.cpuUsage();
    for (let round = 0; round < 20; round += 1) {
      const query = `{ reviews { ...F29 } } ${fragments} # ${round}`;
      const { status, body } = await federation.post({ query });
      expect([status, body.errors?.[0]?.extensions?.['code']]).toEqual([400, 'DEPTH_LIMIT_EXCEEDED']);
    }
    // With the round trip; validation alone would take hours.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000 / 20).toBeLessThan(100);
  });
});
