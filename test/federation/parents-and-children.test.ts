import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { itself } from '../support/federation-subgraph.ts';

type Ref = { id: string; category?: { id: string; name?: string } };
/** One subgraph knows a child by its own key only, another by way of its parent, and their types differ in nullability. */
const catalogue = {
  typeDefs: `
    type Query { products: [Product] node(id: ID!): Node deep: Wrap }
    interface Node { id: ID! }
    type Product implements Node @key(fields: "id") { id: ID! category: Category @shareable }
    type Category { id: ID! @shareable name: String @shareable }
    type Shelf implements Node @key(fields: "id") { id: ID! }
    type Wrap { wrap: Wrap product: Product }
  `,
  resolvers: {
    Query: {
      products: () => [
        { id: 'p1', category: { id: 'c1', name: 'Bolts' } },
        { id: 'p2', category: null },
      ],
      node: (_: unknown, { id }: Ref) => ({ __typename: id.startsWith('p') ? 'Product' : 'Shelf', id }),
      deep: () => ({ wrap: { wrap: { product: { id: 'p1', category: { id: 'c1', name: 'Bolts' } } } } }),
    },
    Product: { __resolveReference: ({ id }: Ref) => ({ id, category: { id: 'c1', name: 'Bolts' } }) },
  },
};
const details = {
  typeDefs: `
    type Product @key(fields: "id") { id: ID! category: Category @shareable parts: [[Product]] }
    type Category { id: ID! @shareable details: String }
    type Shelf @key(fields: "id") { id: ID! load: Int }
  `,
  resolvers: {
    Product: {
      __resolveReference: itself,
      category: ({ id }: Ref) => (id === 'p1' ? { id: 'c1', details: 'hex' } : null),
      parts: ({ id }: Ref) => [[{ id: 'p2' }, null], null, [{ id }]],
    },
    Shelf: { load: () => 3 },
  },
};
/** Each of the two needs what the other one has. */
const measure = {
  typeDefs: `
    type Product @key(fields: "id") {
      id: ID! length: Int volume: Int @external density: Int @requires(fields: "volume")
    }
  `,
  resolvers: {
    Product: { __resolveReference: itself, length: () => 2, density: ({ volume }: { volume: number }) => volume + 1 },
  },
};
const volume = {
  typeDefs: `
    type Product @key(fields: "id") { id: ID! length: Int @external volume: Int @requires(fields: "length") }
  `,
  resolvers: { Product: { __resolveReference: itself, volume: ({ length }: { length: number }) => length ** 3 } },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ catalogue, details, measure, volume });
});
afterAll(() => federation.close());

test('a child without a key is completed through its parent', async () => {
  expect(await federation.dataOf('{ products { category { name details } } }')).toEqual({
    products: [{ category: { name: 'Bolts', details: 'hex' } }, { category: null }],
  });
  expect(await federation.dataOf('{ deep { wrap { wrap { product { category { details id } } } } } }')).toEqual({
    deep: { wrap: { wrap: { product: { category: { details: 'hex', id: 'c1' } } } } },
  });
});

test('an object asked for by its interface is completed by the subgraphs of its type', async () => {
  const fields = 'id ... on Shelf { load } ... on Product { category { details } }';
  expect(
    await federation.dataOf(`{ a: node(id: "p1") { ${fields} } b: node(id: "s1") { __typename ${fields} } }`),
  ).toEqual({
    a: { id: 'p1', category: { details: 'hex' } },
    b: { __typename: 'Shelf', id: 's1', load: 3 },
  });
});

test('entities in lists of lists are joined, and nulls among them stay where they are', async () => {
  expect(await federation.dataOf('{ products { parts { id volume } } }')).toMatchObject({
    products: [
      { parts: [[{ id: 'p2', volume: 8 }, null], null, [{ id: 'p1', volume: 8 }]] },
      { parts: [[{ id: 'p2', volume: 8 }, null], null, [{ id: 'p2', volume: 8 }]] },
    ],
  });
});

test('two subgraphs that need each other are asked in turns', async () => {
  expect(await federation.dataOf('{ products { density } }')).toEqual({ products: [{ density: 9 }, { density: 9 }] });
});

test('selections that are skipped are asked of nobody', async () => {
  for (const { received } of Object.values(federation.subgraphs)) received.length = 0;
  const query = `query ($yes: Boolean! = true, $no: Boolean = false) {
    products { id density @skip(if: $yes) ... @include(if: $no) { parts { id } } ...P @skip(if: $yes) category @include(if: $no) { details } }
  } fragment P on Product { volume }`;
  expect(await federation.dataOf(query)).toEqual({ products: [{ id: 'p1' }, { id: 'p2' }] });
  const asked = Object.entries(federation.subgraphs).filter(([, { received }]) => received.length > 0);
  expect(asked.map(([name]) => name)).toEqual(['catalogue']);
});
