import { afterAll, beforeAll, expect, test } from 'vitest';
import { askInParts } from '../support/deferred-operations.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(shop());
});
afterAll(() => federation.close());

const ask = async (query: string) => {
  const { data, errors } = await federation.query(query);
  expect(errors).toBeUndefined();
  return data;
};

test('a field that the client calls like the key of its object is shown, and the object is joined by its key', async () => {
  expect(await ask('{ products(first: 2) { id: name inStock } }')).toEqual({
    products: [
      { id: 'Table', inStock: 4 },
      { id: 'Lamp', inStock: 0 },
    ],
  });
  expect(await ask('{ review(id: "r4") { id: body product { name: id id: inStock } } }')).toEqual({
    review: { id: null, product: { name: 'p3', id: null } },
  });
});

test('fields that the client calls like what another field requires are shown, and what is required is sent', async () => {
  expect(await ask('{ product(id: "p2") { price: weight weight: price shipping } }')).toEqual({
    product: { price: 3, weight: 40, shipping: 6 },
  });
});

test('a field that the client calls like the type of its object is shown', async () => {
  expect(await ask('{ product(id: "p1") { __typename: name inStock } }')).toEqual({
    product: { __typename: 'Table', inStock: 4 },
  });
});

test('names that planners make up can be had for aliases', async () => {
  expect(await ask('{ product(id: "p2") { _internal_qp_alias_0: name id__alias_0: inStock shipping } }')).toEqual({
    product: { _internal_qp_alias_0: 'Lamp', id__alias_0: 0, shipping: 6 },
  });
});

test('so they are in parts', async () => {
  const query = '{ products(first: 2) { id: name ... @defer { price: inStock name: id } } }';
  const { data, errors, laterParts } = await askInParts(federation, query, {});
  expect([data, errors]).toEqual([
    {
      products: [
        { id: 'Table', price: 4, name: 'p1' },
        { id: 'Lamp', price: 0, name: 'p2' },
      ],
    },
    [],
  ]);
  expect(laterParts).toBeGreaterThan(0);
});
