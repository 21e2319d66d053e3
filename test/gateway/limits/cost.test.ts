import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { defaultGatewayConfig, type GatewayConfig } from '../../../gateway/config.ts';
import { type Federation, startFederation } from '../../support/federation-gateway.ts';
import { logWith } from '../../support/runtime.ts';

/** Books sliced by an argument, and one of them hidden from clients. */
const library = {
  books: {
    typeDefs: `
      type Query {
        chapters(limit: Int): [Book!] @listSize(slicingArguments: ["limit"])
        books(first: Int, last: Int, hidden: Int @inaccessible): [Book!]
          @listSize(slicingArguments: ["first", "last", "hidden"])
        shelves: [Shelf!]
      }
      type Mutation { lend(id: ID!): Book }
      type Subscription { lent: Book }
      type Shelf { books: [Book!] @listSize(assumedSize: 50) }
      type Book @key(fields: "id") { id: ID! next: Book title: String @cost(weight: 3) }
    `,
    resolvers: {
      Query: { books: () => [{ id: '1' }], shelves: () => [] },
      Subscription: {
        lent: {
          async *subscribe() {
            yield { lent: { id: '1' } };
          },
        },
      },
    },
  },
};

let federation: Federation;
afterEach(() => federation.close());

const start = (limits: Partial<GatewayConfig['limits']>, more: Parameters<typeof startFederation>[1] = {}) =>
  startFederation(library, {
    ...more,
    config: { limits: { ...defaultGatewayConfig.limits, ...limits }, ...more.config },
  });
const received = () => federation.subgraphs['books']!.received;
const codes = (errors: readonly { readonly extensions?: Record<string, unknown> }[] | undefined) =>
  errors?.map(({ extensions }) => extensions?.['code']);

const tooMuch: [what: string, query: string, variables: Record<string, unknown>][] = [
  ['that is written out', '{ shelves { books { id } } }', {}],
  ['that its variables make', 'query ($n: Int) { books(first: $n) { id } }', { n: 101 }],
];

for (const [what, query, variables] of tooMuch) {
  test(`a cost ${what} is refused over every transport, and no subgraph is asked`, async () => {
    federation = await start({ maxCost: 100, maxBatchSize: 2 });
    const body = { query, variables };
    const overPost = await federation.post(body);
    expect([overPost.status, codes(overPost.body.errors)]).toEqual([400, ['COST_LIMIT_EXCEEDED']]);
    expect(overPost.body.errors?.[0]?.message).toMatch(/estimated to cost \d+; 100 is allowed/);
    const search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
    const overGet = await fetch(`${federation.url}?${search}`);
    expect(codes((await overGet.json()).errors)).toEqual(['COST_LIMIT_EXCEEDED']);
    const [first, second] = (await federation.post([body, { query: '{ __typename }' }])).body as unknown as [
      { errors: [] },
      { data: object },
    ];
    expect([codes(first.errors), second.data]).toEqual([['COST_LIMIT_EXCEEDED'], { __typename: 'Query' }]);
    const overSocket = await new Promise((resolve) => {
      federation.socket().subscribe(body, { next: resolve, error: resolve, complete: () => resolve('complete') });
    });
    expect(overSocket).toMatchObject([{ extensions: { code: 'COST_LIMIT_EXCEEDED' } }]);
    const overEvents = await fetch(federation.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify(body),
    });
    expect(await overEvents.text()).toContain('COST_LIMIT_EXCEEDED');
    expect(received()).toEqual([]);
  });
}

test('what variables make cheap enough is answered, by the same operation', async () => {
  federation = await start({ maxCost: 100 });
  const query = 'query ($n: Int) { books(first: $n) { id } }';
  expect((await federation.query(query, { n: 1000 })).errors).toHaveLength(1);
  expect((await federation.query(query, { n: 100 })).data).toEqual({ books: [{ id: '1' }] });
});

test('a subscription costs what one of its events does', async () => {
  federation = await start({ maxCost: 4 });
  const ask = (query: string) =>
    new Promise((resolve) => {
      federation.socket().subscribe({ query }, { next: resolve, error: resolve, complete: () => resolve('complete') });
    });
  expect(await ask('subscription { lent { id title next { id } } }')).toMatchObject([
    { extensions: { code: 'COST_LIMIT_EXCEEDED' } },
  ]);
  expect(await ask('subscription { lent { id } }')).toMatchObject({ data: { lent: { id: '1' } } });
});

test('where the schema wants exactly one slicing argument, none and two are refused', async () => {
  federation = await start({});
  const message = (given: string) =>
    `Query.books takes exactly one of its arguments first, last; ${given} given. It says how long a list you expect.`;
  const refusals: [query: string, variables: Record<string, unknown>, given: string][] = [
    ['{ books { id } }', {}, 'none is'],
    ['{ books(first: 1, last: 2) { id } }', {}, '2 are'],
    ['query ($n: Int) { books(first: $n) { id } }', {}, 'none is'],
    ['query ($n: Int) { books(first: $n, last: $n) { id } }', { n: 1 }, '2 are'],
  ];
  for (const [query, variables, given] of refusals) {
    const { errors } = await federation.query(query, variables);
    expect([codes(errors), errors?.[0]?.message]).toEqual([['SLICING_ARGUMENT_REQUIRED'], message(given)]);
  }
  const { errors } = await federation.query('{ chapters { id } }');
  expect([codes(errors), errors?.[0]?.message]).toEqual([
    ['SLICING_ARGUMENT_REQUIRED'],
    'Query.chapters needs its argument limit. It says how long a list you expect.',
  ]);
  // As clients write it that page in both directions.
  const both = 'query ($f: Int, $l: Int) { books(first: $f, last: $l) { id } }';
  expect((await federation.query(both, { f: null, l: 3 })).data).toEqual({ books: [{ id: '1' }] });
});

test('in measure mode all is answered, and each operation above the limit is told once, also after a new supergraph', async () => {
  const warnings: unknown[] = [];
  const log = logWith({ warn: (...line: unknown[]) => void warnings.push(line) });
  federation = await start({ maxCost: 20, costMode: 'measure' }, { runtime: { log } });
  const shelf = 'query Shelf($n: Int) { books(first: $n) { id } }';
  const long = 'query Long { shelves { books { id } } }';
  const nameless = '{ all: shelves { books { title } } __typename ...More } fragment More on Query { __typename }';
  const askAll = async () => {
    for (const n of [5, 50, 60]) expect((await federation.query(shelf, { n })).errors).toBeUndefined();
    for (const query of [long, nameless]) expect((await federation.query(query)).errors).toBeUndefined();
  };
  const told = (text: string, operation: string, problem: string) => [
    'operation over its cost limit',
    {
      operation,
      sha256: createHash('sha256').update(text).digest('hex'),
      problem: expect.stringContaining(problem),
    },
  ];
  await askAll();
  const once = [
    told(shelf, 'Shelf', 'estimated to cost 50; 20 is allowed'),
    told(long, 'Long', 'to cost 510'),
    told(nameless, 'query { shelves __typename ...More }', 'to cost 2010'),
  ];
  expect(warnings).toEqual(once);
  expect(await federation.gateway.replaceSupergraph(`${federation.sdl}\n# another`)).toBe(true);
  await askAll();
  expect(warnings).toEqual(once);
});

test('without a limit nothing is estimated', async () => {
  federation = await start({ maxCost: 0 }, { config: { exposeQueryPlans: true } });
  const { body } = await federation.post({ query: '{ books { id } }', extensions: { queryPlan: true } });
  expect(body.data).toEqual({ books: [{ id: '1' }] });
  expect(body.extensions).not.toHaveProperty('cost');
});

test('who may see the plan sees the cost', async () => {
  federation = await start({}, { config: { exposeQueryPlans: true } });
  const query = 'query ($n: Int) { books(first: $n) { title } }';
  const { body } = await federation.post({ query, variables: { n: 7 }, extensions: { queryPlan: true } });
  expect(body.extensions.cost).toBe(7 * (1 + 3));
});
