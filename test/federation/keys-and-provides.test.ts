import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

type Key = { id?: string | null; code?: string; org?: { id: string } };

const orders = {
  typeDefs: `
    type Query { orders: [Order] cheap: Order @provides(fields: "total") }
    type Order @key(fields: "id") { id: ID! site: Site vendor: Vendor total: Int @external }
    type Site @key(fields: "id") { id: ID }
    type Vendor @key(fields: "code org { id }") { code: ID! org: Org! }
    type Org { id: ID! @shareable }
  `,
  resolvers: {
    Query: {
      orders: () => [
        { id: 'o1', site: { id: 's1' }, vendor: { code: 'v1', org: { id: 'g1' } } },
        { id: 'o2', site: { id: null }, vendor: null },
      ],
      cheap: () => ({ id: 'o9', total: 1 }),
    },
    Order: { __resolveReference: (reference: Key) => ({ ...reference, site: { id: 's1' } }) },
  },
};

const sites = {
  typeDefs: `
    type Query { site: Site }
    type Order @key(fields: "id") { id: ID! total: Int @shareable }
    type Site @key(fields: "id") { id: ID name: String }
    type Vendor @key(fields: "code org { id }") @key(fields: "number") { code: ID! org: Org! number: Int! title: String }
    type Org { id: ID! @shareable }
  `,
  resolvers: {
    Order: { total: () => 100 },
    Site: { name: ({ id }: Key) => `Site ${id}` },
    Vendor: {
      title: ({ code, org }: Key) => `${code} of ${org?.id}`,
      number: () => 12,
    },
  },
};

const scores = {
  typeDefs: `
    type Query { nothing: Int }
    type Vendor @key(fields: "number") { number: Int! score: Int }
  `,
  resolvers: { Vendor: { score: ({ number }: { number: number }) => number + 1 } },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ orders, sites, scores });
});
afterAll(() => federation.close());

test('compound and nested keys lead to the entity, and on to a third subgraph by another key', async () => {
  const answer = await federation.query('{ orders { vendor { title score } } }');
  expect(answer.errors).toBeUndefined();
  expect(answer.data).toEqual({ orders: [{ vendor: { title: 'v1 of g1', score: 13 } }, { vendor: null }] });
});

test('a null key asks nobody and gives null', async () => {
  federation.subgraphs['sites']!.received.length = 0;
  const answer = await federation.query('{ orders { site { id name } } }');
  expect(answer).toMatchObject({
    data: { orders: [{ site: { id: 's1', name: 'Site s1' } }, { site: { id: null, name: null } }] },
  });
  expect(answer.errors).toBeUndefined();
  expect(federation.subgraphs['sites']!.received[0]?.variables['representations']).toEqual([
    { __typename: 'Site', id: 's1' },
  ]);
});

test('a provided field saves the call to its owner', async () => {
  federation.subgraphs['sites']!.received.length = 0;
  expect((await federation.query('{ cheap { total } }')).data).toEqual({ cheap: { total: 1 } });
  expect(federation.subgraphs['sites']!.received).toHaveLength(0);
  expect((await federation.query('{ orders { total } }')).data).toEqual({ orders: [{ total: 100 }, { total: 100 }] });
});
