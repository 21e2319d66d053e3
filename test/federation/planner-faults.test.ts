import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testConformance } from '../support/federation-conformance.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { itself } from '../support/federation-subgraph.ts';

/** `cost` needs `size`, which is known by `id`, and its own subgraph knows items by `sku`, which a fourth one gives. */
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

// Planner 0.0.38: a step for what s1 gives of some types is for all of them, and needs a key that others were not asked for.
describe('a null that one subgraph gives', () => {
  testConformance({
    subgraphs: {
      s0: `
        type E0 implements I0 @key(fields: "id") { id: ID! f1: E3 }
        type E3 implements I0 @key(fields: "id") {
          id: ID! name: String f1: E3 f4: [I0!] @provides(fields: "... on E1 { name } ... on E2 { name }") f5: E3 f7: Boolean
        }
        type E1 implements I0 { id: ID! @shareable name: String @external }
        type E2 implements I0 { id: ID! @shareable name: String @external }
        interface I0 { id: ID! }
      `,
      s1: `
        type E0 implements I0 @key(fields: "id") {
          id: ID!
          f1: E3 @external
          r0: String @requires(fields: "f1 { f1 { id f4 { __typename ... on E0 { id } ... on E3 { id } } f5 { id } } f7 }")
        }
        type E1 implements I0 @key(fields: "id") { id: ID! name: String @shareable f1: E3 }
        type E2 implements I0 @key(fields: "id") { id: ID! name: String @shareable f1: E3 }
        type E3 implements I0 @key(fields: "id") {
          id: ID! f4: [I0!] @external f5: E3 @external f1: E3 @external f7: Boolean @external
        }
        interface I0 @key(fields: "id") { id: ID! f1: E3 }
      `,
      s2: `
        type Query { q_s2_0: [I0] }
        type E0 implements I0 { id: ID! @shareable }
        interface I0 { id: ID! }
      `,
    },
    cases: { 'is no failure of another that is not asked for it': '{ q_s2_0 { f1 { f5 { f5 { name } } } } }' },
    runs: 10,
  });
});
