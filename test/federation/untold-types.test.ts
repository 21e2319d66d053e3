import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

/** Entities of an interface object whose types another subgraph tells, or fails to tell. */
type Key = { readonly id: string };
let fault: 'none' | 'field' | 'entity' | 'call' = 'none';

function machine({ id }: Key) {
  if (fault === 'entity' && id === 'm2') throw Object.assign(new Error('Sealed.'), { extensions: { code: 'SEALED' } });
  return id === 'gone' ? null : { __typename: 'Press', id };
}

const assets = {
  typeDefs: `
    type Query { first: Machine }
    interface Machine @key(fields: "id") { id: ID! name: String }
    type Press implements Machine @key(fields: "id") { id: ID! force: Int! name: String }
    type Robot implements Machine @key(fields: "id") { id: ID! axes: Int name: String }
  `,
  resolvers: {
    Query: { first: () => machine({ id: 'm1' }) },
    Machine: { __resolveReference: async (key: Key) => machine(key) },
    Press: {
      __resolveReference: machine,
      name: ({ id }: Key) => `Press ${id}`,
      force: ({ id }: Key) => {
        if (fault === 'field' && id === 'm2') throw Object.assign(new Error('Off.'), { extensions: { code: 'OFF' } });
        return 40;
      },
    },
  },
};
const floor = {
  typeDefs: `
    type Query { running: [Machine] known: Machine! all: [Machine!] }
    type Machine @key(fields: "id") @interfaceObject {
      id: ID! load: Float name: String @external note: String @requires(fields: "name")
    }
  `,
  resolvers: {
    Query: {
      running: () => [{ id: 'm1' }, { id: 'm2' }, null, { id: 'gone' }],
      known: () => ({ id: 'gone' }),
      all: () => [{ id: 'm1' }, { id: 'gone' }],
    },
    Machine: { __resolveReference: (self: unknown) => self, load: () => 0.5, note: () => 'Oiled' },
  },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ assets, floor });
});
beforeEach(() => {
  fault = 'none';
});
afterAll(() => federation.close());

const press = (id: string, rest: object = {}) => ({ __typename: 'Press', id, ...rest });
const query = '{ running { __typename id load ... on Press { force name } } }';

test('an entity that nobody knows is null where the type was to come from another subgraph', async () => {
  const { data, errors } = await federation.query(query);
  expect(errors).toBeUndefined();
  const rest = { load: 0.5, force: 40 };
  expect(data.running).toEqual([
    press('m1', { ...rest, name: 'Press m1' }),
    press('m2', { ...rest, name: 'Press m2' }),
    null,
    null,
  ]);
});

test('where it must not be null, that is told at its place', async () => {
  const { data, errors } = await federation.query('{ all { __typename } }');
  expect(data).toEqual({ all: null });
  expect(errors).toMatchObject([{ path: ['all', 1], extensions: { code: 'NULL_FOR_NON_NULL' } }]);
  const known = await federation.query('{ known { __typename } }');
  expect(known.data).toBeNull();
  expect(known.errors).toMatchObject([{ path: ['known'], extensions: { code: 'NULL_FOR_NON_NULL' } }]);
});

test('a field that failed and took the entity with it is told at its place, with its code', async () => {
  fault = 'field';
  const { data, errors } = await federation.query(query);
  expect(data.running.map((each: Key | null) => each?.id)).toEqual(['m1', undefined, undefined, undefined]);
  expect(errors).toMatchObject([{ path: ['running', 1, 'force'], extensions: { code: 'OFF', service: 'assets' } }]);
});

test('an entity that failed is told at its place, once', async () => {
  fault = 'entity';
  const { data, errors } = await federation.query('{ running { type: __typename ... on Press { name } } }');
  expect(data.running).toEqual([{ type: 'Press', name: 'Press m1' }, null, null, null]);
  expect(errors).toMatchObject([{ path: ['running', 1], extensions: { code: 'SEALED', service: 'assets' } }]);
});

test('a subgraph that is away is named at every entity whose type it was to tell; the others answer', async () => {
  const away = await startFederation({ assets, floor });
  await away.subgraphs['assets']?.close();
  const { data, errors } = await away.query('{ running { __typename id } untyped: running { id load } }');
  expect(data.running).toEqual([null, null, null, null]);
  expect(data.untyped[1]).toEqual({ id: 'm2', load: 0.5 });
  expect(errors?.map(({ path }) => path)).toEqual([
    ['running', 0],
    ['running', 1],
    ['running', 3],
  ]);
  for (const error of errors ?? []) expect(error.extensions).toMatchObject({ service: 'assets' });
  await away.close().catch(() => undefined);
});

test('so it is where a field of the type requires others', async () => {
  const { assets: down } = federation.subgraphs;
  down!.answerWith((response) => response.writeHead(503).end());
  const { data, errors } = await federation.query(
    '{ running { key: id ... on Press { force load } ... on Robot { axes note } } }',
  );
  down!.answerWith(undefined);
  expect(data).toEqual({ running: [null, null, null, null] });
  expect(errors?.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual(
    [0, 1, 3].map((index) => [['running', index], 'SUBGRAPH_UNAVAILABLE']),
  );
});

test('types are told under any name, also where nothing else is asked for', async () => {
  const { data, errors } = await federation.query(`{
    alone: running { kind: __typename }
    twice: running { kind: __typename ... on Machine { type: __typename kind: __typename } }
    within: running { ... on Press { kind: __typename } }
  }`);
  expect(errors).toBeUndefined();
  const [alone, twice] = [{ kind: 'Press' }, { kind: 'Press', type: 'Press' }];
  expect(data).toEqual({
    alone: [alone, alone, null, null],
    twice: [twice, twice, null, null],
    within: [alone, alone, null, null],
  });
});
