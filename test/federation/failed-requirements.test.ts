import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

/** What one field requires fails: the others of its subgraph are asked for all the same. */
type Batch = { readonly id: string; readonly weight?: number | null; readonly heat?: { readonly code: string } | null };
const fails = new Set<string>();
const failing = <T>(name: string, value: T): T => {
  if (fails.has(name)) throw Object.assign(new Error(`No ${name}.`), { extensions: { code: 'NO_VALUE' } });
  return value;
};
const batches = [{ id: 'b1' }, { id: 'b2' }];

const melt = {
  typeDefs: `
    type Query { batches: [Batch] }
    type Batch @key(fields: "id") { id: ID! weight: Int volume: Int heat: Heat sku: ID @shareable purity: Int! }
    type Heat { code: String }
  `,
  resolvers: {
    Query: { batches: () => batches },
    Batch: {
      __resolveReference: (self: Batch) => batches.find(({ id }) => id === self.id) ?? null,
      weight: ({ id }: Batch) => failing(`weight of ${id}`, 7),
      volume: () => 2,
      purity: ({ id }: Batch) => failing(`purity of ${id}`, 1),
      heat: ({ id }: Batch) => ({ id }),
      sku: ({ id }: Batch) => failing(`sku of ${id}`, `sku-${id}`),
    },
    Heat: { code: ({ id }: Batch) => failing(`heat of ${id}`, `heat-${id}`) },
  },
};
const lab = {
  typeDefs: `
    type Batch @key(fields: "id") {
      id: ID!
      weight: Int @external
      volume: Int @external
      heat: Heat @external
      density: String @requires(fields: "weight volume")
      size: String @requires(fields: "volume")
      grade: String! @requires(fields: "weight")
      origin: String @requires(fields: "heat { code }")
      state: String
      next: Batch
      strict: String! @requires(fields: "weight")
    }
    type Heat @external { code: String }
  `,
  resolvers: {
    Batch: {
      __resolveReference: (self: Batch) => self,
      // One that takes the null for a weight, and one that fails because of it.
      density: ({ weight }: Batch) => `${(weight ?? 0) / 2}`,
      grade: ({ weight }: Batch) => `grade ${(weight as number).toFixed()}`,
      size: () => 'large',
      origin: ({ heat }: Batch) => `from ${heat?.code}`,
      state: ({ id }: Batch) => `state of ${id}`,
      next: () => ({ id: 'b2' }),
      strict: ({ weight }: Batch) => `${weight}`,
    },
  },
};
const shop = {
  typeDefs: 'type Batch @key(fields: "sku") { sku: ID @shareable price: Int }',
  resolvers: { Batch: { __resolveReference: (self: unknown) => self, price: () => 3 } },
};
const plan = {
  typeDefs: 'type Query { planned: [Batch] } type Batch @key(fields: "id") { id: ID! }',
  resolvers: { Query: { planned: () => [{ id: 'b1' }, { id: 'b9' }] } },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ melt, lab, shop, plan });
});
beforeEach(() => fails.clear());
afterAll(() => federation.close());

const ask = async (query: string) => {
  const { data, errors } = await federation.query(query);
  return { data, errors: errors?.map(({ message, path }) => [path?.join('.'), message]) };
};

test('the fields that do not need it are answered, and so are other objects', async () => {
  fails.add('weight of b1');
  expect(await ask('{ batches { state density size } }')).toEqual({
    data: {
      batches: [
        { state: 'state of b1', density: null, size: 'large' },
        { state: 'state of b2', density: '3.5', size: 'large' },
      ],
    },
    errors: [['batches.0.density', 'No weight of b1.']],
  });
});

test('whatever the client calls them, and where it selects what is required, too', async () => {
  fails.add('weight of b1').add('weight of b2');
  const { data, errors } = await ask('{ batches { weight: id w: weight a: density b: density state: size } }');
  const batch = (id: string) => ({ weight: id, w: null, a: null, b: null, state: 'large' });
  expect(data).toEqual({ batches: [batch('b1'), batch('b2')] });
  expect(errors?.map(([path]) => path).sort()).toEqual(
    ['0', '1'].flatMap((index) => ['a', 'b', 'w'].map((key) => `batches.${index}.${key}`)),
  );
});

test('a failure below a required object counts as its failure', async () => {
  fails.add('heat of b1');
  const { data, errors } = await ask('{ batches { origin state } }');
  expect(data.batches[0]).toEqual({ origin: null, state: 'state of b1' });
  expect(data.batches[1]).toEqual({ origin: 'from heat-b2', state: 'state of b2' });
  expect(errors).toEqual([['batches.0.origin', 'No heat of b1.']]);
});

test('a field that may not be null takes its object away, and no other', async () => {
  fails.add('weight of b1');
  const { data, errors } = await ask('{ batches { grade state } }');
  expect(data).toEqual({ batches: [null, { grade: 'grade 7', state: 'state of b2' }] });
  expect(errors).toEqual([['batches.0.grade', 'No weight of b1.']]);
});

test('what took the object away that has it is told once', async () => {
  fails.add('purity of b2');
  const { data, errors } = await ask('{ batches { next { state purity density } } }');
  expect(data.batches).toEqual([{ next: null }, { next: null }]);
  expect(errors).toEqual([0, 1].map((index) => [`batches.${index}.next.purity`, 'No purity of b2.']));
});

test('what follows from the others is asked for as well', async () => {
  fails.add('weight of b1');
  const { data, errors } = await ask('{ batches { density next { density } } }');
  expect(data.batches[0]).toEqual({ density: null, next: { density: '3.5' } });
  expect(errors).toEqual([['batches.0.density', 'No weight of b1.']]);
});

test('nobody is asked where nothing else is selected, or where what failed is the key', async () => {
  for (const { id } of batches) fails.add(`weight of ${id}`).add(`sku of ${id}`);
  const asked = ['lab', 'shop'].map((name) => federation.subgraphs[name]!.received);
  for (const received of asked) received.length = 0;
  const { data, errors } = await ask('{ batches { density price } }');
  expect(data).toEqual({ batches: batches.map(() => ({ density: null, price: null })) });
  expect(errors).toHaveLength(4);
  expect(asked).toEqual([[], []]);
});

test('what is required of an object that its subgraph does not know is null, and so is what needs it: no more', async () => {
  const { received } = federation.subgraphs['lab']!;
  received.length = 0;
  const query = '{ planned { id weight density size origin state next { state } } }';
  expect(await federation.dataOf(query)).toEqual({
    planned: [
      {
        ...{ id: 'b1', weight: 7, density: '3.5', size: 'large', origin: 'from heat-b1' },
        ...{ state: 'state of b1', next: { state: 'state of b2' } },
      },
      {
        ...{ id: 'b9', weight: null, density: null, size: null, origin: null },
        ...{ state: 'state of b9', next: { state: 'state of b2' } },
      },
    ],
  });
  expect(received.length).toBeLessThanOrEqual(2);
});

test('where all fields need what nobody knows, nobody is asked', async () => {
  const { received } = federation.subgraphs['lab']!;
  received.length = 0;
  expect(await federation.dataOf('{ planned { density } }')).toEqual({
    planned: [{ density: '3.5' }, { density: null }],
  });
  expect(received.map(({ variables }) => Object.values(variables))).toMatchObject([[[{ id: 'b1' }]]]);
  const { data, errors } = await ask('{ planned { strict state } }');
  expect(data).toEqual({ planned: [{ strict: '7', state: 'state of b1' }, null] });
  expect(errors).toEqual([['planned.1.strict', 'Cannot return null for non-nullable field Batch.strict.']]);
});
