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

test('an answer in parts shows, with its first part, the calls that all parts are made of', async () => {
  federation = await startFederation(shop(), { config: { exposeQueryPlans: true } });
  const inParts = (body: object) =>
    fetch(federation.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'multipart/mixed;deferSpec=20220824, application/json' },
      body: JSON.stringify(body),
    }).then((response) => response.text());
  const text = await inParts({ ...asked, query: '{ products { name ... @defer { inStock } } }' });
  const [first, ...later] = [...text.matchAll(/\r\n\r\n(.*)\r\n--graphql/g)].map(([, json = '']) => JSON.parse(json));
  expect(first).toMatchObject({ hasNext: true, extensions: { cost: 10 } });
  expect(JSON.stringify(first.extensions.queryPlan)).toMatch(/"service":"catalogue".*"service":"stock"/);
  expect(later.some(({ extensions }) => extensions?.queryPlan)).toBe(false);
  const silent = await inParts({ query: '{ products { name ... @defer { inStock } } }' });
  expect(silent).not.toContain('queryPlan');
  const nothingLater = await inParts({ ...asked, query: '{ products(first: 0) { name ... @defer { inStock } } }' });
  expect(JSON.parse(nothingLater).extensions.queryPlan).toHaveLength(1);
});

test('nobody gets it unless the gateway is configured to show plans', async () => {
  federation = await startFederation(shop());
  const { body } = await federation.post(asked, { 'apollo-expose-query-plan': 'true' });
  expect(body.extensions.queryPlan).toBeUndefined();
});
