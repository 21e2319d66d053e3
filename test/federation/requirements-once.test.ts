import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Answer, type Federation, stable, startFederation } from '../support/federation-gateway.ts';
import { itself } from '../support/federation-subgraph.ts';

/** Requirements with arguments where the root field may be asked once only. */
type Key = { readonly id: string };
const log: string[] = [];

const factor = (currency: string) => ({ USD: 1, EUR: 2, GBP: 3 })[currency] ?? 0;
const amount = ({ id }: Key) => Number(id.slice(1));
const price = (self: Key, { currency }: { currency: string }) => amount(self) * factor(currency);
const touch =
  (name: string) =>
  (_: unknown, { id }: Key) => {
    log.push(`${name} ${id}`);
    return { id };
  };
const twice = async function* () {
  log.push('subscribed');
  yield { touched: { id: 'p7' } };
  yield { touched: { id: 'p8' } };
};

const definitions = {
  catalogue: {
    typeDefs: `
      type Query { part(id: ID!): Part }
      type Mutation { list(id: ID!): Part }
      type Part @key(fields: "id") { id: ID! price(currency: String!): Int group: Group next: Part }
      type Group { average(currency: String!): Int }
    `,
    resolvers: {
      Query: { part: (_: unknown, { id }: Key) => ({ id }) },
      Mutation: { list: touch('list') },
      Part: {
        __resolveReference: itself,
        price,
        group: ({ id }: Key) => ({ id }),
        next: ({ id }: Key) => ({ id: `p${Number(id.slice(1)) + 1}` }),
      },
      Group: { average: (self: Key, args: { currency: string }) => price(self, args) * 10 },
    },
  },
  freight: {
    typeDefs: `
      type Part @key(fields: "id") {
        id: ID!
        price(currency: String!): Int @external
        group: Group @external
        toTexas: String @requires(fields: "price(currency: \\"USD\\")")
        toTurin: String @requires(fields: "price(currency: \\"EUR\\")")
        isDear: String @requires(fields: "group { average(currency: \\"USD\\") }")
        isDearInEurope: String @requires(fields: "group { average(currency: \\"EUR\\") }")
      }
      type Group @external { average(currency: String!): Int }
    `,
    resolvers: {
      Part: {
        __resolveReference: itself,
        toTexas: (self: { price: number }) => `for $${self.price}`,
        toTurin: (self: { price: number }) => `for €${self.price}`,
        isDear: (self: { group: { average: number } }) => `beside $${self.group.average}`,
        isDearInEurope: (self: { group: { average: number } }) => `beside €${self.group.average}`,
      },
    },
  },
  orders: {
    typeDefs: `
      type Mutation { order(id: ID!): Part }
      type Subscription { touched: Part }
      type Part @key(fields: "id") { id: ID! }
    `,
    resolvers: { Mutation: { order: touch('order') }, Subscription: { touched: { subscribe: twice } } },
  },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(definitions);
});
beforeEach(() => void log.splice(0));
afterAll(() => federation.close());

const ofPart = (n: number) => ({
  toTexas: `for $${n}`,
  toTurin: `for €${2 * n}`,
  isDear: `beside $${10 * n}`,
  isDearInEurope: `beside €${20 * n}`,
});
const fields = 'toTexas toTurin isDear isDearInEurope';

test('a mutation answers two requirements of one field with different arguments, and happens once', async () => {
  const { data, errors } = await federation.query(`mutation { order(id: "p5") { id ${fields} } }`);
  expect(errors).toBeUndefined();
  expect(data).toEqual({ order: { id: 'p5', ...ofPart(5) } });
  expect(log).toEqual(['order p5']);
});

test('so it does where its own subgraph has the field, beside other arguments of the client', async () => {
  const { data, errors } = await federation.query(
    `mutation ($id: ID!, $in: String!) { list(id: $id) { price(currency: $in) ${fields} group { average(currency: $in) } } }`,
    { id: 'p5', in: 'GBP' },
  );
  expect(errors).toBeUndefined();
  expect(data).toEqual({ list: { price: 15, ...ofPart(5), group: { average: 150 } } });
  expect(log).toEqual(['list p5']);
});

test('mutations with such fields stay in their order', async () => {
  const { data, errors } = await federation.query(`mutation {
    a: order(id: "p1") { ${fields} }
    b: list(id: "p2") { id next { ${fields} next { toTurin toTexas } } }
    c: order(id: "p3") { id }
  }`);
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    a: ofPart(1),
    b: { id: 'p2', next: { ...ofPart(3), next: { toTurin: 'for €8', toTexas: 'for $4' } } },
    c: { id: 'p3' },
  });
  expect(log).toEqual(['order p1', 'list p2', 'order p3']);
});

test('each event of a subscription answers them, over one stream', async () => {
  const events: Answer[] = [];
  const query = `subscription { touched { ${fields} next { ${fields} } } }`;
  for await (const event of federation.socket().iterate({ query })) {
    events.push(stable(event as Answer));
    if (events.length === 2) break;
  }
  expect(events).toEqual([
    { data: { touched: { ...ofPart(7), next: ofPart(8) } } },
    { data: { touched: { ...ofPart(8), next: ofPart(9) } } },
  ]);
  expect(log).toEqual(['subscribed']);
});
