import { buildSubgraphSchema as buildWithApollo } from '@apollo/subgraph';
import {
  execute,
  type GraphQLSchema,
  isUnionType,
  lexicographicSortSchema,
  parse,
  print,
  printType,
  validateSchema,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { readTypeDefs } from '../../../subgraphs/schema/read-type-defs.ts';
import { buildSubgraphSchema } from '../../../subgraphs/schema/subgraph-schema.ts';

/** Every type of a schema as text, but for those that only federation's own directives speak of. */
function typesOf(schema: GraphQLSchema): readonly string[] {
  const types = Object.values(lexicographicSortSchema(schema).getTypeMap());
  return types.filter(({ name }) => !/^(__|link__|federation__|_Entity$)/.test(name)).map(printType);
}

const entitiesOf = (schema: GraphQLSchema) => {
  const union = schema.getType('_Entity');
  return isUnionType(union) ? union.getTypes().map(({ name }) => name) : [];
};

describe.each(['erp', 'mes', 'qms', 'cmms', 'ops'])('%s', (domain) => {
  const typeDefs = readTypeDefs(domain);
  const schema = buildSubgraphSchema(typeDefs, {});
  const reference = buildWithApollo(typeDefs);

  test('has the types that the federation library makes of it', () => {
    expect(validateSchema(schema)).toEqual([]);
    expect(typesOf(schema)).toEqual(typesOf(reference));
  });

  test('is asked for its own entities, and not for those that it only names', () => {
    const named = [...print(typeDefs).matchAll(/type (\w+)[^{]*resolvable: false/g)].map(([, name]) => name);
    const own = entitiesOf(reference).filter((name) => !named.includes(name));
    expect(entitiesOf(schema).toSorted()).toEqual(own.toSorted());
  });
});

const library = parse(`
  type Query { oldest: Book }
  interface Named { name: String }
  type Book implements Named @key(fields: "isbn") { isbn: ID! name: String }
  type Shelf @key(fields: "no") { no: Int }
`);
const books = new Map([['1', { isbn: '1', name: 'One' }]]);
const resolvers = {
  Query: { oldest: () => books.get('1') },
  Book: {
    __resolveReference: ({ isbn }: { isbn: string }) => {
      if (isbn === 'torn') throw new Error('It is torn.');
      return books.get(isbn) ?? null;
    },
  },
};

const ask = (query: string, representations: readonly object[] = []) =>
  execute({
    schema: buildSubgraphSchema(library, resolvers),
    document: parse(query),
    variableValues: { of: representations },
  });

const entities = 'query ($of: [_Any!]!) { _entities(representations: $of) { __typename ... on Book { name } } }';

test('entities come in the order of their references, and one that fails takes no other with it', async () => {
  const references = [
    { __typename: 'Shelf', no: 3 },
    { __typename: 'Book', isbn: 'torn' },
    { __typename: 'Book', isbn: 'lost' },
    { __typename: 'Book', isbn: '1' },
  ];
  const { data, errors } = await ask(entities, references);
  expect(data).toEqual({
    _entities: [null, null, null, { __typename: 'Book', name: 'One' }],
  });
  expect(errors?.map(({ message, path }) => ({ message, path }))).toEqual([
    { message: 'References to Shelf have no resolver here.', path: ['_entities', 0] },
    { message: 'It is torn.', path: ['_entities', 1] },
  ]);
  // What the subgraph keeps looks as before to everybody but graphql-js.
  expect(Object.keys(books.get('1') ?? {})).toEqual(['isbn', 'name']);
});

test('a gateway reads the schema as its author wrote it', async () => {
  const { data } = await ask('{ _service { sdl } }');
  expect(parse(String(Object(data?.['_service']).sdl), { noLocation: true })).toEqual(
    parse(
      `type Query { oldest: Book }
       interface Named { name: String }
       type Book implements Named @key(fields: "isbn") { isbn: ID! name: String }
       type Shelf @key(fields: "no") { no: Int }`,
      { noLocation: true },
    ),
  );
});

test('a resolver of what the schema does not have is told at the start', () => {
  expect(() => buildSubgraphSchema(library, { Book: { titel: () => null } })).toThrow(
    'There is a resolver of Book.titel, and the schema does not have it.',
  );
});
