import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApolloPlanner } from '../../gateway/planning/planners/apollo-planner.ts';
import { testConformance } from '../support/federation-conformance.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

/** What the native planner (version 0.0.38) finds no way for is planned without Apollo's, which takes seconds for some. */
let askApollo: ReturnType<typeof vi.spyOn>;
beforeAll(() => {
  askApollo = vi.spyOn(ApolloPlanner.prototype, 'plan');
});
afterAll(() => askApollo.mockRestore());

describe('objects that are reached through several interface objects', () => {
  testConformance({
    subgraphs: {
      stock: `
        type Query { items: [Item] }
        interface Item @key(fields: "id") { id: ID! label: String }
        type Bolt implements Item @key(fields: "id") { id: ID! label: String @shareable pitch: Int }
        type Plate implements Item @key(fields: "id") { id: ID! label: String sheets: Int }
      `,
      tools: `
        type Bolt @key(fields: "id") {
          id: ID! label: String @external torque: Int setting: String @requires(fields: "label")
        }
      `,
      tagging: `
        type Query { tagged: [Item] }
        type Item @interfaceObject @key(fields: "id") {
          id: ID! label: String @external tag: String @requires(fields: "label") weight: Int
        }
      `,
      pricing: `
        type Query { priced: [Item!] }
        type Item @interfaceObject @key(fields: "id") { id: ID! price(currency: String): Float next: Item }
      `,
    },
    cases: {
      'have the fields of their own type': '{ priced { ... on Bolt { torque } } }',
      'have what these require': '{ priced { next { ... on Bolt { setting } ... on Plate { sheets } } } }',
      'are of a type that is asked for': '{ tagged { __typename next { __typename price } } }',
      'have more where only one type is asked for it': '{ priced { price ... on Bolt { tag } ... on Plate { id } } }',
      'have different fields below one field, by their type': `{
        priced { ... on Bolt { next { id ... on Bolt { pitch } } } ... on Plate { next { price weight } } }
      }`,
      'at every level': `{
        tagged { next { next { ... on Bolt { torque tag next { ... on Plate { label sheets price } } } } } }
      }`,
    },
    runs: 20,
  });
});

describe('values that several subgraphs know in part', () => {
  testConformance({
    subgraphs: {
      floor: `
        type Query { machine: Machine }
        type Machine @key(fields: "id") { id: ID! place: Place @shareable parts: [Part] }
        type Place { hall: String @shareable column: Int }
        union Part = Motor | Belt
        type Motor @key(fields: "id") { id: ID! }
        type Belt @key(fields: "code") { code: ID! }
      `,
      map: `
        type Machine @key(fields: "id") { id: ID! place: Place @shareable }
        type Place { hall: String @shareable storey: Int exit: Exit }
        type Exit { door: String }
      `,
      energy: `
        type Motor @key(fields: "id") { id: ID! name: String power(unit: String): Int }
        type Belt @key(fields: "code") { code: ID! name: String! }
      `,
    },
    cases: {
      'are put together, beside members of a union with fields that differ': `{
        machine { place { hall column storey exit { door } } parts { ... on Motor { name } ... on Belt { title: name } } }
      }`,
      'also under names of keys': '{ machine { id: place { column storey } parts { ... on Motor { id: power } } } }',
    },
    runs: 30,
  });
});

describe('objects at different places', () => {
  type Item = { readonly id: string };
  const failing = new Set<string>();
  const reference = (item: Item) => {
    if (failing.has(item.id)) throw new Error(`No ${item.id}.`);
    return item;
  };
  let federation: Federation;
  beforeAll(async () => {
    federation = await startFederation({
      stock: {
        typeDefs: `
          type Query { stocked: [Item] }
          interface Item @key(fields: "id") { id: ID! }
          type Bolt implements Item @key(fields: "id") { id: ID! pitch: Int }
          type Plate implements Item @key(fields: "id") { id: ID! }
        `,
        resolvers: {
          Query: { stocked: () => [{ id: 'b7' }] },
          Item: {
            __resolveReference: reference,
            __resolveType: ({ id }: Item) => (id.startsWith('b') ? 'Bolt' : 'Plate'),
          },
          Bolt: { __resolveReference: reference, pitch: ({ id }: Item) => id.length },
        },
      },
      tools: {
        typeDefs: 'type Bolt @key(fields: "id") { id: ID! torque(unit: String): String }',
        resolvers: {
          Bolt: {
            __resolveReference: reference,
            torque: ({ id }: Item, { unit }: { unit?: string }) => `${id} ${unit ?? 'Nm'}`,
          },
        },
      },
      pricing: {
        typeDefs: `
          type Query { priced: [Item] best: Item }
          type Item @interfaceObject @key(fields: "id") { id: ID! next: Item }
        `,
        resolvers: {
          Query: { priced: () => [{ id: 'b1' }, { id: 'p1' }], best: () => ({ id: 'b2' }) },
          Item: { __resolveReference: reference, next: () => ({ id: 'b3' }) },
        },
      },
    });
  });
  beforeEach(() => {
    failing.clear();
    for (const { received } of Object.values(federation.subgraphs)) received.length = 0;
  });
  afterAll(() => federation.close());
  const requests = () =>
    Object.fromEntries(Object.entries(federation.subgraphs).map(([name, { received }]) => [name, received.length]));

  const query = `query ($unit: String, $representations: String) {
    priced { ... on Bolt { torque(unit: $unit) } }
    best { ... on Bolt { torque(unit: $representations) } next { ... on Bolt { torque } } }
  }`;
  const variables = { unit: 'lbf', representations: 'kp' };

  test('are asked for in one request to each subgraph', async () => {
    expect(await federation.dataOf(query, variables)).toEqual({
      priced: [{ torque: 'b1 lbf' }, {}],
      best: { torque: 'b2 kp', next: { torque: 'b3 Nm' } },
    });
    expect(requests()).toEqual({ pricing: 1, stock: 1, tools: 1 });
  });

  test('fail each by itself', async () => {
    failing.add('b2');
    const { data, errors } = await federation.query(query, variables);
    expect(data.priced).toEqual([{ torque: 'b1 lbf' }, {}]);
    expect(data.best).toBeNull();
    expect(errors).toMatchObject([{ path: ['best'] }]);
  });
});

test("Apollo's planner was asked for none of them", () => expect(askApollo).not.toHaveBeenCalled());
