import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

/** `cost` needs `size`, which is known by `id`, and its own subgraph knows items by `sku`, which a fourth one gives. */
const itself = (self: unknown) => self;
const entry = {
  typeDefs: 'type Query { item: Item } type Item @key(fields: "id") { id: ID! }',
  resolvers: { Query: { item: () => ({ id: 'i1' }) } },
};
const costs = {
  typeDefs: `
    type Item @key(fields: "sku") { sku: ID! size: Int @external cost: Int @requires(fields: "size") stock: Int }
  `,
  resolvers: {
    Item: { __resolveReference: itself, cost: ({ size }: { size: number }) => size * 2, stock: () => 4 },
  },
};
const sizes = {
  typeDefs: 'type Item @key(fields: "id") { id: ID! size: Int }',
  resolvers: { Item: { __resolveReference: itself, size: () => 21 } },
};
const keys = {
  typeDefs: 'type Item @key(fields: "sku") @key(fields: "id") { id: ID! sku: ID! }',
  resolvers: { Item: { __resolveReference: ({ id }: { id: string }) => ({ id, sku: `sku-${id}` }) } },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ entry, costs, sizes, keys });
});
afterAll(() => federation.close());

// Planner 0.0.38: "Expected a single parent, but the FetchStep has many".
test('a requirement behind a key of a third subgraph is met', async () => {
  const { data, errors } = await federation.query('{ item { cost size } }');
  expect(errors).toBeUndefined();
  expect(data).toEqual({ item: { cost: 42, size: 21 } });
});

test('everything else of the same entity is answered', async () => {
  const { data, errors } = await federation.query('{ item { id size sku stock } }');
  expect(errors).toBeUndefined();
  expect(data).toEqual({ item: { id: 'i1', size: 21, sku: 'sku-i1', stock: 4 } });
});
