import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

type Ref = { id: string; name?: string };

/** Subgraphs of Federation 1, with `extend` and `@extends`, beside one of Federation 2. */
const products = {
  isFederation1: true,
  typeDefs: `
    type Query { product(id: ID!): Product }
    type Product @key(fields: "id") { id: ID! name: String price: Int }
  `,
  resolvers: {
    Query: { product: (_: unknown, { id }: Ref) => ({ id, name: `Product ${id}`, price: 5 }) },
    Product: { __resolveReference: ({ id }: Ref) => ({ id, name: `Product ${id}`, price: 5 }) },
  },
};
const reviews = {
  isFederation1: true,
  typeDefs: `
    extend type Query { newest: Review mine: Product @provides(fields: "name") }
    type Review { text: String product: Product }
    extend type Product @key(fields: "id") {
      id: ID! @external
      name: String @external
      reviews: [Review]
      slug: String @requires(fields: "name")
    }
  `,
  resolvers: {
    Query: {
      newest: () => ({ text: 'good', product: { id: 'p2' } }),
      mine: () => ({ id: 'p3', name: 'provided' }),
    },
    Product: {
      reviews: ({ id }: Ref) => [{ text: `of ${id}`, product: { id } }],
      slug: ({ name }: Ref) => name?.toLowerCase().replace(' ', '-'),
    },
  },
};
const stock = {
  isFederation1: true,
  typeDefs: 'type Product @extends @key(fields: "id") { id: ID! @external amount: Int }',
  resolvers: { Product: { amount: ({ id }: Ref) => id.length } },
};
const ratings = {
  typeDefs: 'extend type Product @key(fields: "id") { id: ID! @external stars: Float }',
  resolvers: { Product: { stars: () => 4.5 } },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ products, reviews, stock, ratings });
});
afterAll(() => federation.close());

test('extended types are joined over both versions of Federation', async () => {
  expect(
    await federation.dataOf('{ product(id: "p1") { id name slug amount stars reviews { text product { price } } } }'),
  ).toEqual({
    product: {
      id: 'p1',
      name: 'Product p1',
      slug: 'product-p1',
      amount: 2,
      stars: 4.5,
      reviews: [{ text: 'of p1', product: { price: 5 } }],
    },
  });
});

test('an entity that an extension returns is completed by the owner', async () => {
  expect(await federation.dataOf('{ newest { text product { name amount } } }')).toEqual({
    newest: { text: 'good', product: { name: 'Product p2', amount: 2 } },
  });
});

test('an external field is used only where it is provided', async () => {
  expect(await federation.dataOf('{ mine { name price } }')).toEqual({ mine: { name: 'provided', price: 5 } });
  expect(await federation.dataOf('{ mine { id stars slug } }')).toMatchObject({ mine: { id: 'p3', stars: 4.5 } });
});
