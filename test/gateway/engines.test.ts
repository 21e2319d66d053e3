import { afterEach, describe, expect, test } from 'vitest';
import type { Principal } from '../../auth/principal.ts';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { createGateway } from '../../gateway/gateway.ts';
import type { LocalSubgraph, SubgraphRequest } from '../../gateway/subgraph-client/local-subgraph.ts';
import { composeSources } from '../../gateway/supergraph/compose.ts';
import { type Federation, type FederationOptions, startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';
import { readDefinition } from '../support/federation-subgraph.ts';
import { patientConfig } from '../support/patient-config.ts';
import { logWith, testRuntime } from '../support/runtime.ts';

let cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of cleanUp) await step();
  cleanUp = [];
});

async function start(
  options: FederationOptions = {},
  definitions: Parameters<typeof startFederation>[0] = shop(),
): Promise<Federation> {
  const federation = await startFederation(definitions, options);
  cleanUp.push(() => federation.close());
  return federation;
}

const apollo = { config: { engine: 'apollo' as const } };

describe('engine: apollo', () => {
  test('answers what the native engine answers: joined, in the order of the query, with sources and the request id', async () => {
    const query = `query ($first: Int) {
      products(first: $first) { shipping name ...more @include(if: true) reviews { author { name } body } } __typename
    } fragment more on Product { inStock tags }`;
    const native = await start();
    const fallback = await start(apollo);
    const [expected, answer] = [await native.query(query, { first: 2 }), await fallback.query(query, { first: 2 })];
    expect(JSON.stringify(answer.data)).toBe(JSON.stringify(expected.data));
    const services = (from: typeof answer) =>
      from.extensions.sources.map(({ service }: { service: string }) => service);
    expect(services(answer).sort()).toEqual(services(expected).sort());
    await fallback.post({ query }, { 'x-request-id': 'screw-7' });
    for (const { received } of Object.values(fallback.subgraphs))
      expect(received.at(-1)?.headers['x-request-id']).toBe('screw-7');
  });

  test('answers whole what an operation defers, in the form that the client takes', async () => {
    const { url, query } = await start(apollo);
    const text = `query ($later: Boolean!) {
      product(id: "p1") { name ... @defer(if: $later, label: "s") { inStock } ...more @defer }
    } fragment more on Product { tags }`;
    const whole = await query('{ product(id: "p1") { name inStock tags } }');
    for (const [accept, type] of [
      ['multipart/mixed;deferSpec=20220824, application/json', 'application/json'],
      ['application/graphql-response+json', 'application/graphql-response+json'],
      ['multipart/mixed;deferSpec=20220824', 'multipart/mixed'],
      ['text/event-stream', 'text/event-stream'],
    ] as const) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { accept, 'content-type': 'application/json' },
        body: JSON.stringify({ query: text, variables: { later: true } }),
      });
      const body = await response.text();
      expect([response.status, response.headers.get('content-type')?.split(';')[0]]).toEqual([200, type]);
      expect(JSON.parse(/\{.*\}/s.exec(body)?.[0] ?? '')).toMatchObject({ data: whole.data });
      expect(body.match(/"data":/g)).toHaveLength(1);
      expect(body).not.toContain('"hasNext":true');
    }
    const wrong = await query('{ ... @defer(label: "a") { products { id } } ... @defer(label: "a") { __typename } }');
    expect(wrong.errors?.[0]?.extensions?.['code']).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  test('refuses by the same limits, validation and codes', async () => {
    const { post } = await start({ config: { ...apollo.config, introspection: false } });
    const codeOf = async (body: object) => (await post(body)).body.errors?.[0]?.extensions?.['code'];
    expect(await codeOf({ query: '{ nothing }' })).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await codeOf({ query: '{ __schema { types { name } } }' })).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await codeOf({ query: 'query ($n: Int!) { products(first: $n) { id } }' })).toBe('BAD_USER_INPUT');
    expect(await codeOf({ query: `{ ${Array.from({ length: 40 }, (_, i) => `a${i}: __typename`).join(' ')} }` })).toBe(
      'ROOT_FIELD_LIMIT_EXCEEDED',
    );
  });

  test('a subgraph that fails keeps its siblings, has a code, and tells nothing from inside', async () => {
    const { query, subgraphs } = await start(apollo);
    subgraphs['stock']!.answerWith((response) => {
      response.statusCode = 500;
      response.end(JSON.stringify({ errors: [{ message: 'password=secret at db.ts:7' }] }));
    });
    const answer = await query('{ product(id: "p1") { name inStock } }');
    expect(answer.data).toEqual({ product: { name: 'Table', inStock: null } });
    expect(answer.errors).toHaveLength(1);
    const told = { code: 'SUBGRAPH_ERROR', service: 'stock', retryable: false, requestId: expect.any(String) };
    expect(answer.errors?.[0]?.extensions).toEqual(told);
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  test('a null that must not be is told with its path and code', async () => {
    const answer = await (
      await start(apollo, {
        one: {
          typeDefs: 'type Query { lot: Lot } type Lot @key(fields: "id") { id: ID! }',
          resolvers: { Query: { lot: () => ({ id: '1' }) } },
        },
        two: {
          typeDefs: 'type Lot @key(fields: "id") { id: ID! grade: Int! }',
          resolvers: { Lot: { __resolveReference: () => null } },
        },
      })
    ).query('{ lot { id grade } }');
    expect(answer.data).toEqual({ lot: null });
    expect(answer.errors?.[0]).toMatchObject({ path: ['lot', 'grade'], extensions: { code: 'NULL_FOR_NON_NULL' } });
  });

  test('mutations run, and never twice', async () => {
    const { query, subgraphs } = await start(apollo);
    const answer = await query('mutation { a: rename(id: "p1", name: "x") { name inStock } }');
    expect(answer.data).toEqual({ a: { name: 'x', inStock: 4 } });
    subgraphs['catalogue']!.received.length = 0;
    subgraphs['catalogue']!.answerWith((response) => response.destroy());
    const { errors } = await query('mutation { rename(id: "p1", name: "y") { name } }');
    expect(errors).toMatchObject([{ extensions: { code: 'SUBGRAPH_UNAVAILABLE', retryable: false } }]);
    expect(subgraphs['catalogue']!.received).toHaveLength(1);
  });

  test('a subscription is refused over every transport with a code that says which engine serves it', async () => {
    const federation = await start(apollo, {
      one: { typeDefs: 'type Query { a: Int } type Subscription { ticks: Int }', resolvers: {} },
    });
    const query = 'subscription { ticks }';
    const code = 'SUBSCRIPTION_NEEDS_NATIVE_ENGINE';
    expect((await federation.post({ query })).body.errors?.[0]?.extensions?.['code']).toBe(code);
    const stream = await fetch(federation.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query }),
    });
    expect(await stream.text()).toContain(code);
    const refused = await new Promise((resolve) => {
      federation
        .socket()
        .subscribe({ query }, { next: () => undefined, error: resolve, complete: () => resolve(null) });
    });
    expect(JSON.stringify(refused)).toContain(code);
  });

  test('a subgraph of this process is called in process, with the verified principal', async () => {
    const principal = { id: 'p', kind: 'PERSON', roles: [], plants: [], scopes: [] } as unknown as Principal;
    const seen: SubgraphRequest[] = [];
    const lots: LocalSubgraph = {
      execute: async (request) => {
        seen.push(request);
        return { data: { lot: { id: '1' } }, extensions: { asOf: '2020-01-01T00:00:00.000Z' } };
      },
      subscribe: async () => ({ errors: [] }),
    };
    const document = readDefinition({ typeDefs: 'type Query { lot: Lot } type Lot @key(fields: "id") { id: ID! }' });
    const gateway = await createGateway({
      supergraphSdl: composeSources([{ name: 'lots', url: 'local:lots', document }]).sdl,
      runtime: testRuntime(),
      config: { ...patientConfig, engine: 'apollo' },
      subgraphs: new Map([['lots', lots]]),
      authenticate: () => principal,
    });
    cleanUp.push(() => gateway.drain());
    const answer = await gateway.execute({ query: '{ lot { id } }', principal, requestId: 'r1' });
    expect(answer).toEqual({
      data: { lot: { id: '1' } },
      extensions: { sources: [{ service: 'lots', asOf: '2020-01-01T00:00:00.000Z', ok: true }] },
    });
    expect(seen).toMatchObject([{ principal, requestId: 'r1' }]);
  });
});

describe('engine: auto', () => {
  const warnings: string[] = [];
  const log = logWith({ warn: (text: string) => void warnings.push(text) });
  afterEach(() => {
    warnings.length = 0;
  });

  test('is the native engine where it loads, without a word', async () => {
    const { query } = await start({ runtime: { log } });
    expect((await query('{ product(id: "p1") { name } }')).data).toEqual({ product: { name: 'Table' } });
    expect(warnings).toEqual([]);
  });

  test('a supergraph that is none is no reason to change the engine', async () => {
    const options = {
      supergraphSdl: 'type Query { a: Int }',
      runtime: testRuntime({ log }),
      config: defaultGatewayConfig,
    };
    await expect(createGateway(options)).rejects.toThrow('The supergraph cannot be used');
    expect(warnings).toEqual([]);
  });
});
