import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

const books = [
  { __typename: 'Book', id: 'b1', title: 'Machines', x: 'text' },
  { __typename: 'Film', id: 'f1', title: 'Brazil', x: 7 },
];

const library = {
  typeDefs: `
    type Query { media: [Media!]! found: [Found] item(id: ID!): Item items: [Item!]! secret: Media hidden: Shown }
    interface Media { id: ID! title: String }
    type Book implements Media @key(fields: "id") { id: ID! title: String x: String }
    type Film implements Media @key(fields: "id") { id: ID! title: String x: Int }
    type Vault implements Media @inaccessible { id: ID! title: String }
    union Found = Book | Film
    interface Item @key(fields: "id") { id: ID! }
    type Tool implements Item @key(fields: "id") { id: ID! size: Int }
    type Part implements Item @key(fields: "id") { id: ID! weight: Int }
    enum Colour { RED GREEN ULTRAVIOLET @inaccessible }
    type Shown { colour: Colour colours: [Colour] }
  `,
  resolvers: {
    Query: {
      media: () => books,
      found: () => [...books, null],
      item: (_: unknown, { id }: { id: string }) => ({
        __typename: id.startsWith('t') ? 'Tool' : 'Part',
        id,
        size: 3,
        weight: 9,
      }),
      items: () => [
        { __typename: 'Tool', id: 't1', size: 3 },
        { __typename: 'Part', id: 'q1', weight: 9 },
      ],
      secret: () => ({ __typename: 'Vault', id: 'v', title: 'gold' }),
      hidden: () => ({ colour: 'ULTRAVIOLET', colours: ['RED', 'ULTRAVIOLET', 'GREEN'] }),
    },
    Book: { __resolveReference: ({ id }: { id: string }) => books.find((book) => book.id === id) },
    Film: { __resolveReference: ({ id }: { id: string }) => books.find((book) => book.id === id) },
    Item: {
      __resolveReference: ({ id }: { id: string }) => ({
        __typename: id.startsWith('t') ? 'Tool' : 'Part',
        id,
        size: 3,
        weight: 9,
      }),
    },
  },
};

const ratings = {
  typeDefs: `
    type Query { best: Item worst: [Item] }
    type Book @key(fields: "id") { id: ID! rating: Int }
    type Film @key(fields: "id") { id: ID! rating: Float }
    type Item @key(fields: "id") @interfaceObject { id: ID! score: Int }
  `,
  resolvers: {
    Query: { best: () => ({ id: 't7' }), worst: () => [{ id: 'q8' }, { id: 't9' }] },
    Book: { rating: () => 5 },
    Film: { rating: () => 4.5 },
    Item: { score: ({ id }: { id: string }) => id.length },
  },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ library, ratings });
});
afterAll(() => federation.close());

test('members of an interface are joined with fields of their own type', async () => {
  const answer = await federation.query(
    '{ media { __typename title ... on Book { rating } ... on Film { stars: rating } } }',
  );
  expect(answer).toMatchObject({
    data: {
      media: [
        { __typename: 'Book', title: 'Machines', rating: 5 },
        { __typename: 'Film', title: 'Brazil', stars: 4.5 },
      ],
    },
  });
});

test('one response key may have another type in each member of an interface or union', async () => {
  const fields = '... on Book { x rating } ... on Film { y: x stars: rating }';
  expect((await federation.query(`{ media { ${fields} } found { ${fields} } }`)).data).toEqual({
    media: [
      { x: 'text', rating: 5 },
      { y: 7, stars: 4.5 },
    ],
    found: [{ x: 'text', rating: 5 }, { y: 7, stars: 4.5 }, null],
  });
});

test('nested fragments on interfaces inside unions apply', async () => {
  const query = '{ found { ... on Media { title ... on Film { id } } } }';
  expect((await federation.query(query)).data).toEqual({
    found: [{ title: 'Machines' }, { title: 'Brazil', id: 'f1' }, null],
  });
});

test('an interface object adds a field to every implementation', async () => {
  expect((await federation.query('{ items { id score ... on Tool { size } } }')).data).toEqual({
    items: [
      { id: 't1', score: 2, size: 3 },
      { id: 'q1', score: 2 },
    ],
  });
});

test('an interface object learns the real type of its entities', async () => {
  const answer = await federation.query(
    '{ best { __typename id score ... on Tool { size } } worst { __typename score } }',
  );
  expect(answer).toMatchObject({
    data: {
      best: { __typename: 'Tool', id: 't7', score: 2, size: 3 },
      worst: [
        { __typename: 'Part', score: 2 },
        { __typename: 'Tool', score: 2 },
      ],
    },
  });
});

test('a type that is hidden from clients comes back as null', async () => {
  const answer = await federation.query('{ secret { title } }');
  expect(answer.data).toEqual({ secret: null });
  expect(JSON.stringify(answer)).not.toContain('Vault');
  expect(JSON.stringify(answer)).not.toContain('gold');
});

test('an enum value that is hidden from clients comes back as null', async () => {
  const answer = await federation.query('{ hidden { colour colours } }');
  expect(answer.data).toEqual({ hidden: { colour: null, colours: ['RED', null, 'GREEN'] } });
  expect(JSON.stringify(answer)).not.toContain('ULTRAVIOLET');
});
