import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery, printSchema } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

const definition = {
  main: {
    typeDefs: `
      type Query { shown(filter: Filter, secretArg: Int @inaccessible): Shown concealed: Concealed @inaccessible all: [Any] node: Node }
      interface Node { id: ID! }
      type Shown implements Node @key(fields: "id") @tag(name: "x") { id: ID! name: String @deprecated(reason: "old") veiled: String @inaccessible }
      type Concealed implements Node @inaccessible { id: ID! }
      union Any = Shown | Concealed
      enum Level { LOW HIGH SECRET @inaccessible }
      input Filter { level: Level internal: String @inaccessible }
      scalar Moment @specifiedBy(url: "https://example.com/moment")
      type Other { at: Moment }
      type Mutation { touch: Other }
    `,
    resolvers: { Query: { shown: () => ({ id: '1', name: 'N' }) } },
  },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(definition);
});
afterAll(() => federation.close());

test('clients see the graph and nothing of federation, nor anything inaccessible', async () => {
  const { data, errors } = await federation.query(
    getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true }),
  );
  expect(errors).toBeUndefined();
  const sdl = printSchema(buildClientSchema(data as IntrospectionQuery));
  expect(sdl).not.toMatch(
    /join__|link__|_Service|_entities|inaccessible|@tag|Concealed|veiled|secretArg|SECRET|internal/,
  );
  expect(sdl).toContain('name: String @deprecated(reason: "old")');
  expect(sdl).toContain('union Any = Shown');
  expect(sdl).toContain('scalar Moment @specifiedBy(url: "https://example.com/moment")');
});

test('introspection mixes with data, under aliases, in fragments and with variables', async () => {
  const query = `query ($type: String!, $no: Boolean = false) {
    shown { id } ...Meta hidden: __schema @include(if: $no) { types { name } }
  }
  fragment Meta on Query { s: __schema { queryType { name } } t: __type(name: $type) { name fields(includeDeprecated: true) { name } } __typename }`;
  expect(await federation.query(query, { type: 'Shown' })).toMatchObject({
    data: {
      shown: { id: '1' },
      s: { queryType: { name: 'Query' } },
      t: { name: 'Shown', fields: [{ name: 'id' }, { name: 'name' }] },
      __typename: 'Query',
    },
  });
  expect(
    (await federation.query('{ __type(name: "join__Graph") { name } __schema { queryType { name } } }')).data,
  ).toEqual({
    __type: null,
    __schema: { queryType: { name: 'Query' } },
  });
});

test('a hidden field and one that does not exist are refused in the same words', async () => {
  const message = async (name: string) =>
    (await federation.query(`{ shown { ${name} } }`)).errors?.[0]?.message.replaceAll(name, 'X');
  expect(await message('veiled')).toBe(await message('absent'));
});

test('introspection can be turned off, and then no suggestion gives names away', async () => {
  const closed = await startFederation(definition, { config: { introspection: false } });
  const { status, body } = await closed.post({ query: '{ __schema { types { name } } }' });
  expect([status, body.errors?.[0]?.extensions?.['code']]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
  expect((await closed.query('{ show { id } }')).errors?.[0]?.message).toBe(
    'Cannot query field "show" on type "Query".',
  );
  expect((await closed.query('{ __typename shown { id } }')).data).toEqual({ __typename: 'Query', shown: { id: '1' } });
  await closed.close();
});

test('introspection that goes round in circles is refused, what tools ask is not', async () => {
  const circle = '{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }';
  const { status, body } = await federation.post({ query: circle });
  expect([status, body.errors?.[0]?.extensions?.['code']]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
  expect((await federation.query(getIntrospectionQuery({ oneOf: true, schemaDescription: true }))).errors).toBe(
    undefined,
  );
});
