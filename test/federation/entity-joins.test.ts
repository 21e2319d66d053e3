import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';
import { somebody } from '../support/somebody.ts';

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(shop());
});
afterAll(() => federation.close());

test('fields of three subgraphs come back as one object, in the order of the query', async () => {
  const response = await federation.post({ query: '{ product(id: "p1") { reviews { body } inStock name id } }' });
  expect(JSON.stringify(response.body.data)).toBe(
    '{"product":{"reviews":[{"body":"Solid"},{"body":"Wobbly"}],"inStock":4,"name":"Table","id":"p1"}}',
  );
  expect(response.body.extensions.sources).toEqual([
    { service: 'catalogue', asOf: expect.any(String), ok: true },
    { service: 'stock', asOf: expect.any(String), ok: true },
    { service: 'reviewing', asOf: expect.any(String), ok: true },
  ]);
});

test('an entity that occurs many times is asked for once and filled in everywhere', async () => {
  const { stock } = federation.subgraphs;
  stock!.received.length = 0;
  const answer = await federation.query(
    '{ reviews { product { id inStock } author { reviews { product { inStock } } } } }',
  );
  expect(answer.errors).toBeUndefined();
  expect(answer.data.reviews[0]).toEqual({
    product: { id: 'p1', inStock: 4 },
    author: { reviews: [{ product: { inStock: 4 } }, { product: { inStock: 0 } }] },
  });
  const asked = stock!.received.flatMap(({ variables }) => Object.values(variables).flat() as { id: string }[]);
  expect(asked.map(({ id }) => id).sort()).toEqual(['p1', 'p2', 'p3']);
});

test('a field that requires fields of another subgraph gets them, null included', async () => {
  const answer = await federation.query('{ products { name shipping } }');
  expect(answer).toMatchObject({
    data: {
      products: [
        { name: 'Table', shipping: 0 },
        { name: 'Lamp', shipping: 6 },
        { name: 'Rug', shipping: null },
      ],
    },
  });
  expect(answer.errors).toBeUndefined();
});

test('aliases of one entity field with different arguments do not mix', async () => {
  const answer = await federation.query(
    '{ a: product(id: "p1") { title: name other: name stocked: inStock } b: product(id: "p2") { title: name stocked: inStock } }',
  );
  expect(answer.data).toEqual({
    a: { title: 'Table', other: 'Table', stocked: 4 },
    b: { title: 'Lamp', stocked: 0 },
  });
});

test('fragments that select the same object merge', async () => {
  const answer = await federation.query(`
    query { product(id: "p1") { ...A reviews { id } ...B } }
    fragment A on Product { reviews { body author { id } } }
    fragment B on Product { reviews { author { name } } name }
  `);
  expect(JSON.stringify(answer.data.product)).toBe(
    '{"reviews":[{"body":"Solid","author":{"id":"u1","name":"User u1"},"id":"r1"},{"body":"Wobbly","author":{"id":"u2","name":"User u2"},"id":"r3"}],"name":"Table"}',
  );
});

test('an unknown entity is null and says nothing more', async () => {
  expect(await federation.query('{ product(id: "nothing") { name inStock reviews { id } } }')).toMatchObject({
    data: { product: null },
  });
});

test('text with quotes, line ends, separators and emoji survives', async () => {
  const answer = await federation.query('{ product(id: "p1") { tags } }');
  expect(answer.data.product.tags).toEqual(['p1', '"quoted"\np1', 'ünïcode \u2028 \ud83d\ude00']);
});

test('variables, their defaults and lists of arguments reach the subgraph', async () => {
  const query = 'query ($n: Int = 1, $id: ID!) { products(first: $n) { id } product(id: $id) { name } }';
  expect((await federation.query(query, { id: 'p2' })).data).toEqual({
    products: [{ id: 'p1' }],
    product: { name: 'Lamp' },
  });
  expect((await federation.query(query, { id: 'p2', n: 2 })).data.products).toHaveLength(2);
});

test('@skip and @include apply across subgraphs, by literal and by variable', async () => {
  const query = `query ($all: Boolean!, $none: Boolean = false) {
    product(id: "p1") {
      name @skip(if: $all)
      inStock @include(if: $all)
      ... @include(if: $none) { reviews { id } }
      ... on Product @skip(if: $none) { price }
      weight @include(if: false)
    }
  }`;
  expect((await federation.query(query, { all: true })).data).toEqual({ product: { inStock: 4, price: 900 } });
  expect((await federation.query(query, { all: false, none: true })).data).toEqual({
    product: { name: 'Table', reviews: [{ id: 'r1' }, { id: 'r3' }] },
  });
});

test('__typename is answered everywhere, under an alias too', async () => {
  const answer = await federation.query(
    '{ __typename t: __typename product(id: "p1") { kind: __typename reviews { __typename } } }',
  );
  expect(answer.data).toEqual({
    __typename: 'Query',
    t: 'Query',
    product: { kind: 'Product', reviews: [{ __typename: 'Review' }, { __typename: 'Review' }] },
  });
});

test('a workflow in this process gets the same answer as a client', async () => {
  const principal = somebody({ kind: 'WORKFLOW' });
  const query = 'query ($id: ID!) { product(id: $id) { name inStock } }';
  const result = await federation.gateway.execute({ query, variables: { id: 'p1' }, principal });
  expect(result.data).toEqual({ product: { name: 'Table', inStock: 4 } });
  expect(result.extensions?.sources.map(({ service }) => service)).toEqual(['catalogue', 'stock']);
  expect((await federation.gateway.execute({ query: '{ nothing }', principal })).errors?.[0]?.extensions).toEqual({
    code: 'GRAPHQL_VALIDATION_FAILED',
  });
});
