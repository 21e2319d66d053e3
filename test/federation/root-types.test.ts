import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

/** Root types behind fields, and under other names. */
const people = {
  typeDefs: `
    schema { query: Root mutation: Changes }
    type Root { user(id: ID!): User system: Root @shareable inner: Inner @shareable }
    type Changes { rename(id: ID!, name: String!): User }
    type Inner @shareable { toQuery: Root }
    type User @key(fields: "id") { id: ID! name: String }
  `,
  resolvers: {
    Root: {
      user: (_: unknown, { id }: { id: string }) => ({ id, name: `U${id}` }),
      system: () => ({}),
      inner: () => ({ toQuery: {} }),
    },
    Changes: { rename: (_: unknown, user: object) => user },
  },
};
let done = 0;
const health = {
  typeDefs: `
    type Query { health: String system: Query @shareable inner: Inner @shareable }
    type Inner @shareable { toQuery: Query }
    type Mutation { restart: Result }
    type Result { ok: Boolean count: Int query: Query }
    type User @key(fields: "id") { id: ID! age: Int }
  `,
  resolvers: {
    Query: { health: () => 'fine', system: () => ({}), inner: () => ({ toQuery: {} }) },
    Mutation: { restart: () => ({ ok: true, count: ++done, query: {} }) },
    User: { age: () => 5 },
  },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ people, health });
});
afterAll(() => federation.close());

test('root types that a subgraph calls otherwise are the same ones', async () => {
  expect(await federation.dataOf('{ user(id: 1) { name age } health __typename }')).toEqual({
    user: { name: 'U1', age: 5 },
    health: 'fine',
    __typename: 'Query',
  });
  expect(await federation.dataOf('mutation { rename(id: 1, name: "X") { name age } __typename }')).toEqual({
    rename: { name: 'X', age: 5 },
    __typename: 'Mutation',
  });
});

test('their names are those of the supergraph, wherever they stand', async () => {
  const { system, inner } = await federation.dataOf(
    '{ system { __typename user(id: 1) { id } } inner { toQuery { __typename } } }',
  );
  expect([system.__typename, inner.toQuery.__typename]).toEqual(['Query', 'Query']);
});

test('Query below a field is asked of every subgraph that has its fields', async () => {
  const query =
    '{ system { health user(id: 1) { name } system { user(id: 2) { age } inner { toQuery { health user(id: 3) { id } } } } } }';
  expect(await federation.dataOf(query)).toEqual({
    system: {
      health: 'fine',
      user: { name: 'U1' },
      system: { user: { age: 5 }, inner: { toQuery: { health: 'fine', user: { id: '3' } } } },
    },
  });
});

test('Query below a mutation is read after it, which happens once', async () => {
  done = 0;
  const result = 'ok count query { health user(id: 1) { name age } system { user(id: 2) { name } health } }';
  const query = { health: 'fine', user: { name: 'U1', age: 5 }, system: { user: { name: 'U2' }, health: 'fine' } };
  expect(await federation.dataOf(`mutation { a: restart { ${result} } b: restart { ${result} } }`)).toEqual({
    a: { ok: true, count: 1, query },
    b: { ok: true, count: 2, query },
  });
});
