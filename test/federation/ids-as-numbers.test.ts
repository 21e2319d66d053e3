import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({
    parts: {
      typeDefs: `
        type Query { one(id: ID!): ID some(ids: [[ID]]): [ID] by(filter: Filter!): ID weight(grams: Float!): Float }
        input Filter { id: ID within: Filter, among: [Filter!] }
      `,
      resolvers: {
        Query: {
          one: (_: unknown, { id }: { id: string }) => id,
          some: (_: unknown, { ids }: { ids: string[][] }) => ids.flat(),
          by: (_: unknown, { filter }: { filter: { id: string } }) => filter.id,
          weight: (_: unknown, { grams }: { grams: number }) => grams,
        },
      },
    },
  });
});
afterAll(() => federation.close());

/** The digits of the numbers are those of the text. */
async function ask(query: string, variables: string) {
  const response = await fetch(federation.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"query":${JSON.stringify(query)},"variables":${variables}}`,
  });
  return (await response.json()) as { data?: unknown; errors?: { message: string; extensions: { code: string } }[] };
}

const one = 'query ($id: ID!) { one(id: $id) }';
const some = 'query ($ids: [[ID]]) { some(ids: $ids) }';
const by = 'query ($filter: Filter!) { by(filter: $filter) }';

/** 9007199254740993 is read as …992: another object's. */
test.each([
  [one, '{"id":9007199254740993}', '$id', ''],
  [one, '{"id":-9007199254740993}', '$id', ''],
  [some, '{"ids":9007199254740993}', '$ids', ''],
  [some, '{"ids":[["7"],[8,9007199254740993]]}', '$ids', ' at "ids[1][1]"'],
  [by, '{"filter":{"within":{"id":9007199254740993}}}', '$filter', ' at "filter.within.id"'],
  [by, '{"filter":{"among":[{"id":1},{"id":9007199254740993}]}}', '$filter', ' at "filter.among[1].id"'],
])('%s with %s names no other object: it is refused, with the place', async (query, variables, name, place) => {
  const { data, errors } = await ask(query, variables);
  expect(data).toBeUndefined();
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  expect(errors?.[0]?.message).toContain(`Variable "${name}" got invalid value`);
  expect(errors?.[0]?.message).toContain(`${place}; a number beyond 2^53 loses its last digits. Send the ID as text.`);
});

test.each([
  [one, '{"id":9007199254740991}', { one: '9007199254740991' }],
  [one, '{"id":"9007199254740993"}', { one: '9007199254740993' }],
  ['{ one(id: 9007199254740993) }', '{}', { one: '9007199254740993' }],
  [some, '{"ids":[[1,null],["2"]]}', { some: ['1', null, '2'] }],
  [by, '{"filter":{"id":7,"within":null}}', { by: '7' }],
  ['query ($grams: Float!) { weight(grams: $grams) }', '{"grams":1e20}', { weight: 1e20 }],
])('%s with %s is answered', async (query, variables, data) => {
  expect(await ask(query, variables)).toMatchObject({ data });
});
