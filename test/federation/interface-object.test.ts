import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

type Ref = { id: string; email?: string; name?: string };

const people = [
  { __typename: 'Reader', id: 'r1', email: 'r1@x', name: 'Rea' },
  { __typename: 'Writer', id: 'w1', email: 'w1@x', name: 'Wri', books: 3 },
];
const person = ({ id }: Ref) => people.find((entry) => entry.id === id);

/** Knows the implementations. */
const accounts = {
  typeDefs: `
    type Query { people: [Person!]! reader(id: ID!): Reader }
    interface Person @key(fields: "id") { id: ID! name: String email: String }
    type Reader implements Person @key(fields: "id") { id: ID! name: String email: String }
    type Writer implements Person @key(fields: "id") { id: ID! name: String email: String books: Int }
  `,
  resolvers: {
    Query: { people: () => people, reader: (_: unknown, ref: Ref) => person(ref) },
    Person: { __resolveReference: person },
    Reader: { __resolveReference: person },
    Writer: { __resolveReference: person },
  },
};

/** Knows the interface only, and needs a field of it. */
const mail = {
  typeDefs: `
    type Query { anybody: Person recent: [Person] }
    type Person @key(fields: "id") @interfaceObject {
      id: ID! email: String @external unread: Int @requires(fields: "email") friend: Person
    }
  `,
  resolvers: {
    Query: { anybody: () => ({ id: 'w1' }), recent: () => [{ id: 'r1' }, null, { id: 'w1' }] },
    Person: {
      __resolveReference: (self: unknown) => self,
      unread: ({ email }: Ref) => (email ? email.length : null),
      friend: ({ id }: Ref) => ({ id: id === 'r1' ? 'w1' : 'r1' }),
    },
  },
};

/** Names entities of the interface without resolving any. */
const logs = {
  typeDefs: `
    type Query { entries: [Entry] }
    type Entry { text: String by: Person }
    type Person @key(fields: "id", resolvable: false) @interfaceObject { id: ID! }
  `,
  resolvers: {
    Query: {
      entries: () => [
        { text: 'in', by: { id: 'w1' } },
        { text: 'out', by: null },
      ],
    },
  },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ accounts, mail, logs });
});
afterAll(() => federation.close());

test('every implementation has the fields of the interface object, required values included', async () => {
  expect(await federation.dataOf('{ people { id unread ... on Writer { books } } }')).toEqual({
    people: [
      { id: 'r1', unread: 4 },
      { id: 'w1', unread: 4, books: 3 },
    ],
  });
});

test('an object that is asked for by its own type has the fields of the interface object, too', async () => {
  expect(await federation.dataOf('{ reader(id: "r1") { __typename unread } }')).toEqual({
    reader: { __typename: 'Reader', unread: 4 },
  });
});

test('entities of the interface object learn their type, their fields and each other', async () => {
  expect(
    await federation.dataOf('{ anybody { __typename name friend { __typename name ... on Reader { email } } } }'),
  ).toEqual({
    anybody: { __typename: 'Writer', name: 'Wri', friend: { __typename: 'Reader', name: 'Rea', email: 'r1@x' } },
  });
  expect(await federation.dataOf('{ recent { id unread ... on Writer { books } } }')).toEqual({
    recent: [{ id: 'r1', unread: 4 }, null, { id: 'w1', unread: 4, books: 3 }],
  });
});

test('an interface object that its subgraph does not resolve is resolved where it is known', async () => {
  expect(await federation.dataOf('{ entries { text by { __typename id name unread } } }')).toEqual({
    entries: [
      { text: 'in', by: { __typename: 'Writer', id: 'w1', name: 'Wri', unread: 4 } },
      { text: 'out', by: null },
    ],
  });
});

test('a fragment of another implementation gives an empty object', async () => {
  expect(await federation.dataOf('{ anybody { ... on Reader { name } } }')).toEqual({ anybody: {} });
});
