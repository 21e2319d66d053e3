import { parse } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: [
  "@key", "@context", "@fromContext"
])`;
type Ref = { id: string };
const currencies: Readonly<Record<string, string | null>> = { u1: 'EUR', u2: 'JPY', u3: null };

/** Cards show amounts in the currency of whoever they are listed below. */
const accounts = {
  isFederation1: true,
  typeDefs: `${link}
    type Query { users: [User] holders: [Holder] me: User some: [User] }
    type Mutation { open(id: ID!): User }
    type Subscription { opened: User }
    union Holder = User | Team
    type User @key(fields: "id") @context(name: "owner") {
      id: ID! currency: String region: Region cards: [Card] best: Card name: String
    }
    type Team @key(fields: "id") @context(name: "owner") { id: ID! unit: String best: Card }
    type Region { code: String }
    type Card @key(fields: "id") {
      id: ID!
      plain: String
      pair: Card
      amount(currency: String @fromContext(field: "$owner ... on User { currency } ... on Team { unit }"), digits: Int = 2): String
    }`,
  resolvers: {
    Query: {
      users: () => ['u1', 'u2', 'u3'].map((id) => ({ id })),
      holders: () => [
        { __typename: 'User', id: 'u1' },
        { __typename: 'Team', id: 't1' },
      ],
      me: () => ({ id: 'u2' }),
      some: () => [{ id: 'u4' }, { id: 'u1' }],
    },
    Mutation: { open: (_: unknown, { id }: Ref) => ({ id }) },
    Subscription: {
      opened: {
        async *subscribe() {
          yield { opened: { id: 'u2' } };
        },
      },
    },
    User: {
      __resolveReference: (self: Ref) => self,
      currency({ id }: Ref) {
        if (id === 'u4') throw new Error('No currency.');
        return currencies[id];
      },
      cards: ({ id }: Ref) => [{ id: 'c1' }, { id: `c-${id}` }],
      best: () => ({ id: 'c1' }),
      name: ({ id }: Ref) => (id === 'u1' ? 'Ann' : 'Bo'),
    },
    Team: { unit: () => 'points', best: () => ({ id: 'c1' }) },
    Card: {
      __resolveReference: (self: Ref) => self,
      plain: ({ id }: Ref) => `${id} plain`,
      pair: ({ id }: Ref) => (id.length > 3 ? null : { id: `${id}+` }),
      amount: ({ id }: Ref, { currency, digits }: { currency: string | null; digits: number }) =>
        `${id} in ${currency} with ${digits}`,
    },
  },
};
const cards = {
  isFederation1: true,
  typeDefs: `${link}
    type Card @key(fields: "id") {
      id: ID! name: String twin: Card holder: User
    }
    type User @key(fields: "id") { id: ID! favourite: Card }`,
  resolvers: {
    Card: {
      __resolveReference: (self: Ref) => self,
      name: ({ id }: Ref) => `card ${id}`,
      twin: ({ id }: Ref) => ({ id: `${id}'` }),
      holder: () => ({ id: 'u1' }),
    },
    User: { __resolveReference: (self: Ref) => self, favourite: () => ({ id: 'c9' }) },
  },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ accounts, cards });
});
afterAll(() => federation.close());

test('an argument has the value that the object above has, of each object its own', async () => {
  const { users } = await federation.dataOf('{ users { cards { amount } best { amount(digits: 0) name } } }');
  expect(users.map((user: { cards: unknown }) => user.cards)).toEqual(
    ['EUR', 'JPY', 'null'].map((currency, index) => [
      { amount: `c1 in ${currency} with 2` },
      { amount: `c-u${index + 1} in ${currency} with 2` },
    ]),
  );
  expect(users[1].best).toEqual({ amount: 'c1 in JPY with 0', name: 'card c1' });
});

test('also of objects that another subgraph gives to several places at once', async () => {
  const { users } = await federation.dataOf('query ($n: Int) { users { best { twin { id amount(digits: $n) } } } }', {
    n: 7,
  });
  expect(users.map((user: { best: { twin: unknown } }) => user.best.twin)).toEqual(
    ['EUR', 'JPY', 'null'].map((currency) => ({ id: "c1'", amount: `c1' in ${currency} with 7` })),
  );
});

test('also below an object that another subgraph gives: the value is asked for first', async () => {
  const { me } = await federation.dataOf('{ me { cards { holder { favourite { amount } } } } }');
  const below = { holder: { favourite: { amount: 'c9 in EUR with 2' } } };
  expect(me.cards).toEqual([below, below]);
});

test('what stands at several places is whole at each of them', async () => {
  const { me } = await federation.dataOf('{ me { cards { holder { cards { name } best { amount } } } } }');
  const cardsOfAnn = [{ name: 'card c1' }, { name: 'card c-u1' }];
  const below = { holder: { cards: cardsOfAnn, best: { amount: 'c1 in EUR with 2' } } };
  expect(me.cards).toEqual([below, below]);
});

test('all of them are asked for in one request', async () => {
  const { received } = federation.subgraphs['accounts']!;
  received.length = 0;
  await federation.dataOf('{ users { cards { amount } } }');
  expect(received.map(({ query }) => query.match(/_entities/g)?.length ?? 0)).toEqual([0, 3]);
});

test('where the value fails, so do the fields that need it, and nobody is asked for them', async () => {
  const { data, errors } = await federation.query('mutation { open(id: "u4") { best { id amount name } } }');
  expect(data).toEqual({ open: { best: { id: 'c1', amount: null, name: 'card c1' } } });
  expect(errors).toMatchObject([{ path: ['open', 'best', 'amount'], extensions: { code: 'SUBGRAPH_ERROR' } }]);
});

test('the other fields of the same subgraph are asked for, of that object and of others', async () => {
  const { received } = federation.subgraphs['accounts']!;
  received.length = 0;
  const { data, errors } = await federation.query(
    'mutation { open(id: "u4") { best { twin { amount(digits: 1) plain other: plain } } } }',
  );
  expect(data).toEqual({ open: { best: { twin: { amount: null, plain: "c1' plain", other: "c1' plain" } } } });
  expect(errors).toMatchObject([{ path: ['open', 'best', 'twin', 'amount'], extensions: { code: 'SUBGRAPH_ERROR' } }]);
  expect(received.filter(({ query }) => query.includes('amount'))).toEqual([]);
  const { data: deep } = await federation.query(
    'mutation { open(id: "u4") { best { twin { pair { amount id plain pair { pair { amount } } } } } } }',
  );
  expect(deep.open.best.twin.pair).toEqual({ amount: null, id: "c1'+", plain: "c1'+ plain", pair: null });
  const { data: mixed } = await federation.query('{ some { best { twin { amount plain } } } }');
  expect(mixed.some).toEqual([
    { best: { twin: { amount: null, plain: "c1' plain" } } },
    { best: { twin: { amount: "c1' in EUR with 2", plain: "c1' plain" } } },
  ]);
});

test('the context may be one of several types', async () => {
  const { holders } = await federation.dataOf(
    '{ holders { ... on User { best { amount } } ... on Team { best { amount } } } }',
  );
  expect(holders).toEqual([{ best: { amount: 'c1 in EUR with 2' } }, { best: { amount: 'c1 in points with 2' } }]);
});

test('names that the client gives do not stand in for the value', async () => {
  const { users } = await federation.dataOf('{ users { currency: name best { a: amount b: amount(digits: 1) } } }');
  expect(users[0]).toEqual({ currency: 'Ann', best: { a: 'c1 in EUR with 2', b: 'c1 in EUR with 1' } });
});

test('what mutations and events return is such a context, too', async () => {
  expect(await federation.dataOf('mutation { open(id: "u1") { best { amount } } }')).toEqual({
    open: { best: { amount: 'c1 in EUR with 2' } },
  });
  const events = federation.socket().iterate({ query: 'subscription { opened { best { amount } } }' });
  const { value } = await events.next();
  expect(value.data).toEqual({ opened: { best: { amount: 'c1 in JPY with 2' } } });
  await events.return?.();
});

test('clients neither see the argument nor give it', async () => {
  const { __type } = await federation.dataOf('{ __type(name: "Card") { fields { name args { name } } } }');
  expect(__type.fields.find(({ name }: { name: string }) => name === 'amount').args).toEqual([{ name: 'digits' }]);
  const { errors } = await federation.query('{ me { best { amount(currency: "USD") } } }');
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
  const { data } = await federation.query('{ __schema { types { name } directives { name } } }');
  const names = [...data.__schema.types, ...data.__schema.directives].map(({ name }: { name: string }) => name);
  expect(names.filter((name: string) => /context/i.test(name))).toEqual([]);
});

test('an operation with such an argument below @defer is answered whole', async () => {
  const query = '{ me { id ... @defer { best { amount } } } }';
  expect(parse(query).definitions).toHaveLength(1);
  expect(await federation.dataOf(query)).toEqual({ me: { id: 'u2', best: { amount: 'c1 in JPY with 2' } } });
});
