import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ConfigValueError, defaultGatewayConfig } from '../../gateway/config.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { patientConfig } from '../support/patient-config.ts';
import { lotSubgraphs, lotSubscription, PushedEvents } from '../support/pushed-events.ts';

const events = new PushedEvents();
let federation: Federation;
beforeAll(async () => {
  const { subgraphs } = patientConfig;
  federation = await startFederation(lotSubgraphs(events), {
    config: {
      metrics: { port: 0, host: '127.0.0.1' },
      limits: { ...defaultGatewayConfig.limits, maxBatchSize: 3 },
      subgraphs: { ...subgraphs, maxAttempts: 1, breakerFailures: 2, breakerProbeMs: 600_000 },
    },
  });
});
afterAll(() => federation.close());

const page = () => federation.metricsUrl ?? '';
/** What stands behind `line`; 0 where there is no such line yet. */
const level = async (line: string): Promise<number> => {
  const text = await (await fetch(page())).text();
  const found = text.split('\n').find((one) => one.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1) ?? 0);
};
const post = (query: string) => federation.post({ query });

describe('Prometheus reads', () => {
  test('how many requests there were, and how they were answered', async () => {
    const answered = 'andon_http_request_duration_seconds_count{method="POST",status="200"}';
    const refused = 'andon_http_request_duration_seconds_count{method="POST",status="400"}';
    const before = [await level(answered), await level(refused)] as const;
    await post('{ now }');
    await post('{ now }');
    await post('{ nothing }');
    expect(await level(answered)).toBe(before[0] + 2);
    expect(await level(refused)).toBe(before[1] + 1);
  });

  test('which operations ran and what was new, and never by a name that a client chose', async () => {
    const before = await level('andon_operation_duration_seconds_count{type="query",outcome="ok"}');
    const prepared = await level('andon_preparation_duration_seconds_count{outcome="ok"}');
    for (let time = 0; time < 3; time += 1) await post('query Unheard { now }');
    await post('mutation { bump }');
    expect(await level('andon_operation_duration_seconds_count{type="query",outcome="ok"}')).toBe(before + 3);
    expect(await level('andon_operation_duration_seconds_count{type="mutation",outcome="ok"}')).toBe(1);
    expect(await level('andon_preparation_duration_seconds_count{outcome="ok"}')).toBe(prepared + 2);
    expect(await (await fetch(page())).text()).not.toContain('Unheard');
  });

  test('which errors clients were told, over every transport', async () => {
    const told = 'andon_errors_total{code="GRAPHQL_VALIDATION_FAILED"}';
    const before = await level(told);
    await post('{ nothing }');
    await fetch(federation.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: '{"query":"{ nothing }"}',
    }).then((response) => response.text());
    const socket = federation.socket();
    await expect(socket.iterate({ query: '{ nothing }' }).next()).rejects.toBeDefined();
    expect(await level(told)).toBe(before + 3);
    const type = 'andon_errors_total{code="UNSUPPORTED_MEDIA_TYPE"}';
    await fetch(federation.url, { method: 'POST', headers: { 'content-type': 'application/xml' }, body: '<a/>' });
    expect(await level(type)).toBe(1);
    await post('{');
    expect(await level('andon_errors_total{code="GRAPHQL_PARSE_FAILED"}')).toBe(1);
    await fetch(`${federation.url}?query=mutation{bump}`);
    expect(await level('andon_errors_total{code="METHOD_NOT_ALLOWED"}')).toBe(1);
  });

  test('which errors single operations of a batch were told, and parts that came later', async () => {
    const malformed = 'andon_errors_total{code="BAD_REQUEST"}';
    const invalid = 'andon_errors_total{code="GRAPHQL_VALIDATION_FAILED"}';
    const before = [await level(malformed), await level(invalid)] as const;
    await federation.post([{ query: '{ now }' }, { query: 7 }, { query: '{ nothing }' }]);
    expect(await level(malformed)).toBe(before[0] + 1);
    expect(await level(invalid)).toBe(before[1] + 1);
    federation.subgraphs['quality']?.answerWith((response) => void response.end('{"errors":[{"message":"broken"}]}'));
    const response = await fetch(federation.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'multipart/mixed' },
      body: '{"query":"{ lot(id: 1) { id ... @defer { status } } }"}',
    });
    const parts = await response.text();
    federation.subgraphs['quality']?.answerWith(undefined);
    const [, code] = /"code":"(\w+)"/.exec(parts.slice(parts.indexOf('"incremental"'))) ?? [];
    expect(await level(`andon_errors_total{code="${code}"}`)).toBe(1);
  });

  test('which connections and messages were refused that never became an operation', async () => {
    const handshake = 'andon_errors_total{code="WEBSOCKET_HANDSHAKE_INVALID"}';
    const { port, host } = new URL(federation.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(`GET /graphql HTTP/1.1\r\nHost: ${host}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n`);
    await once(socket.resume(), 'close');
    expect(await level(handshake)).toBe(1);
    const client = new WebSocket(federation.url.replace('http', 'ws'), 'graphql-transport-ws');
    await once(client, 'open');
    client.send('{"type":"connection_init"}');
    await once(client, 'message');
    client.send(JSON.stringify({ type: 'subscribe', id: 'i'.repeat(5000), payload: { query: '{ now }' } }));
    await once(client, 'message');
    client.close();
    expect(await level('andon_errors_total{code="OPERATION_ID_TOO_LONG"}')).toBe(1);
  });

  test('which streams are open, on how many subscriptions to subgraphs, and what came', async () => {
    // Clients of the test before this one are leaving.
    while ((await level('andon_open_streams')) > 0);
    const streams = [0, 1].map(() => federation.socket().iterate({ query: lotSubscription }));
    const firsts = streams.map((stream) => stream.next());
    await events.opened(1);
    while ((await level('andon_open_streams')) < 4);
    events.push('c1');
    await Promise.all(firsts);
    expect(await level('andon_upstream_subscriptions')).toBe(1);
    expect(await level('andon_subscription_events_total')).toBe(1);
    await Promise.all(streams.map((stream) => stream.return?.()));
  });

  test('which subgraph fails, how, and whether it is left alone', async () => {
    expect(await level('andon_subgraph_circuit_open{subgraph="events"}')).toBe(0);
    federation.subgraphs['events']?.answerWith((response) => void response.writeHead(503).end());
    for (let time = 0; time < 3; time += 1) await post('{ now }');
    const calls = (outcome: string) =>
      level(`andon_subgraph_call_duration_seconds_count{subgraph="events",outcome="${outcome}"}`);
    expect(await calls('SUBGRAPH_UNAVAILABLE')).toBe(2);
    expect(await calls('SUBGRAPH_CIRCUIT_OPEN')).toBe(1);
    expect(await level('andon_subgraph_circuit_open{subgraph="events"}')).toBe(1);
    expect(await level('andon_subgraph_circuit_open{subgraph="quality"}')).toBe(0);
    expect(await level('andon_operation_duration_seconds_count{type="query",outcome="errors"}')).toBe(3);
  });

  test('which supergraphs were taken and refused', async () => {
    await expect(federation.gateway.replaceSupergraph('type Query { a: Int }')).rejects.toThrow();
    await federation.gateway.replaceSupergraph(`${federation.sdl}\n# another`);
    expect(await level('andon_supergraph_replacements_total{outcome="refused"}')).toBe(1);
    expect(await level('andon_supergraph_replacements_total{outcome="used"}')).toBe(1);
  });
});

describe('the page', () => {
  test('is served at its own port only, and to names of this machine', async () => {
    expect((await fetch(new URL('/metrics', federation.url))).status).toBe(404);
    expect((await fetch(new URL('/graphql', page()))).status).toBe(404);
    expect((await fetch(page(), { method: 'POST' })).status).toBe(405);
    const { port } = new URL(page());
    const socket = connect(Number(port), '127.0.0.1');
    socket.end('GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString('utf8')).toMatch(/^HTTP\/1.1 403 /);
  });

  test('has what every process of Node has', async () => {
    expect(await level('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(await (await fetch(page())).text()).toContain('nodejs_eventloop_lag_seconds');
  });
});

test('a port that is taken stops the start with the option that names it', async () => {
  const taken = Number(new URL(page()).port);
  const start = startFederation(lotSubgraphs(events), { config: { metrics: { port: taken, host: '127.0.0.1' } } });
  await expect(start).rejects.toThrow(ConfigValueError);
  await expect(start).rejects.toThrow(
    `127.0.0.1 port ${taken} cannot be listened on (EADDRINUSE). Stop what listens there, or choose another port: metrics.port.`,
  );
});

test('without a port nothing is counted', async () => {
  const other = await startFederation(lotSubgraphs(events));
  expect(other.metricsUrl).toBeUndefined();
  await other.close();
});
