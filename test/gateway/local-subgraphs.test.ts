import { parse } from 'graphql';
import { afterEach, expect, test } from 'vitest';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { createGateway, type Gateway } from '../../gateway/gateway.ts';
import type { LocalSubgraph, SubgraphRequest, SubgraphResponse } from '../../gateway/subgraph-client/local-subgraph.ts';
import { composeSources } from '../../gateway/supergraph/compose.ts';
import { federationLink, startSubgraph } from '../support/federation-subgraph.ts';
import { patientConfig } from '../support/patient-config.ts';
import { testRuntime } from '../support/runtime.ts';
import { somebody } from '../support/somebody.ts';

const principal = somebody({ roles: ['PLANNER'], plants: ['BER'] });
const lotType = 'type Lot @key(fields: "id") { id: ID! state: String }';

let cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of cleanUp) await step();
  cleanUp = [];
});

function local(execute: (request: SubgraphRequest) => Promise<SubgraphResponse>): LocalSubgraph {
  return { execute, subscribe: async () => ({ errors: [{ message: 'none' }] }) };
}

async function start(lots: LocalSubgraph, remoteUrl = 'http://127.0.0.1:1/'): Promise<Gateway> {
  const { sdl } = composeSources([
    {
      name: 'lots',
      url: 'local:lots',
      document: parse(`${federationLink}type Query { lot: Lot } type Mutation { hold(key: ID): Lot } ${lotType}`),
    },
    {
      name: 'far',
      url: remoteUrl,
      document: parse(`${federationLink}type Lot @key(fields: "id") { id: ID! place: String }`),
    },
  ]);
  const gateway = await createGateway({
    supergraphSdl: sdl,
    runtime: testRuntime(),
    config: {
      ...defaultGatewayConfig,
      port: 0,
      subgraphs: { ...patientConfig.subgraphs, timeoutMsBySubgraph: { lots: 100 }, idempotencyKey: 'key' },
    },
    subgraphs: new Map([['lots', lots]]),
    authenticate: () => principal,
    signInternal: ({ id }, requestId, audience) => `Signed ${id} ${requestId} ${audience}`,
  });
  cleanUp.push(() => gateway.drain());
  return gateway;
}

test('an address that no request can be sent to is refused with the name of its subgraph', async () => {
  for (const url of ['ftp://far.example.com/graphql', 'far.example.com:4000']) {
    await expect(
      start(
        local(async () => ({ data: null })),
        url,
      ),
    ).rejects.toThrow(
      `Subgraph "far" has no usable routing_url ("${url}"). Write its address, beginning with http:// or https://`,
    );
  }
});

test('a subgraph of this process gets the verified principal and the request id, and its answer is joined', async () => {
  const seen: SubgraphRequest[] = [];
  const remote = await startSubgraph({
    typeDefs: 'type Lot @key(fields: "id") { id: ID! place: String }',
    resolvers: { Lot: { place: () => 'A1' } },
  });
  cleanUp.push(() => remote.close());
  const lots = local(async (request) => {
    seen.push(request);
    return { data: { lot: { __typename: 'Lot', id: 'l1', state: 'RELEASED' } } };
  });
  const gateway = await start(lots, remote.url);
  const result = await gateway.execute({ query: '{ lot { state place } }', principal, requestId: 'r-1' });
  expect(result.data).toEqual({ lot: { state: 'RELEASED', place: 'A1' } });
  expect(seen[0]).toMatchObject({ principal, requestId: 'r-1', variables: {} });
  expect(remote.received[0]?.headers).toMatchObject({ authorization: 'Signed p r-1 far', 'x-request-id': 'r-1' });
});

test('a subgraph of this process that throws, hangs or answers nonsense fails like any other', async () => {
  const answers: [() => Promise<SubgraphResponse>, string][] = [
    [async () => Promise.reject(new Error('database password is hunter2')), 'SUBGRAPH_UNAVAILABLE'],
    [() => new Promise(() => undefined), 'SUBGRAPH_TIMEOUT'],
    [async () => 'nonsense' as SubgraphResponse, 'SUBGRAPH_MALFORMED_RESPONSE'],
  ];
  for (const [execute, code] of answers) {
    const gateway = await start(local(execute));
    const result = await gateway.execute({ query: '{ lot { state } }', principal });
    expect(result.data).toEqual({ lot: null });
    expect(result.errors).toMatchObject([{ path: ['lot'], extensions: { code, service: 'lots' } }]);
    expect(JSON.stringify(result)).not.toContain('hunter2');
  }
});

test('a mutation of this process that throws or hangs may be sent again only where it carries a key', async () => {
  for (const execute of [() => Promise.reject(new Error('gone')), () => new Promise<never>(() => undefined)]) {
    const gateway = await start(local(execute));
    const retryable = async (query: string, variables = {}) =>
      (await gateway.execute({ query, variables, principal })).errors?.map(
        ({ extensions }) => extensions?.['retryable'],
      );
    expect(await retryable('mutation { hold { state } }')).toEqual([false]);
    expect(await retryable('mutation($key: ID) { hold(key: $key) { state } }', { key: 'k1' })).toEqual([true]);
  }
});

test('the signal of a subgraph of this process says when its deadline has passed', async () => {
  let aborted: Promise<unknown> | undefined;
  const gateway = await start(
    local(({ signal }) => {
      aborted = new Promise((resolve) => signal?.addEventListener('abort', resolve));
      return new Promise(() => undefined);
    }),
  );
  await gateway.execute({ query: '{ lot { state } }', principal });
  await aborted;
});

test('a local subgraph that the process does not have stops the start', async () => {
  const { sdl } = composeSources([
    { name: 'lots', url: 'local:other', document: parse(`${federationLink}type Query { lot: Lot } ${lotType}`) },
  ]);
  await expect(
    createGateway({ supergraphSdl: sdl, runtime: testRuntime(), config: defaultGatewayConfig }),
  ).rejects.toThrow('Subgraph "lots" is local:other, which this process does not serve.');
  await expect(
    createGateway({ supergraphSdl: 'type Query { a: Int }', runtime: testRuntime(), config: defaultGatewayConfig }),
  ).rejects.toThrow('The supergraph cannot be used: It names no subgraph');
});
