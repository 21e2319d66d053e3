import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGateway, type Gateway } from '../../gateway/gateway.ts';
import { composeSources } from '../../gateway/supergraph/compose.ts';
import { readDefinition } from '../support/federation-subgraph.ts';
import { patientConfig } from '../support/patient-config.ts';
import { testRuntime } from '../support/runtime.ts';
import { somebody } from '../support/somebody.ts';

let gateway: Gateway;
const principal = somebody();
const asked: string[] = [];

beforeAll(async () => {
  const typeDefs = `
    type Query { one(by: By!): String some(by: [By!]): String maybe(by: By): String plain(by: Plain!): String }
    input By { id: ID name: String within: By }
    input Plain { id: ID by: By }
  `;
  const { sdl } = composeSources([{ name: 'parts', url: 'local:parts', document: readDefinition({ typeDefs }) }]);
  gateway = await createGateway({
    // Apollo's composition drops @oneOf, others keep it.
    supergraphSdl: sdl.replace('input By', 'input By @oneOf'),
    runtime: testRuntime(),
    config: { ...patientConfig },
    subgraphs: new Map([
      [
        'parts',
        {
          execute: async ({ query }) => {
            asked.push(query);
            return { data: { one: 'found', some: 'found', maybe: 'found', plain: 'found' } };
          },
          subscribe: async () => ({ errors: [{ message: 'Nothing to subscribe to.' }] }),
        },
      ],
    ]),
    authenticate: () => principal,
  });
});
afterAll(() => gateway.drain());

const ask = (query: string, variables: Record<string, unknown> = {}) =>
  gateway.execute({ query, variables, principal });

test.each([
  'query ($id: ID) { one(by: { id: $id }) }',
  'query ($id: ID) { some(by: [{ id: $id }]) }',
  'query ($id: ID) { some(by: { id: $id }) }',
  'query ($id: ID) { maybe(by: { id: $id }) }',
  'query ($id: ID) { maybe(by: { within: { id: $id } }) }',
  'query ($id: ID) { plain(by: { by: { id: $id } }) }',
  'query ($id: ID) { ...F } fragment F on Query { one(by: { id: $id }) }',
])('a variable that may be null is refused for a field of a OneOf input: %s', async (query) => {
  asked.length = 0;
  const { errors } = await ask(query, { id: '1' });
  expect(errors?.map(({ message, extensions }) => [message, extensions?.['code']])).toEqual([
    [
      'Variable "$id" is of type "ID" but must be non-nullable to be used for OneOf Input Object "By".',
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ]);
  expect(asked).toEqual([]);
});

test.each([
  'query ($id: ID!) { one(by: { id: $id }) some(by: [{ id: $id }, { name: "n" }]) }',
  'query ($id: ID) { plain(by: { id: $id }) }',
])('one that is never null is taken, and so is any other place: %s', async (query) => {
  expect((await ask(query, { id: '1' })).errors).toBeUndefined();
});

test.each([[{ id: '1', name: 'n' }], [{}], [{ id: null }], [{ id: '1', name: null }]])(
  'a value of a OneOf input has exactly one field, which is not null: %j',
  async (by) => {
    const { errors } = await ask('query ($by: By!) { one(by: $by) }', { by });
    expect(errors?.map(({ extensions }) => extensions?.['code'])).toEqual(['BAD_USER_INPUT']);
  },
);
