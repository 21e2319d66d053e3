import { randomBytes } from 'node:crypto';
import { type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigValueError, defaultGatewayConfig, type GatewayConfig } from '../../gateway/config.ts';
import { readCollectorAccess } from '../../gateway/telemetry/config.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import type { SubgraphDefinition } from '../support/federation-subgraph.ts';
import { freePort } from '../support/free-port.ts';
import { patientConfig } from '../support/patient-config.ts';
import { lotSubgraphs, PushedEvents } from '../support/pushed-events.ts';
import { logWith } from '../support/runtime.ts';
import { createTemporaryCertificate } from '../support/self-signed-certificate.ts';
import { steadyClock, steadyTimers } from '../support/steady-time.ts';
import { type SeenSpan, startCollector, type TraceCollector } from '../support/trace-collector.ts';

/** A subgraph that answers when the test says so. */
class Held implements SubgraphDefinition {
  readonly typeDefs = 'type Query { held(of: String): Int }';
  #release: () => void = () => undefined;
  #arrived: () => void = () => undefined;
  readonly arrived = new Promise<void>((resolve) => {
    this.#arrived = resolve;
  });
  readonly #released = new Promise<void>((resolve) => {
    this.#release = resolve;
  });
  readonly resolvers = {
    Query: {
      held: async () => {
        this.#arrived();
        await this.#released;
        return 7;
      },
    },
  };

  release(): void {
    this.#release();
  }
}

const events = new PushedEvents();
const held = new Held();
const broken: SubgraphDefinition = { typeDefs: 'type Query { broken: Int }' };
const tracingTo = ({ endpoint }: TraceCollector): Partial<GatewayConfig> => ({
  tracing: { endpoint: `${endpoint}/v1/traces`, serviceName: 'plant gateway', sampleRatio: 1 },
});

let collector: TraceCollector;
let federation: Federation;
beforeAll(async () => {
  collector = await startCollector();
  process.env['OTEL_EXPORTER_OTLP_HEADERS'] = 'authorization=Bearer%20collector-key';
  federation = await startFederation(
    { ...lotSubgraphs(events), held, broken },
    {
      config: {
        ...tracingTo(collector),
        metrics: { port: 0, host: '127.0.0.1' },
        limits: { ...defaultGatewayConfig.limits, maxBatchSize: 5 },
      },
    },
  );
  delete process.env['OTEL_EXPORTER_OTLP_HEADERS'];
  federation.subgraphs['broken']?.answerWith((response) => void response.writeHead(503).end());
});
afterAll(async () => {
  await federation.close();
  await collector.close();
});

/** A client's own span. */
function clientSpan(flags = '01') {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-${flags}` } };
}

const named = (spans: readonly SeenSpan[], name: string): SeenSpan => {
  const found = spans.filter((span) => span.name === name);
  expect(found, name).toHaveLength(1);
  return found[0] as SeenSpan;
};

/** What the subgraph got with the call that holds `part`. */
const headersOf = (subgraph: string, part: string) => {
  const seen = federation.subgraphs[subgraph]?.received.filter(
    ({ query, variables }) => query.includes(part) || JSON.stringify(variables).includes(part),
  );
  expect(seen).toHaveLength(1);
  return seen?.[0]?.headers ?? {};
};

const lotQuery = 'query Lot($id: ID!) { lot(id: $id) { id status } }';

/** Resolves once one has joined another's work. */
async function joined({ metricsUrl = '' }: Federation, work: 'call' | 'answer'): Promise<void> {
  const line = new RegExp(`andon_joined_total\\{work="${work}"\\} [1-9]`);
  while (!line.test(await (await fetch(metricsUrl)).text()));
}

describe('a trace has', () => {
  test.concurrent('each request below the span of its client, and each call to a subgraph below the operation', async () => {
    const client = clientSpan();
    const sent = { query: lotQuery, variables: { id: 'tree' } };
    await federation.post(sent, { ...client.headers, tracestate: 'vendor=1', 'x-request-id': 'request-of-tree' });
    const spans = await collector.trace(client.traceId, 5);
    const request = named(spans, 'POST /graphql');
    expect(request).toMatchObject({ kind: 'server', parentSpanId: client.spanId, hasFailed: false });
    expect(request.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/graphql',
      'http.response.status_code': 200,
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(federation.url).port),
      'andon.request.id': 'request-of-tree',
    });
    const operation = named(spans, 'query');
    expect(operation).toMatchObject({ kind: 'server', parentSpanId: request.spanId });
    expect(operation.attributes).toEqual({ 'graphql.operation.type': 'query', 'graphql.operation.name': 'Lot' });
    expect(named(spans, 'prepare')).toMatchObject({ kind: 'internal', parentSpanId: request.spanId });
    for (const subgraph of ['events', 'quality']) {
      const call = named(spans, `POST ${subgraph}`);
      expect(call).toMatchObject({ kind: 'client', parentSpanId: operation.spanId, hasFailed: false });
      expect(call.attributes).toMatchObject({
        'subgraph.name': subgraph,
        'http.request.method': 'POST',
        'http.response.status_code': 200,
        'url.full': federation.subgraphs[subgraph]?.url,
        'server.address': '127.0.0.1',
      });
      const { traceparent, tracestate } = headersOf(subgraph, '"tree"');
      expect(traceparent).toBe(`00-${client.traceId}-${call.spanId}-01`);
      expect(tracestate).toBe('vendor=1');
    }
  });

  test.concurrent('the preparation of a text once', async () => {
    const query = 'query Again { now }';
    const clients = [clientSpan(), clientSpan()];
    for (const { headers } of clients) await federation.post({ query }, headers);
    const [first = [], second = []] = await Promise.all(
      clients.map(({ traceId }, index) => collector.trace(traceId, index === 0 ? 4 : 3)),
    );
    expect(first.map(({ name }) => name).sort()).toEqual(['POST /graphql', 'POST events', 'prepare', 'query']);
    expect(second.map(({ name }) => name).sort()).toEqual(['POST /graphql', 'POST events', 'query']);
  });

  test.concurrent('a span for each operation of a batch', async () => {
    const client = clientSpan();
    const batch = ['query One { now }', 'query Two { now }', '{ nothing }'].map((query) => ({ query }));
    await federation.post(batch, client.headers);
    // Its two calls are equal, so they may be one.
    const spans = await collector.trace(client.traceId, 8);
    const operations = spans.filter(({ name }) => name === 'query');
    expect(operations.map(({ attributes }) => attributes['graphql.operation.name']).sort()).toEqual(['One', 'Two']);
    expect(new Set(operations.map(({ parentSpanId }) => parentSpanId))).toEqual(
      new Set([named(spans, 'POST /graphql').spanId]),
    );
    expect(spans.filter(({ name, hasFailed }) => name === 'prepare' && hasFailed)).toHaveLength(1);
  });

  test.concurrent('what failed, by its code', async () => {
    const client = clientSpan();
    await federation.post({ query: '{ broken }' }, client.headers);
    const spans = await collector.trace(client.traceId, 4);
    const call = named(spans, 'POST broken');
    expect(call.hasFailed).toBe(true);
    expect(call.attributes).toMatchObject({
      'error.type': 'SUBGRAPH_UNAVAILABLE',
      'http.response.status_code': 503,
      'http.request.resend_count': 1,
    });
    expect(named(spans, 'query')).toMatchObject({
      hasFailed: true,
      attributes: { 'andon.error.codes': ['SUBGRAPH_UNAVAILABLE'], 'andon.error.count': 1 },
    });
    expect(named(spans, 'POST /graphql').hasFailed).toBe(false);
  });

  test.concurrent('what was refused, which is no failure of the gateway', async () => {
    const client = clientSpan();
    await federation.post({ query: '{ unheardOf }' }, client.headers);
    const spans = await collector.trace(client.traceId, 2);
    const request = named(spans, 'POST /graphql');
    expect(request.hasFailed).toBe(false);
    expect(request.attributes).toMatchObject({
      'http.response.status_code': 400,
      'andon.error.codes': ['GRAPHQL_VALIDATION_FAILED'],
    });
    expect(named(spans, 'prepare').attributes['error.type']).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  test.concurrent('one span for a call that two clients share, and a link to it in the trace of the other', async () => {
    const [leader, joiner] = [clientSpan(), clientSpan()];
    const ask = ({ headers }: typeof leader, name: string) =>
      federation.post({ query: `query ${name} { held(of: "both") }` }, headers);
    const answers = [ask(leader, 'Leads')];
    await held.arrived;
    answers.push(ask(joiner, 'Joins'));
    await joined(federation, 'call');
    held.release();
    expect((await Promise.all(answers)).map(({ body }) => body.data)).toEqual([{ held: 7 }, { held: 7 }]);
    const first = await collector.trace(leader.traceId, 4);
    const second = await collector.trace(joiner.traceId, 4);
    expect(headersOf('held', 'both')['traceparent']).toBe(
      `00-${leader.traceId}-${named(first, 'POST held').spanId}-01`,
    );
    const { spanId } = named(first, 'query');
    expect(named(second, 'join')).toMatchObject({
      parentSpanId: named(second, 'query').spanId,
      links: [{ traceId: leader.traceId, spanId }],
    });
    expect(second.map(({ name }) => name)).not.toContain('POST held');
  });
});

test.concurrent('a request that gets the answer of an equal one has a link to it', async () => {
  const again = new Held();
  const to = await startCollector();
  const sharing = { router: true, subgraph: true };
  const other = await startFederation(
    { again },
    { config: { ...tracingTo(to), sharing, metrics: { port: 0, host: '127.0.0.1' } } },
  );
  const [leader, joiner] = [clientSpan(), clientSpan()];
  const ask = ({ headers }: typeof leader) => other.post({ query: '{ held(of: "whole") }' }, headers);
  const answers = [ask(leader)];
  await again.arrived;
  answers.push(ask(joiner));
  await joined(other, 'answer');
  again.release();
  await Promise.all(answers);
  await other.close();
  const request = named(await to.trace(leader.traceId, 4), 'POST /graphql');
  const second = await to.trace(joiner.traceId, 2);
  expect(second.map(({ name }) => name).sort()).toEqual(['POST /graphql', 'join']);
  expect(named(second, 'join').links).toEqual([{ traceId: leader.traceId, spanId: request.spanId }]);
  await to.close();
});

describe('who begins a trace', () => {
  test.concurrent('says whether it is recorded; subgraphs are told the same', async () => {
    const client = clientSpan('00');
    await federation.post({ query: lotQuery, variables: { id: 'unsampled' } }, client.headers);
    const { traceparent } = headersOf('events', '"unsampled"');
    expect(traceparent).toMatch(new RegExp(`^00-${client.traceId}-[\\da-f]{16}-00$`));
    const later = clientSpan();
    await federation.post({ query: '{ now }' }, later.headers);
    await collector.trace(later.traceId, 3);
    expect(collector.text()).not.toContain(client.traceId);
  });

  test.concurrent('is the gateway where the client has sent none, or what is none', async () => {
    for (const [id, traceparent] of [
      ['rootless', undefined],
      ['wrong', '00-zz-zz-01'],
    ] as const) {
      await federation.post({ query: lotQuery, variables: { id } }, traceparent === undefined ? {} : { traceparent });
      const [, traceId = ''] = headersOf('events', `"${id}"`)['traceparent']?.toString().split('-') ?? [];
      const spans = await collector.trace(traceId, 4);
      expect(named(spans, 'POST /graphql').parentSpanId ?? '').toBe('');
    }
  });
});

test.concurrent('over HTTP/2 a request is traced as over HTTP/1.1', async () => {
  const { tls, remove } = createTemporaryCertificate();
  const to = await startCollector();
  const config = { ...tracingTo(to), tls };
  const other = await startFederation(lotSubgraphs(new PushedEvents()), { config });
  const client = clientSpan();
  const session = connectHttp2(new URL(other.url).origin, { rejectUnauthorized: false });
  const search = new URLSearchParams({ query: '{ now }' });
  const stream = session.request({ ':path': `/graphql?${search}`, ...client.headers });
  await once(stream.resume(), 'close');
  session.close();
  await other.close();
  const request = named(await to.trace(client.traceId, 4), 'GET /graphql');
  expect(request).toMatchObject({ parentSpanId: client.spanId, hasFailed: false });
  expect(request.attributes).toMatchObject({
    'http.response.status_code': 200,
    'network.protocol.version': '2',
    'url.scheme': 'https',
    'url.path': '/graphql',
    'server.port': Number(new URL(other.url).port),
  });
  await to.close();
  remove();
});

describe('over transports that stream', () => {
  const first = async <T>(stream: AsyncIterable<T>) => {
    for await (const value of stream) return value;
    return undefined;
  };

  test.concurrent('an operation of a WebSocket is part of the trace that its handshake, its connection or itself names', async () => {
    const [ofConnection, ofOperation] = [clientSpan(), clientSpan()];
    const socket = federation.socket(ofConnection.headers);
    await first(socket.iterate({ query: 'query OfConnection { now }' }));
    const extensions = { headers: ofOperation.headers };
    await first(socket.iterate({ query: 'query OfOperation { now }', extensions }));
    for (const { traceId, spanId } of [ofConnection, ofOperation]) {
      const spans = await collector.trace(traceId, 4);
      const message = named(spans, 'WebSocket subscribe');
      expect(message).toMatchObject({ kind: 'server', parentSpanId: spanId });
      expect(message.attributes).toMatchObject({ 'graphql.operation.type': 'query' });
      expect(named(spans, 'query').parentSpanId).toBe(message.spanId);
      expect(named(spans, 'POST events').traceId).toBe(traceId);
    }
  });

  test.concurrent('a subscription has no span that stays open; each event is a trace with a link to it', async () => {
    const client = clientSpan();
    const abort = new AbortController();
    const response = await fetch(federation.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...client.headers },
      body: JSON.stringify({ query: 'subscription Lots { lotChanged { cursor lot { id status } } }' }),
      signal: abort.signal,
    });
    const spans = await collector.trace(client.traceId, 2);
    const request = named(spans, 'POST /graphql');
    expect(request.attributes['http.response.status_code']).toBe(200);
    await events.opened(1);
    events.push('c1', 'pushed');
    const reader = response.body?.getReader();
    let text = '';
    while (!text.includes('status of pushed')) text += Buffer.from((await reader?.read())?.value ?? []).toString();
    const all = await collector.until(({ name }) => name === 'subscription event');
    const event = named(all, 'subscription event');
    expect(event).toMatchObject({ kind: 'consumer', links: [{ traceId: client.traceId, spanId: request.spanId }] });
    expect(event.traceId).not.toBe(client.traceId);
    expect(event.attributes).toEqual({ 'graphql.operation.type': 'subscription', 'graphql.operation.name': 'Lots' });
    expect(named(await collector.trace(event.traceId, 2), 'POST quality').parentSpanId).toBe(event.spanId);
    abort.abort();
  });
});

test('traces hold no value, text, token or key of anybody, but the collector gets its own', async () => {
  const client = clientSpan();
  const secret = 'open-sesame';
  const headers = { ...client.headers, authorization: `Bearer ${secret}`, cookie: `id=${secret}` };
  await federation.post({ query: lotQuery, variables: { id: `value ${secret}` } }, headers);
  const search = new URLSearchParams({ query: `{ lot(id: "literal ${secret}") { status } }` });
  await fetch(`${federation.url}?${search}`, { headers });
  await federation.post({ query: `{ lot(id: "${secret}") { unknown } }` }, headers);
  await collector.trace(client.traceId, 11);
  const [{ headers: own, url } = { headers: {}, url: '' }] = collector.requests;
  expect(own).toMatchObject({ authorization: 'Bearer collector-key' });
  expect(url).toBe('/v1/traces');
  expect(collector.text()).toContain('plant gateway');
  for (const part of [secret, 'status of', 'collector-key', 'lot(', '$id'])
    expect(collector.text()).not.toContain(part);
});

describe('a collector', () => {
  const watched = () => {
    const warnings: [string, unknown][] = [];
    const log = logWith({ warn: (event, fields) => void warnings.push([event, fields]) });
    return { warnings, runtime: { log } };
  };
  const startBefore = async (to: TraceCollector, { runtime }: ReturnType<typeof watched>) =>
    startFederation(lotSubgraphs(new PushedEvents()), { config: tracingTo(to), runtime });

  test.concurrent('gets what has ended when the gateway stops', async () => {
    const to = await startCollector();
    const other = await startBefore(to, watched());
    await other.query('query Last { now }');
    await other.close();
    expect(to.text()).toContain('Last');
    await to.close();
  });

  test.concurrent('that refuses costs no client its answer: the log says so once', async () => {
    const to = await startCollector((response) => void response.writeHead(401).end('nothing for you'));
    const seen = watched();
    const other = await startBefore(to, seen);
    for (const query of ['{ now }', '{ again: now }']) {
      const asked = to.asked();
      expect((await other.query(query)).errors).toBeUndefined();
      await asked;
    }
    await other.close();
    expect(seen.warnings.filter(([event]) => event === 'traces not sent')).toEqual([
      ['traces not sent', expect.objectContaining({ endpoint: `${to.endpoint}/v1/traces`, code: 401 })],
    ]);
    await to.close();
  });

  test.concurrent('that nobody reaches is tried once at most when the gateway stops, and not waited for', async () => {
    const port = await freePort();
    let tries = 0;
    const count = ({ socket }: { socket: Socket }) =>
      void socket.once('error', (cause: Error & { port?: number }) => {
        if (cause.port === port) tries += 1;
      });
    subscribe('net.client.socket', count as ChannelListener);
    const seen = watched();
    let triesWhileClosing = Number.NaN;
    const log = {
      ...seen.runtime.log,
      info(event: string) {
        if (event === 'gateway stopped') triesWhileClosing += tries;
      },
    };
    // The longest that is waited for a collector: it never comes.
    const after = (ms: number, run: () => void) => {
      if (ms !== 2000) return steadyTimers.after(ms, run);
      triesWhileClosing = -tries;
      return () => undefined;
    };
    const other = await startFederation(lotSubgraphs(new PushedEvents()), {
      config: {
        http: { ...patientConfig.http, drainTimeoutMs: 600_000 },
        tracing: { endpoint: `http://127.0.0.1:${port}/v1/traces`, serviceName: 'plant', sampleRatio: 1 },
      },
      runtime: { log, timers: { ...steadyTimers, after } },
    });
    await other.query('{ now }');
    await other.close();
    unsubscribe('net.client.socket', count as ChannelListener);
    expect(triesWhileClosing).toBeLessThanOrEqual(1);
    expect(seen.warnings).toEqual([['traces not sent', expect.objectContaining({ code: 'ECONNREFUSED' })]]);
  });

  test.concurrent('that hangs holds up neither clients nor the end of the gateway for long', async () => {
    const to = await startCollector(() => undefined);
    const other = await startBefore(to, watched());
    const asked = to.asked();
    expect((await other.query('{ now }')).data).toEqual({ now: 1 });
    await asked;
    expect((await other.query('{ now }')).data).toEqual({ now: 1 });
    const startedAt = steadyClock.monotonic();
    await other.close();
    expect(steadyClock.monotonic() - startedAt).toBeLessThan(20_000);
    await to.close();
  });
});

describe('the environment', () => {
  test('names keys and attributes as OpenTelemetry does', () => {
    const env = {
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=one',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: ' api-key = a%2Cb ,x-tenant=plant 7,',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=line-2,service.name=other',
      OTEL_SERVICE_NAME: 'named',
    };
    expect(readCollectorAccess(env)).toEqual({
      headers: { 'api-key': 'a,b', 'x-tenant': 'plant 7' },
      resource: { 'deployment.environment.name': 'line-2', 'service.name': 'named' },
    });
    expect(readCollectorAccess({})).toEqual({ headers: {}, resource: {} });
  });

  test.each(['secret', 'a key=secret', 'key=secret%0d%0aother: 1'])(
    'is refused without a word of the secret (%s)',
    (text) => {
      const read = () => readCollectorAccess({ OTEL_EXPORTER_OTLP_HEADERS: text });
      expect(read).toThrow(ConfigValueError);
      expect(read).toThrow(/^OTEL_EXPORTER_OTLP_HEADERS is no list of pairs\. Write name=value,name=value\.$/);
    },
  );
});

test('nothing is traced by default, and what traces a request passes unchanged', async () => {
  const other = await startFederation(lotSubgraphs(new PushedEvents()));
  const { headers } = clientSpan();
  await other.post({ query: '{ now }' }, headers);
  expect(other.subgraphs['events']?.received[0]?.headers['traceparent']).toBe(headers.traceparent);
  await other.close();
});
