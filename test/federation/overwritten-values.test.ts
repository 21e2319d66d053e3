import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { itself } from '../support/federation-subgraph.ts';

/** The cost of an item needs its size in one unit; clients may ask for the same field in another. */
const lines = {
  typeDefs: 'type Query { line: Item } type Item @key(fields: "id") { id: ID! next: Item }',
  resolvers: {
    Query: { line: () => ({ id: 'i1' }) },
    Item: { __resolveReference: itself, next: () => ({ id: 'i2' }) },
  },
};
const sizes = {
  typeDefs: `
    enum Unit { MM INCH }
    type Item @key(fields: "id") { id: ID! size(unit: Unit = MM): String parts: [Item]! }
  `,
  resolvers: {
    Item: {
      __resolveReference: itself,
      size: ({ id }: { id: string }, { unit }: { unit: string }) => `${id} in ${unit}`,
      parts: ({ id }: { id: string }) => [{ id: `${id}-a` }],
    },
  },
};
const costs = {
  typeDefs: `
    enum Unit { MM INCH }
    type Item @key(fields: "id") {
      id: ID! size(unit: Unit = MM): String @external cost: String @requires(fields: "size(unit: INCH)")
    }
  `,
  resolvers: { Item: { __resolveReference: itself, cost: ({ size }: { size: string }) => `cost of ${size}` } },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ lines, sizes, costs });
});
afterAll(() => federation.close());

// Planner 0.0.38 asks for the required size of the parts, which it fetches later, under the name of the client's own.
test('a field is never shown with the value that it has for other arguments', async () => {
  const { data, errors } = await federation.query('{ line { next { cost parts { size cost } } } }');
  if (errors) expect(errors).toMatchObject([{ extensions: { code: 'PLAN_LOSES_VALUES' } }]);
  else expect(data.line.next.parts).toEqual([{ size: 'i2-a in MM', cost: 'cost of i2-a in INCH' }]);
});

test('each of the two alone is answered', async () => {
  const size = await federation.query('{ line { next { cost parts { size } } } }');
  expect(size.data?.line.next).toEqual({ cost: 'cost of i2 in INCH', parts: [{ size: 'i2-a in MM' }] });
  const cost = await federation.query('{ line { next { parts { cost } } } }');
  expect(cost.data?.line.next.parts).toEqual([{ cost: 'cost of i2-a in INCH' }]);
});
