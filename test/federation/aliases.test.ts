import fc from 'fast-check';
import { type DocumentNode, Kind, parse, print, visit } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askInParts } from '../support/deferred-operations.ts';
import { startDifferential } from '../support/differential.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { operations, randomNumbers } from '../support/federation-operations.ts';
import { shop } from '../support/federation-shop.ts';
import { generatedArguments, generateSupergraph } from '../support/generated-supergraph.ts';

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(shop());
});
afterAll(() => federation.close());

test('a field that the client calls like the key of its object is shown, and the object is joined by its key', async () => {
  expect(await federation.dataOf('{ products(first: 2) { id: name inStock } }')).toEqual({
    products: [
      { id: 'Table', inStock: 4 },
      { id: 'Lamp', inStock: 0 },
    ],
  });
  expect(await federation.dataOf('{ review(id: "r4") { id: body product { name: id id: inStock } } }')).toEqual({
    review: { id: null, product: { name: 'p3', id: null } },
  });
});

test('fields that the client calls like what another field requires are shown, and what is required is sent', async () => {
  expect(await federation.dataOf('{ product(id: "p2") { price: weight weight: price shipping } }')).toEqual({
    product: { price: 3, weight: 40, shipping: 6 },
  });
});

test('a field that the client calls like the type of its object is shown', async () => {
  expect(await federation.dataOf('{ product(id: "p1") { __typename: name inStock } }')).toEqual({
    product: { __typename: 'Table', inStock: 4 },
  });
});

test('names that planners make up can be had for aliases', async () => {
  expect(
    await federation.dataOf('{ product(id: "p2") { _internal_qp_alias_0: name id__alias_0: inStock shipping } }'),
  ).toEqual({
    product: { _internal_qp_alias_0: 'Lamp', id__alias_0: 0, shipping: 6 },
  });
});

test.each(['representations', '_representations', '__batch_reps_0'])('so they can for variables: $%s', async (name) => {
  const items = await startFederation({
    list: {
      typeDefs: `
        type Query { items: [Item] best: Item echo(text: String): String }
        type Item @key(fields: "id") { id: ID! }
      `,
      resolvers: {
        Query: {
          items: () => [{ id: 'i1' }, { id: 'i2' }],
          best: () => ({ id: 'i2' }),
          echo: (_: unknown, { text }: { text: string }) => text,
        },
      },
    },
    labels: {
      typeDefs: 'type Item @key(fields: "id") { id: ID! label(in: String): String }',
      resolvers: { Item: { label: ({ id }: { id: string }, given: { in?: string }) => `${id} in ${given.in}` } },
    },
  });
  const labelled = ['i1 in fr', 'i2 in fr'].map((label) => ({ label }));
  for (const [query, data] of [
    ['items { label(in: $X) }', { items: labelled }],
    ['echo(text: $X) items { label(in: $X) }', { echo: 'fr', items: labelled }],
    ['items { label(in: $X) } best { label(in: "de") }', { items: labelled, best: { label: 'i2 in de' } }],
    ['items { label(in: $X) } best { id: label(in: $X) }', { items: labelled, best: { id: 'i2 in fr' } }],
  ] as const) {
    const operation = `query ($X: String) { ${query} }`.replaceAll('$X', `$${name}`);
    expect(await items.dataOf(operation, { [name]: 'fr' })).toEqual(data);
  }
  await items.close();
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

/** Names of fields, most of which are keys or required somewhere. */
const names = ['id', 'code', 'num', 'ref', 'label', 'f0', 'f1', 'f2', 'x0', '_selected_id', 'constructor'];

function renameSome(document: DocumentNode, seed: number, percent: number): DocumentNode {
  const random = randomNumbers(seed);
  return visit(document, {
    Field: (node) => {
      if (random() * 100 >= percent) return undefined;
      const value = names[Math.floor(random() * names.length)] ?? '';
      return { ...node, alias: { kind: Kind.NAME, value } };
    },
  });
}

// Values once stood in the place of others there.
test.each([87])('fields may be called like any other, in supergraph %i', async (seed) => {
  const { subgraphs, monolith } = generateSupergraph(seed);
  const differential = await startDifferential(subgraphs, monolith);
  try {
    let compared = 0;
    const arbitrary = operations(differential.monolith, generatedArguments);
    for (const { query, variables } of fc.sample(arbitrary, { seed, numRuns: 12 })) {
      const renamed = [60, 40, 25, 15, 8].flatMap((percent, index) =>
        [0, 1, 2].map((more) => print(renameSome(parse(query), seed + index * 3 + more, percent))),
      );
      const operation = renamed.map((text) => ({ query: text, variables })).find((one) => differential.isValid(one));
      if (!operation) continue;
      const expected = await differential.expected(operation);
      const { data } = await differential.ask('native', operation);
      if (data === undefined) continue;
      compared += 1;
      expect(JSON.stringify(data), operation.query).toBe(JSON.stringify(expected.data));
    }
    expect(compared).toBeGreaterThan(5);
  } finally {
    await differential.close();
  }
});
