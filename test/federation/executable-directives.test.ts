import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

/** Both compose a directive for operations; only one of them gives its argument a default. */
const subgraph = (field: string, defaultValue: string) => ({
  typeDefs: `
    extend schema @link(url: "https://plant.example/shift/v1.0", import: ["@shift"]) @composeDirective(name: "@shift")
    directive @shift(of: Shift!${defaultValue}) on FIELD | OBJECT
    enum Shift { EARLY LATE }
    type Query { ${field}: String }
  `,
  resolvers: { Query: { [field]: () => field } },
});

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ output: subgraph('output', ''), scrap: subgraph('scrap', ' = EARLY') });
});
afterAll(() => federation.close());

test('operations may carry a composed directive, and leave out an argument that has a default', async () => {
  const { data, errors } = await federation.query('{ output @shift scrap @shift(of: LATE) }');
  expect(errors).toBeUndefined();
  expect(data).toEqual({ output: 'output', scrap: 'scrap' });
});

test('its arguments are checked, and places that only schemas use are not offered', async () => {
  const { errors } = await federation.query('{ output @shift(of: NIGHT) }');
  expect(errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
  const { data } = await federation.query('{ __schema { directives { name locations } } }');
  expect(data.__schema.directives).toContainEqual({ name: 'shift', locations: ['FIELD'] });
});
