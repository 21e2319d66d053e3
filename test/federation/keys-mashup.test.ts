import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { itself } from '../support/federation-subgraph.ts';

type Ref = Readonly<Record<string, unknown>>;
/** Keys of many shapes: several per type, compound, nested, not resolvable, and partly known. */
const a = {
  typeDefs: `
    type Query { plant: Plant lines: [Line!]! order(id: ID!): Order }
    type Plant @key(fields: "id") { id: ID! lines: [Line!] }
    type Line @key(fields: "id") @key(fields: "plant { id } number") { id: ID! number: Int! plant: Plant! name: String @shareable }
    type Order @key(fields: "id") { id: ID! customer: Customer! items: [Item!] }
    type Customer @key(fields: "number", resolvable: false) { number: Int! }
    type Item @key(fields: "sku") @key(fields: "code") { sku: ID code: ID }
  `,
  resolvers: {
    Query: {
      plant: () => ({ id: 'p1' }),
      lines: () => [1, 2].map((number) => ({ id: `l${number}`, number, plant: { id: 'p1' }, name: `Line ${number}` })),
      order: (_: unknown, { id }: { id: string }) => ({
        id,
        customer: { number: 7 },
        items: [
          { sku: 's1', code: null },
          { sku: null, code: 'c2' },
          { sku: null, code: null },
        ],
      }),
    },
    Plant: { lines: () => [{ id: 'l1', number: 1, plant: { id: 'p1' } }] },
  },
};
const b = {
  typeDefs: `
    type Plant @key(fields: "id") { id: ID! }
    type Line @key(fields: "plant { id } number") { number: Int! @shareable plant: Plant! @shareable rate: Int serial: String }
    type Item @key(fields: "sku") { sku: ID weight: Int }
  `,
  resolvers: {
    Line: {
      rate: ({ number }: { number: number }) => number * 100,
      serial: ({ number, plant }: { number: number; plant: Ref }) => `${plant['id']}-${number}`,
    },
    Item: { weight: ({ sku }: Ref) => String(sku).length },
  },
};
const c = {
  typeDefs: `
    type Customer @key(fields: "number") @key(fields: "email") { number: Int! email: String! name: String }
    type Item @key(fields: "code") { code: ID colour: String }
    type Query { customer(number: Int!): Customer }
  `,
  resolvers: {
    Query: { customer: (_: unknown, args: Ref) => ({ ...args, email: 'x@y', name: 'Ann' }) },
    Customer: {
      __resolveReference: (self: Ref) => ({
        number: self['number'],
        email: `c${self['number']}@x`,
        name: `Customer ${self['number']}`,
      }),
    },
    Item: { colour: ({ code }: Ref) => `colour of ${code}` },
  },
};
const d = {
  typeDefs: 'type Customer @key(fields: "email") { email: String! subscribed: Boolean }',
  resolvers: { Customer: { __resolveReference: itself, subscribed: ({ email }: Ref) => email === 'c7@x' } },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ a, b, c, d });
});
afterAll(() => federation.close());

test('a nested key with a sibling is sent whole, from every place where the entity occurs', async () => {
  const { data, errors } = await federation.query('{ lines { name serial rate } plant { lines { serial } } }');
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    lines: [
      { name: 'Line 1', serial: 'p1-1', rate: 100 },
      { name: 'Line 2', serial: 'p1-2', rate: 200 },
    ],
    plant: { lines: [{ serial: 'p1-1' }] },
  });
});

test('a key that its subgraph does not resolve leads to one that does, and on by another key', async () => {
  const { data, errors } = await federation.query('{ order(id: "o1") { id customer { name subscribed } } }');
  expect(errors).toBeUndefined();
  expect(data).toEqual({ order: { id: 'o1', customer: { name: 'Customer 7', subscribed: true } } });
});

test('entities that know one of two keys are joined by it, and those that know none are null, not lost', async () => {
  const { data, errors } = await federation.query('{ order(id: "o1") { items { weight colour } } }');
  expect(errors).toBeUndefined();
  expect(data.order.items).toEqual([
    { weight: 2, colour: null },
    { weight: null, colour: 'colour of c2' },
    { weight: null, colour: null },
  ]);
});

test('an entity that its subgraph does not know is null where fields may be null', async () => {
  federation.subgraphs['c']!.answerWith((response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"data":{"_entities":[null]}}');
  });
  const { data } = await federation.query('{ order(id: "o1") { customer { number name } } }');
  federation.subgraphs['c']!.answerWith(undefined);
  expect(data).toEqual({ order: { customer: { number: 7, name: null } } });
});
