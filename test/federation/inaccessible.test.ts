import { buildClientSchema, getIntrospectionQuery, printSchema } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

const parts = {
  typeDefs: `
    extend schema @composeDirective(name: "@audited") @link(url: "https://example.org/audit/v1.0", import: ["@audited"])
    directive @audited on FIELD_DEFINITION
    directive @traced(as: String, inside: Boolean @inaccessible) on FIELD
    type Query {
      part(id: ID!, secretly: Boolean = false @inaccessible): Part @audited
      hidden: Part @inaccessible
      find(by: Search, mode: Mode = OPEN): [Thing]
      shape: Shape
    }
    type Part implements Thing @key(fields: "internal") @key(fields: "id") {
      id: ID! @tag(name: "public")
      internal: ID! @inaccessible
      old: String @deprecated(reason: "Use id.")
      list(first: Int, size: Int @deprecated(reason: "Use first.")): [Int]
    }
    type Ghost implements Thing @inaccessible { id: ID! }
    type Box { side: Int }
    type Orb @inaccessible { radius: Int }
    union Shape = Box | Orb
    interface Thing { id: ID! }
    input Search { text: String code: String @inaccessible }
    enum Mode { OPEN CLOSED @inaccessible }
  `,
  resolvers: {
    Query: {
      part: (_: unknown, { id }: { id: string }) => ({ id, internal: `x-${id}` }),
      find: () => [
        { __typename: 'Part', id: 'p1', internal: 'x-p1' },
        { __typename: 'Ghost', id: 'g1' },
      ],
      shape: () => ({ __typename: 'Orb', radius: 4 }),
    },
    Part: { list: () => [1], __resolveReference: (self: unknown) => self },
  },
};
const weights = {
  typeDefs: `
    directive @traced(as: String, inside: Boolean) on FIELD
    type Part @key(fields: "internal") { internal: ID! @inaccessible weight: String }
  `,
  resolvers: { Part: { weight: ({ internal }: { internal: string }) => `weight of ${internal}` } },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ parts, weights });
});
afterAll(() => federation.close());

test('entities are joined by keys that clients may not see', async () => {
  expect(await federation.query('{ part(id: "p1") { id weight } }')).toMatchObject({
    data: { part: { id: 'p1', weight: 'weight of x-p1' } },
  });
});

test.each([
  ['a field', '{ part(id: "p") { internal } }'],
  ['a root field', '{ hidden { id } }'],
  ['an argument', '{ part(id: "p", secretly: true) { id } }'],
  ['a type', '{ find { ... on Ghost { id } } }'],
  ['an enum value', '{ find(mode: CLOSED) { id } }'],
  ['an argument of a directive', '{ shape @traced(inside: true) { __typename } }'],
  ['an input field', '{ find(by: { code: "c" }) { id } }'],
])('%s that is hidden cannot be used', async (_, query) => {
  const { data, errors } = await federation.query(query);
  expect(data).toBeUndefined();
  expect(errors?.[0]?.extensions?.['code']).toBe('GRAPHQL_VALIDATION_FAILED');
});

test('objects of hidden types are null among the visible ones', async () => {
  const { data, errors } = await federation.query('{ find { __typename id } shape { __typename } }');
  expect(data).toEqual({ find: [{ __typename: 'Part', id: 'p1' }, null], shape: null });
  expect(JSON.stringify(errors)).not.toMatch(/Ghost|Orb/);
});

test('introspection shows what clients may use, deprecated arguments and defaults included, and nothing else', async () => {
  const { data } = await federation.query(getIntrospectionQuery({ inputValueDeprecation: true }));
  const sdl = printSchema(buildClientSchema(data));
  expect(sdl).not.toMatch(
    /internal|hidden|secretly|inside|Ghost|Orb|CLOSED|code|join__|link__|_Entity|_Service|@tag|audited/,
  );
  expect(sdl).toContain('find(by: Search, mode: Mode = OPEN): [Thing]');
  expect(sdl).toContain('old: String @deprecated(reason: "Use id.")');
  expect(sdl).toContain('directive @traced(as: String) on FIELD');
  expect(sdl).toContain('size: Int @deprecated(reason: "Use first.")');
});
