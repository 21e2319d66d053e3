import { buildSchema, OperationTypeNode } from 'graphql';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { createDocumentSource } from '../../gateway/documents/document-source.ts';
import type { CompiledOperation } from '../../gateway/execution/compiled-operation.ts';
import { AnswerWriter } from '../../gateway/execution/write/answer-writer.ts';
import { createForwarding } from '../../gateway/request/forwarded-headers.ts';
import type { SubgraphResponse } from '../../gateway/subgraph-client/local-subgraph.ts';
import { LiveAuthorities } from '../../gateway/subscriptions/live-authority.ts';
import { SharedStreams } from '../../gateway/subscriptions/shared-streams.ts';
import { StreamQuota } from '../../gateway/subscriptions/stream-quota.ts';
import { Connection } from '../../gateway/websocket/connection.ts';
import { EventLog, logSubgraph } from '../support/event-log.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { patientConfig } from '../support/patient-config.ts';
import { testRuntime } from '../support/runtime.ts';
import { type StreamingClient, subscribeOver, transports } from '../support/streaming-client.ts';

const testClient = () => ({
  service: 'events',
  execute: () => Promise.reject(new Error('not asked')),
  subscribe: () => Promise.reject(new Error('not asked')),
  close: async () => undefined,
});

/** Events that a test pushes one by one. */
function pushed() {
  const waiting: ((event: SubgraphResponse) => void)[] = [];
  async function* events(): AsyncGenerator<SubgraphResponse> {
    for (;;) yield await new Promise<SubgraphResponse>((resolve) => waiting.push(resolve));
  }
  const operation: CompiledOperation = {
    text: 'subscription { x }',
    operationName: undefined,
    name: undefined,
    kind: OperationTypeNode.SUBSCRIPTION,
    rootFields: [],
    coerceVariables: () => ({}),
    execute: () => Promise.reject(new Error('not a query')),
    stream: async () => ({
      source: { client: testClient(), operation: 'x', variables: '{}' },
      hasSourceOf: () => true,
      open: events,
      answer: async ({ data }) => ({ data: JSON.stringify(data), errors: [], sources: [] }),
    }),
  };
  const push = async (data: string) => {
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
    waiting.shift()?.({ data: JSON.parse(data) });
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { operation, push };
}

test('a client that does not keep up is closed with a code, and delays nobody else', async () => {
  const { operation, push } = pushed();
  const answers = new AnswerWriter();
  const streams = new SharedStreams({ runtime: testRuntime(), config: defaultGatewayConfig.subscriptions, answers });
  const config = { ...patientConfig.subscriptions, maxQueuedBytes: 100 };
  const readForwarded = createForwarding(defaultGatewayConfig.subgraphs);
  const connect = (reads: boolean) => {
    const sent: string[] = [];
    const closed: number[] = [];
    const connection = new Connection({
      socket: {
        send: (text) => void sent.push(text),
        close: (code) => void closed.push(code),
        queuedBytes: () => (reads ? 0 : sent.join('').length),
        isCongested: () => !reads,
        onceRelieved: () => undefined,
      },
      services: {
        engine: {
          preparer: { prepare: () => Promise.resolve(operation) },
          supergraph: { schema: buildSchema('type Query { a: Int }'), subscriptionRules: new Map() },
        },
        authorities: new LiveAuthorities({ authenticate: undefined, runtime: testRuntime(), recheckMs: 1000 }),
        documents: createDocumentSource(defaultGatewayConfig.documents),
        streams,
        answers,
        quota: new StreamQuota(config),
        readForwarded,
        config,
        runtime: testRuntime(),
      },
      upgradeCredentials: undefined,
      upgradeForwarded: readForwarded({}),
    });
    connection.receive('{"type":"connection_init"}');
    return { connection, sent, closed };
  };
  const [slow, quick] = [connect(false), connect(true)];
  await new Promise((resolve) => setImmediate(resolve));
  for (const { connection } of [slow, quick])
    connection.receive('{"type":"subscribe","id":"1","payload":{"query":"x"}}');
  for (const n of [1, 2, 3]) await push(`{"n":${n},"padding":"${'x'.repeat(40)}"}`);
  expect(slow.closed).toEqual([1013]);
  expect(quick.closed).toEqual([]);
  const numbers = quick.sent.slice(1).map((text) => JSON.parse(text).payload.data.n);
  expect(numbers).toEqual([1, 2, 3]);
  expect(streams.size).toBe(1);
  quick.connection.closed();
  expect(streams.size).toBe(0);
});

let federation: Federation | undefined;
const open: StreamingClient[] = [];
afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await federation?.close();
  federation = undefined;
});

/** Events too large for the buffers of the system: 20 MB of them. */
const events = 100;
const query = 'subscription ($after: String) { lotChanged(after: $after) { cursor padding(bytes: 200000) } }';
const resumable = '@resumable(cursor: "cursor", after: "after")';
const numbersOf = ({ answers }: StreamingClient) => answers.map(({ data }) => Number(data.lotChanged.cursor.slice(1)));

describe.each(transports)('over %s, a client that stops reading', (transport) => {
  async function start(log: EventLog, directives: string) {
    federation = await startFederation({ events: logSubgraph(log, directives) });
    const { url } = federation;
    const subscribe = async (after = 'c0') => {
      const client = await subscribeOver(transport, { url, query, variables: { after } });
      open.push(client);
      return client;
    };
    const [slow, quick] = [await subscribe(), await subscribe()];
    await log.followed(1);
    log.publish();
    await Promise.all([slow.until(1), quick.until(1)]);
    slow.pause();
    for (let n = 1; n < events; n += 1) {
      log.publish();
      await quick.until(n + 1);
    }
    return { slow, quick, subscribe };
  }
  const all = Array.from({ length: events }, (_, n) => n + 1);

  test('is closed with a code and comes back with its cursor: nothing is lost, nobody waits for it', async () => {
    const { slow, quick, subscribe } = await start(new EventLog(), resumable);
    expect(numbersOf(quick)).toEqual(all);
    slow.resume();
    expect(await slow.ended).toEqual([transport === 'WebSocket' ? 1013 : 'SLOW_CONSUMER']);
    const seen = numbersOf(slow);
    expect(seen.length).toBeLessThan(events);
    const back = await subscribe(`c${seen.at(-1)}`);
    await back.until(events - seen.length);
    expect([...seen, ...numbersOf(back)]).toEqual(all);
  });

  test('gets the latest event when it reads again, and how many it missed, where that is the policy', async () => {
    const log = new EventLog();
    const { slow, quick } = await start(log, `${resumable} @delivery(policy: "LATEST")`);
    expect(numbersOf(quick)).toEqual(all);
    slow.resume();
    while (numbersOf(slow).at(-1) !== events) await slow.until(slow.answers.length + 1);
    const skipped = slow.answers.map(({ extensions }) => extensions.skipped ?? 0);
    expect(slow.answers.length).toBeLessThan(events);
    const numbers = numbersOf(slow);
    numbers.forEach((number, at) => {
      expect(number).toBe((numbers[at - 1] ?? 0) + 1 + skipped[at]);
    });
    expect(slow.answers.every(({ extensions }) => extensions.sources.length === 1)).toBe(true);
    log.publish();
    await slow.until(numbers.length + 1);
    expect(slow.answers.at(-1)?.extensions.skipped).toBeUndefined();
  });
});

describe.each(transports)('over %s', (transport) => {
  test('a message may be larger than what may wait, for a client that reads; what follows it comes in order', async () => {
    const log = new EventLog();
    const subscriptions = { ...patientConfig.subscriptions, maxQueuedBytes: 10_000 };
    federation = await startFederation({ events: logSubgraph(log, resumable) }, { config: { subscriptions } });
    const { url } = federation;
    // More than the system takes before anybody reads.
    const large = 'subscription { lotChanged { cursor padding(bytes: 4000000) } }';
    const client = await subscribeOver(transport, { url, query: large });
    open.push(client);
    await log.followed(1);
    log.publish();
    await client.until(1);
    log.publish();
    await client.until(2);
    expect(numbersOf(client)).toEqual([1, 2]);
    expect(client.answers.map(({ data }) => data.lotChanged.padding.length)).toEqual([4_000_000, 4_000_000]);
  });
});

describe.each(transports)('over %s, more clients than there is room for their events', (transport) => {
  test('stop reading: first loses its connection who stopped first, who reads keeps it', async () => {
    const log = new EventLog();
    const subscriptions = { ...patientConfig.subscriptions, maxQueuedBytes: 2 ** 30 };
    const http = { ...patientConfig.http, drainTimeoutMs: 1, maxUnsentBytes: 1_000_000 };
    const told: string[] = [];
    const warn = (event: string) => void told.push(event);
    federation = await startFederation(
      { events: logSubgraph(log, resumable) },
      { config: { subscriptions, http }, runtime: { log: { ...testRuntime().log, warn } } },
    );
    const { url } = federation;
    // Each far below what one client may have waiting.
    const padded = 'subscription { lotChanged { cursor padding(bytes: 100000) } }';
    const subscribe = async () => {
      const client = await subscribeOver(transport, { url, query: padded });
      open.push(client);
      return client;
    };
    const [first, second, quick] = [await subscribe(), await subscribe(), await subscribe()];
    await log.followed(1);
    const publish = async () => {
      log.publish();
      await quick.until(log.events.length);
    };
    await publish();
    await Promise.all([first.until(1), second.until(1)]);
    // What the system takes is more for the one that stops later.
    first.pause();
    for (let n = 0; n < 60; n += 1) await publish();
    second.pause();
    while (told.length === 0) await publish();
    expect(told).toEqual(['slow clients lose their connections']);
    first.resume();
    // It is cut off, without a word.
    expect(await first.ended).toEqual([transport === 'WebSocket' ? 1006 : 'complete']);
    expect(first.answers.length).toBeLessThan(log.events.length);
    second.resume();
    await second.until(log.events.length);
  });
});

test('a WebSocket that answers no ping is closed, whatever pongs it sends by itself', async () => {
  const { subscriptions } = patientConfig;
  const config = { subscriptions: { ...subscriptions, pingIntervalMs: 50 } };
  federation = await startFederation({ events: logSubgraph(new EventLog(), resumable) }, { config });
  const socket = new WebSocket(federation.url.replace('http', 'ws'), 'graphql-transport-ws', { autoPong: false });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('ping', () => {
    socket.pong();
    socket.pong('guessed');
  });
  expect(await closed).toBe(1006);
});

test('what the schema says of a field, the configuration overrules', async () => {
  const log = new EventLog();
  const { subscriptions } = patientConfig;
  federation = await startFederation(
    { events: logSubgraph(log, '@delivery(policy: "LATEST")') },
    { config: { subscriptions: { ...subscriptions, mustDeliverFields: ['lotChanged'] } } },
  );
  const { url } = federation;
  const client = await subscribeOver('WebSocket', { url, query });
  open.push(client);
  await log.followed(1);
  log.publish();
  await client.until(1);
  client.pause();
  log.publish(events);
  // It is asked for more than it has room for: only a client that must get every event is closed for that.
  while (log.followers > 0) await new Promise((resolve) => setImmediate(resolve));
  client.resume();
  expect(await client.ended).toEqual([1013]);
});
