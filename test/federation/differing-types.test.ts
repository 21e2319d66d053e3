import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

/** Types that are not the same in every subgraph. */
const accounts = {
  typeDefs: `
    enum Role { ADMIN USER ROBOT @inaccessible }
    enum Sort { ASC DESC RANDOM }
    input Filter { sort: Sort first: Int onlyHere: String }
    union Media = Book | Film
    type Book @key(fields: "id") { id: ID! title: String @shareable }
    type Film @key(fields: "id") { id: ID! title: String @shareable }
    type User @key(fields: "id") { id: ID! role: Role favourite: Media viewed: [Media] }
    type Query {
      users(filter: Filter): [User] @shareable
      me: User
      echo(filter: Filter): String
    }
  `,
  resolvers: {
    Query: {
      users: () => [{ id: 'u1' }, { id: 'u2' }],
      me: () => ({ id: 'u1' }),
      echo: (_: unknown, { filter }: { filter: unknown }) => JSON.stringify(filter),
    },
    User: {
      __resolveReference: (self: unknown) => self,
      role: ({ id }: { id: string }) => (id === 'u1' ? 'USER' : 'ROBOT'),
      favourite: ({ id }: { id: string }) =>
        id === 'u1'
          ? { __typename: 'Book', id: 'b1', title: 'Machines' }
          : { __typename: 'Film', id: 'f1', title: 'Brazil' },
      viewed: () => [
        { __typename: 'Film', id: 'f1', title: 'Brazil' },
        { __typename: 'Book', id: 'b1', title: 'Machines' },
      ],
    },
  },
};

const shop = {
  typeDefs: `
    enum Role { ADMIN USER ROBOT @inaccessible }
    enum Sort { ASC DESC }
    input Filter { sort: Sort first: Int }
    union Media = Book | Song
    type Book @key(fields: "id") { id: ID! title: String @shareable price: Int }
    type Song @key(fields: "id") { id: ID! title: String @shareable seconds: Int }
    type User @key(fields: "id") { id: ID! bought: [Media] granted: Role }
    type Query { users(filter: Filter): [User] @shareable best: Media }
  `,
  resolvers: {
    Query: {
      users: () => [{ id: 'u1' }, { id: 'u2' }],
      best: () => ({ __typename: 'Song', id: 's1', title: 'Hum', seconds: 60 }),
    },
    User: {
      bought: () => [
        { __typename: 'Song', id: 's1', title: 'Hum', seconds: 60 },
        { __typename: 'Book', id: 'b1', title: 'Machines' },
      ],
      granted: () => 'ADMIN',
    },
    Book: { price: () => 12 },
    Song: { __resolveReference: ({ id }: { id: string }) => ({ id, title: 'Hum', seconds: 60 }) },
  },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ accounts, shop });
});
afterAll(() => federation.close());

test('a union holds the members of every subgraph, and each place those of its own', async () => {
  const fields = '__typename ... on Book { title price } ... on Film { title } ... on Song { title seconds }';
  expect(
    await federation.dataOf(
      `{ me { favourite { ${fields} } viewed { ${fields} } bought { ${fields} } } best { ${fields} } }`,
    ),
  ).toEqual({
    me: {
      favourite: { __typename: 'Book', title: 'Machines', price: 12 },
      viewed: [
        { __typename: 'Film', title: 'Brazil' },
        { __typename: 'Book', title: 'Machines', price: 12 },
      ],
      bought: [
        { __typename: 'Song', title: 'Hum', seconds: 60 },
        { __typename: 'Book', title: 'Machines', price: 12 },
      ],
    },
    best: { __typename: 'Song', title: 'Hum', seconds: 60 },
  });
});

test('a member that a place never holds gives an empty object, not an error', async () => {
  expect(
    await federation.dataOf(
      '{ me { favourite { ... on Song { seconds } } } users { favourite { ... on Book { price } } } }',
    ),
  ).toEqual({
    me: { favourite: {} },
    users: [{ favourite: { price: 12 } }, { favourite: {} }],
  });
});

test('a value that clients may not see is null with an error that does not name it', async () => {
  const { data, errors } = await federation.query('{ users { id role granted } }');
  expect(data).toEqual({
    users: [
      { id: 'u1', role: 'USER', granted: 'ADMIN' },
      { id: 'u2', role: null, granted: 'ADMIN' },
    ],
  });
  expect(errors).toMatchObject([{ path: ['users', 1, 'role'], extensions: { service: 'accounts' } }]);
  expect(JSON.stringify(errors)).not.toContain('ROBOT');
});

test('an input has the fields, and an input enum the values, that every subgraph takes', async () => {
  expect(await federation.dataOf('{ echo(filter: { sort: ASC, first: 2 }) }')).toEqual({
    echo: '{"sort":"ASC","first":2}',
  });
  expect(await federation.dataOf('query ($f: Filter) { echo(filter: $f) }', { f: { sort: 'DESC' } })).toEqual({
    echo: '{"sort":"DESC"}',
  });
  for (const filter of ['{ onlyHere: "x" }', '{ sort: RANDOM }']) {
    const { errors } = await federation.query(`{ echo(filter: ${filter}) }`);
    expect(errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
  }
  const { errors } = await federation.query('query ($f: Filter) { echo(filter: $f) }', { f: { onlyHere: 'x' } });
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
});

test('a root field that several subgraphs have is asked once and joined like any other', async () => {
  expect(await federation.dataOf('{ users { id bought { __typename } viewed { __typename } } }')).toEqual({
    users: ['u1', 'u2'].map((id) => ({
      id,
      bought: [{ __typename: 'Song' }, { __typename: 'Book' }],
      viewed: [{ __typename: 'Film' }, { __typename: 'Book' }],
    })),
  });
});

test('__typename is answered everywhere, under any name, also alone', async () => {
  expect(await federation.dataOf('{ __typename }')).toEqual({ __typename: 'Query' });
  expect(await federation.dataOf('{ t: __typename me { kind: __typename favourite { __typename } } }')).toEqual({
    t: 'Query',
    me: { kind: 'User', favourite: { __typename: 'Book' } },
  });
  expect(await federation.dataOf('{ ...A } fragment A on Query { __typename users { __typename } }')).toEqual({
    __typename: 'Query',
    users: [{ __typename: 'User' }, { __typename: 'User' }],
  });
});

/** Reports that two subgraphs share, each of which knows a finding of its own. */
const finding = (type: string, rest: string) => `
  type Report @key(fields: "id") { id: ID! content: Content @shareable ${rest} }
  type Content @shareable { findings: [Finding!]! }
  union Finding = Note | ${type}
  type Note @shareable { text: String }
`;
const note = { __typename: 'Note', text: 'Burr on the edge' };
const scan = { __typename: 'Scan', microns: 12, of: { id: 'r1' } };
const photo = { __typename: 'Photo', pixels: 640 };
const reports = (name: string, own: object) => ({
  Query: { [name]: () => ({ id: 'r1' }), shared: () => ({ id: 'r1', content: { findings: [note] } }) },
  Report: {
    __resolveReference: (self: unknown) => self,
    content: ({ content }: { content?: unknown }) => content ?? { findings: [note, own] },
    [`${name}Content`]: () => ({ findings: [note, own] }),
  },
});
const measuring = {
  typeDefs: `${finding('Scan', '')}
    type Scan { microns(unit: String = "um"): Int of: Report }
    type Query { measured: Report shared: Report @shareable }`,
  resolvers: reports('measured', scan),
};
const camera = {
  typeDefs: `${finding('Photo', 'seenContent: Content')}
    type Photo { pixels: Int }
    type Query { seen: Report shared: Report @shareable }`,
  resolvers: reports('seen', photo),
};

test('members that only one of the sharing subgraphs knows are answered where it is the one that gives them', async () => {
  const all = '__typename ... on Note { text } ... on Scan { microns } ... on Photo { pixels }';
  const federated = await startFederation({ measuring, camera });
  const { data, errors } = await federated.query(`{
    measured { content { findings { ${all} } } seenContent { findings { ${all} } } }
    seen { content { findings { ${all} } } }
    shared { content { findings { ${all} } } }
  }`);
  expect(errors).toBeUndefined();
  const scanned = { __typename: 'Scan', microns: 12 };
  expect(data).toEqual({
    measured: { content: { findings: [note, scanned] }, seenContent: { findings: [note, photo] } },
    seen: { content: { findings: [note, photo] } },
    shared: { content: { findings: [note] } },
  });
  await federated.close();
});

test('such a member is asked for with variables, aliases and what is selected below it', async () => {
  const federated = await startFederation({ measuring, camera });
  const query = `query ($unit: String) {
    measured { content { findings { ... on Scan { size: microns(unit: $unit) of { id content { findings { ... on Scan { microns } } } } } } } }
  }`;
  const { data, errors } = await federated.query(query, { unit: 'um' });
  expect(errors).toBeUndefined();
  expect(data.measured.content.findings).toEqual([
    {},
    { size: 12, of: { id: 'r1', content: { findings: [{}, { microns: 12 }] } } },
  ]);
  await federated.close();
});
