import { afterEach, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';

let federation: Federation;
afterEach(() => federation.close());

const query = '{ products { name inStock } }';
const asked = { query, extensions: { queryPlan: true } };

test('a request that asks gets the plan that answered it, by its extensions or by a header', async () => {
  federation = await startFederation(shop(), { config: { exposeQueryPlans: true } });
  const { body } = await federation.post(asked);
  const plan = JSON.stringify(body.extensions.queryPlan);
  expect(plan).toContain('"service":"catalogue"');
  expect(plan).toContain('"service":"stock"');
  expect(body.extensions.sources).toHaveLength(2);
  // Ten products, as nobody says how many.
  expect(body.extensions.cost).toBe(10);
  const byHeader = await federation.post({ query }, { 'apollo-expose-query-plan': 'true' });
  expect(byHeader.body.extensions.queryPlan).toEqual(body.extensions.queryPlan);
  expect((await federation.query(query)).extensions.queryPlan).toBeUndefined();
  expect((await federation.post({ query: '{ __typename }', extensions: { queryPlan: true } })).body.extensions).toEqual(
    {
      queryPlan: [],
      cost: 0,
    },
  );
});

test('nobody gets it unless the gateway is configured to show plans', async () => {
  federation = await startFederation(shop());
  const { body } = await federation.post(asked, { 'apollo-expose-query-plan': 'true' });
  expect(body.extensions.queryPlan).toBeUndefined();
});
