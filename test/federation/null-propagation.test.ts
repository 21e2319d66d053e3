import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

const failing = () => {
  throw Object.assign(new Error('Measured twice, failed twice.'), {
    extensions: { code: 'GAUGE_BROKEN', retryable: true },
  });
};

const definitions = {
  lines: {
    typeDefs: `
      type Query { lines: [Line] strict: Line! one: Line list: [Line!] matrix: [[Cell!]] ready: Int! torn: Int! }
      type Line @key(fields: "id") { id: ID! name: String! broken: String }
      type Cell { value: Int! }
    `,
    resolvers: {
      Query: {
        lines: () => [
          { id: '1', name: 'A' },
          { id: '2', name: 'B' },
        ],
        strict: () => ({ id: '1', name: 'A' }),
        one: () => ({ id: '2', name: 'B' }),
        list: () => [
          { id: '1', name: 'A' },
          { id: '2', name: 'B' },
        ],
        ready: () => 1,
        torn: failing,
        matrix: () => [[{ value: 1 }, { value: null }], [{ value: 3 }]],
      },
      Line: { broken: failing },
    },
  },
  gauges: {
    typeDefs: `
      type Line @key(fields: "id") { id: ID! speed: Int! temperature: Int sensors: [Sensor!]! maybe: [Sensor] }
      type Sensor { id: ID! value: Int! }
    `,
    resolvers: {
      Line: {
        speed: ({ id }: { id: string }) => (id === '2' ? failing() : 10),
        temperature: ({ id }: { id: string }) => (id === '2' ? failing() : 20),
        sensors: ({ id }: { id: string }) => [{ id: `${id}a` }, { id: `${id}b` }],
        maybe: ({ id }: { id: string }) => [{ id: `${id}a` }, { id: `${id}b` }],
      },
      Sensor: { value: ({ id }: { id: string }) => (id === '2b' ? failing() : 1) },
    },
  },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(definitions);
});
afterAll(() => federation.close());

const error = (service: string, ...path: (string | number)[]) => ({
  message: 'Measured twice, failed twice.',
  path,
  extensions: { code: 'GAUGE_BROKEN', service, retryable: true },
});

test('a nullable field that fails is null, with the code and the exact path', async () => {
  expect(await federation.query('{ lines { id temperature } }')).toMatchObject({
    data: {
      lines: [
        { id: '1', temperature: 20 },
        { id: '2', temperature: null },
      ],
    },
    errors: [error('gauges', 'lines', 1, 'temperature')],
  });
});

test('a non-null field that fails takes the nearest nullable parent with it, and leaves siblings', async () => {
  expect(await federation.query('{ lines { id speed } }')).toMatchObject({
    data: { lines: [{ id: '1', speed: 10 }, null] },
    errors: [error('gauges', 'lines', 1, 'speed')],
  });
});

test('a list of non-null items goes as a whole', async () => {
  expect(await federation.query('{ list { id speed } one { id } }')).toMatchObject({
    data: { list: null, one: { id: '2' } },
    errors: [error('gauges', 'list', 1, 'speed')],
  });
});

test('null reaches data itself where every parent is non-null', async () => {
  expect(await federation.query('{ strict { broken } }')).toMatchObject({
    data: { strict: { broken: null } },
    errors: [error('lines', 'strict', 'broken')],
  });
  const gauges = federation.subgraphs['gauges'];
  gauges!.answerWith((response) => response.end('{"data":{"_entities":[{"speed":null}]}}'));
  const answer = await federation.query('{ strict { speed } }');
  gauges!.answerWith(undefined);
  expect(answer).toMatchObject({
    data: null,
    errors: [{ path: ['strict', 'speed'], extensions: { code: 'NULL_FOR_NON_NULL', service: 'gauges' } }],
  });
});

test('an error below a null that the subgraph propagated keeps its full path', async () => {
  expect(await federation.query('{ lines { id sensors { id value } } }')).toMatchObject({
    data: { lines: [{ id: '1' }, null] },
    errors: [error('gauges', 'lines', 1, 'sensors', 1, 'value')],
  });
  expect(await federation.query('{ lines { id maybe { id value } } }')).toMatchObject({
    data: { lines: [{ id: '1' }, { id: '2', maybe: [{ id: '2a', value: 1 }, null] }] },
    errors: [error('gauges', 'lines', 1, 'maybe', 1, 'value')],
  });
});

test('an error of a shared entity is told at every place where the entity occurs', async () => {
  const answer = await federation.query(
    '{ one { t: temperature } again: one { temperature } lines { id temperature } }',
  );
  expect(answer.errors).toEqual([
    error('gauges', 'one', 't'),
    error('gauges', 'again', 'temperature'),
    error('gauges', 'lines', 1, 'temperature'),
  ]);
});

test('lists of lists propagate inside out', async () => {
  const answer = await federation.query('{ matrix { value } }');
  expect(answer.data).toEqual({ matrix: [null, [{ value: 3 }]] });
  expect(answer.errors?.map(({ path }) => path)).toEqual([['matrix', 0, 1, 'value']]);
});

test('what took its siblings away with it is told once, at its own place', async () => {
  expect(await federation.query('{ ready renamed: torn }')).toMatchObject({
    data: null,
    errors: [error('lines', 'renamed')],
  });
  const { data, errors } = await federation.query('{ ready strict { name } renamed: torn }');
  expect({ data, errors }).toEqual({ data: null, errors: [error('lines', 'renamed')] });
});
