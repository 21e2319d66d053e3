import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testConformance } from '../support/federation-conformance.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

type Ref = { id: string };

/** Says in some places what another subgraph owns: on objects, on members of unions, nested, and of interfaces. */
const shelf = {
  typeDefs: `
    type Query {
      plain: Book
      quick: Book @provides(fields: "title author { name }")
      media: Media @provides(fields: "... on Book { title }")
      works: [Work] @provides(fields: "... on Book { title }")
    }
    union Media = Book | Film
    interface Work { id: ID! }
    type Book implements Work @key(fields: "id") { id: ID! title: String @external author: Author @external }
    type Film implements Work @key(fields: "id") { id: ID! }
    type Author @key(fields: "id") { id: ID! name: String @external }
  `,
  resolvers: {
    Query: {
      plain: () => ({ id: 'b1' }),
      quick: () => ({ id: 'b1', title: 'near', author: { id: 'a1', name: 'near' } }),
      media: () => ({ __typename: 'Book', id: 'b1', title: 'near' }),
      works: () => [
        { __typename: 'Book', id: 'b1', title: 'near' },
        { __typename: 'Film', id: 'f1' },
      ],
    },
  },
};
const owner = {
  typeDefs: `
    type Book @key(fields: "id") { id: ID! title: String @shareable author: Author @shareable pages: Int }
    type Film @key(fields: "id") { id: ID! title: String @shareable }
    type Author @key(fields: "id") { id: ID! name: String @shareable born: Int }
  `,
  resolvers: {
    Book: {
      __resolveReference: ({ id }: Ref) => ({ id, title: 'far', author: { id: 'a1' }, pages: 9 }),
    },
    Film: { title: () => 'far' },
    Author: { __resolveReference: ({ id }: Ref) => ({ id }), name: () => 'far', born: () => 1900 },
  },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ shelf, owner });
});
afterAll(() => federation.close());

async function ask(query: string) {
  const { received } = federation.subgraphs['owner']!;
  received.length = 0;
  const { data, errors } = await federation.query(query);
  expect(errors).toBeUndefined();
  return { data, callsToOwner: received.length };
}

test('what a field provides is taken there, nested values included, without a call to the owner', async () => {
  expect(await ask('{ quick { title author { name } } }')).toEqual({
    data: { quick: { title: 'near', author: { name: 'near' } } },
    callsToOwner: 0,
  });
});

test('what it does not provide comes from the owner', async () => {
  expect(await ask('{ quick { title pages author { born } } }')).toMatchObject({
    data: { quick: { title: 'near', pages: 9, author: { born: 1900 } } },
  });
  expect(await ask('{ plain { title author { name } } }')).toMatchObject({
    data: { plain: { title: 'far', author: { name: 'far' } } },
  });
});

test('a field provides for one member of a union or interface; the others are asked of their owner', async () => {
  const title = '... on Book { title } ... on Film { title }';
  expect(await ask(`{ media { ${title} } }`)).toMatchObject({ data: { media: { title: 'near' } } });
  expect((await ask(`{ works { id ${title} } }`)).data).toEqual({
    works: [
      { id: 'b1', title: 'near' },
      { id: 'f1', title: 'far' },
    ],
  });
});

test('what is provided may name its type, which everybody knows', async () => {
  const typed = await startFederation(
    {
      shelf: {
        typeDefs: `
          type Query { quick: Book @provides(fields: "author { __typename name }") bare: Book @provides(fields: "author { __typename }") }
          type Book @key(fields: "id") { id: ID! author: Author @external }
          type Author @key(fields: "id") { id: ID! name: String @external }
        `,
        resolvers: {
          Query: {
            quick: () => ({ id: 'b1', author: { id: 'a1', name: 'near' } }),
            bare: () => ({ id: 'b1', author: { id: 'a1' } }),
          },
        },
      },
      owner,
    },
    { config: { engine: 'native' } },
  );
  const { data, errors } = await typed.query('{ quick { author { name } } bare { author { __typename name } } }');
  await typed.close();
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    quick: { author: { name: 'near' } },
    bare: { author: { __typename: 'Author', name: 'far' } },
  });
});

describe('a field that leads to its own type', () => {
  testConformance({
    subgraphs: {
      pages: `
        type Query { cover: Page! @provides(fields: "next { id }") page: Page @provides(fields: "next { next { id } }") }
        type Page @key(fields: "id") { id: ID! next: Page! @external }
      `,
      links: 'type Page @key(fields: "id") { id: ID! next: Page! @shareable }',
    },
    cases: {
      'is provided as often as the schema says':
        '{ cover { next { next { next { id } } } } page { next { next { id } } } }',
    },
    runs: 15,
  });
});
