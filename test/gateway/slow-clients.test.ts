import { buildSchema, OperationTypeNode } from 'graphql';
import { expect, test } from 'vitest';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { createDocumentSource } from '../../gateway/documents/document-source.ts';
import type { CompiledOperation } from '../../gateway/execution/compile-operation.ts';
import type { SubgraphResponse } from '../../gateway/subgraph-client/local-subgraph.ts';
import { Connection } from '../../gateway/subscriptions/connection.ts';
import { SharedStreams } from '../../gateway/subscriptions/shared-streams.ts';
import { testRuntime } from '../support/federation-gateway.ts';

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
  const streams = new SharedStreams({ runtime: testRuntime(), config: defaultGatewayConfig.subscriptions });
  const config = { ...defaultGatewayConfig.subscriptions, maxQueuedBytes: 100 };
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
        documents: createDocumentSource(defaultGatewayConfig.documents),
        streams,
        config,
        runtime: testRuntime(),
      },
      upgradeCredentials: undefined,
      authenticate: () => Promise.resolve(undefined),
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
