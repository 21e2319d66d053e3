import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testConformance } from '../support/federation-conformance.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

type User = { id: string; name?: string };

const names: Readonly<Record<string, string>> = { u1: 'Ada', u2: 'Lin' };
const greet = ({ name }: User, { loud }: { loud?: boolean }) => `Hello ${name}${loud ? '!' : ''}`;
const greetingOf = ({ name }: User) => ({ text: `Hello ${name}`, from: { id: 'u2', name: 'Lin' } });

/** Provides the name that greetings require, in the two ways in which subgraphs are written. */
const board = {
  typeDefs: `
    type Query { passed: [Note] resolved: [Note] }
    type Subscription { posted: Note }
    type Note { author: Author @provides(fields: "name") writer: Writer @provides(fields: "name") text: String }
    type Author @key(fields: "id") {
      id: ID!
      name: String @external
      greeting(loud: Boolean): String @requires(fields: "name")
      card: Card @requires(fields: "name")
      age: Int @external
      signature: String @requires(fields: "name age")
    }
    type Card { text: String from: Author @provides(fields: "name") }
    type Writer @key(fields: "id") { id: ID! name: String @external greeting: String @requires(fields: "name") }
  `,
  resolvers: {
    Query: {
      passed: () => Object.entries(names).map(([id, name]) => ({ author: { id, name }, text: 'A' })),
      resolved: () => Object.keys(names).map((id) => ({ writer: { id }, text: 'B' })),
    },
    Subscription: {
      posted: {
        async *subscribe() {
          yield { posted: { author: { id: 'u2', name: 'Lin' } } };
        },
      },
    },
    Author: {
      __resolveReference: (self: User) => self,
      greeting: greet,
      card: greetingOf,
      signature: ({ name, age }: User & { age?: number }) => `${name} (${age})`,
    },
    Writer: { __resolveReference: (self: User) => self, name: ({ id }: User) => names[id], greeting: greet },
  },
};
const people = {
  typeDefs: `
    type Author @key(fields: "id") { id: ID! name: String @shareable age: Int }
    type Writer @key(fields: "id") { id: ID! name: String @shareable }
  `,
  resolvers: {
    Author: { name: ({ id }: User) => names[id], age: ({ id }: User) => id.length * 20 },
    Writer: { name: ({ id }: User) => names[id] },
  },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ board, people });
});
afterAll(() => federation.close());

test('a field that requires what its subgraph provides is answered', async () => {
  expect(await federation.dataOf('{ passed { text author { greeting } } }')).toEqual({
    passed: [
      { text: 'A', author: { greeting: 'Hello Ada' } },
      { text: 'A', author: { greeting: 'Hello Lin' } },
    ],
  });
});

test('so it is where a resolver says what is provided, so that objects of the subgraph do not hold it', async () => {
  expect(await federation.dataOf('{ resolved { writer { greeting } text } }')).toEqual({
    resolved: [
      { writer: { greeting: 'Hello Ada' }, text: 'B' },
      { writer: { greeting: 'Hello Lin' }, text: 'B' },
    ],
  });
});

test('with aliases, arguments and variables', async () => {
  const data = await federation.dataOf(
    'query ($loud: Boolean) { passed { author { name: id a: greeting(loud: $loud) b: greeting greeting(loud: true) } } }',
    { loud: true },
  );
  expect(data.passed[1].author).toEqual({ name: 'u2', a: 'Hello Lin!', b: 'Hello Lin', greeting: 'Hello Lin!' });
});

test('below what is answered so, and where only a part of what is required is provided', async () => {
  const data = await federation.dataOf('{ passed { author { card { text from { greeting id } } signature } } }');
  expect(data.passed[0].author).toEqual({
    card: { text: 'Hello Ada', from: { greeting: 'Hello Lin', id: 'u2' } },
    signature: 'Ada (40)',
  });
});

test('in each event of a subscription', async () => {
  const events = federation
    .socket()
    .iterate({ query: 'subscription { posted { author { greeting card { text } } } }' });
  const { value } = await events.next();
  expect(value.data).toEqual({ posted: { author: { greeting: 'Hello Lin', card: { text: 'Hello Lin' } } } });
  await events.return?.();
});

/** The planner of version 0.0.38 takes what one field provides for provided by others that provide something else. */
describe('what another field of the same subgraph provides', () => {
  testConformance({
    subgraphs: {
      stock: 'type Query { lots: [Lot] } type Lot { id: ID! @shareable }',
      lab: 'type Lot @key(fields: "id") { id: ID! melt: ID @shareable }',
      quality: `
        type Lot @key(fields: "id") {
          id: ID!
          label: String @shareable
          melt: ID @external
          parent: Lot @external
          grade: String @requires(fields: "parent { melt } melt")
        }
      `,
      genealogy: `
        type Lot @key(fields: "id") {
          id: ID!
          parent: Lot @provides(fields: "label")
          melt: ID @external
          label: String @external
        }
        type Heat { lot: Lot @provides(fields: "melt") @shareable }
      `,
    },
    cases: { 'is fetched from elsewhere where it is required below an object': '{ lots { grade } }' },
    runs: 15,
  });
});
