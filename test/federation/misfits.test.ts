import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Federation, startFederation } from '../support/federation-gateway.ts';
import { patientConfig } from '../support/patient-config.ts';
import { logWith } from '../support/runtime.ts';

/** Of a shelf each subgraph knows something else, of a room both the same. */
const subgraphs = {
  parts: {
    typeDefs: `
      type Query { part: Part parts: [Part] shelf: Shelf @shareable room: Room thing: Thing }
      union Thing = Part | Room
      type Part @key(fields: "id") { id: ID! name: String! grade: Grade sizes: [Int!] }
      type Shelf { dust: Int }
      type Room @shareable { code: String }
      enum Grade { A B }
    `,
  },
  warehouse: {
    typeDefs: `
      type Query { shelf: Shelf @shareable rooms: [Room] }
      type Part @key(fields: "id") { id: ID! amount: Int! }
      type Shelf { load: Float }
      type Room @shareable { code: String }
    `,
  },
};

const logged: Record<string, unknown>[] = [];
let federation: Federation;
beforeAll(async () => {
  const log = logWith({ warn: (event, fields) => void logged.push({ event, ...fields }) });
  const { http } = patientConfig;
  federation = await startFederation(subgraphs, {
    runtime: { log },
    config: { metrics: { port: 0, host: '127.0.0.1' }, http: http },
  });
});
afterEach(() => {
  logged.length = 0;
  for (const subgraph of Object.values(federation.subgraphs)) subgraph.answerWith(undefined);
});
afterAll(() => federation.close());

const answer = (subgraph: string, data: unknown) =>
  federation.subgraphs[subgraph]?.answerWith((response) => response.end(JSON.stringify({ data })));
const sourcesOf = ({ extensions }: Answer): Record<string, boolean> =>
  Object.fromEntries(extensions.sources.map(({ service, ok }: { service: string; ok: boolean }) => [service, ok]));

const event = 'subgraph answer does not fit the schema';
const told = { event, subgraph: 'parts', requestId: expect.any(String), misfits: 1 };

const secret = 'Zebra-4711';
const misfits: Record<string, { query: string; data: unknown; line: object }> = {
  'a value of another type': {
    query: '{ part { grade } parts { sizes } }',
    data: { part: { grade: 'A' }, parts: [{ sizes: [1] }, { sizes: [2, secret] }] },
    line: { path: ['parts', 1, 'sizes', 1], field: 'Part.sizes', expected: '[Int!]', given: 'text' },
  },
  'an unknown value of an enum': {
    query: '{ part { grade } }',
    data: { part: { grade: secret } },
    line: { path: ['part', 'grade'], field: 'Part.grade', expected: 'Grade', given: 'text' },
  },
  'null where it may not be': {
    query: '{ part { name } }',
    data: { part: { name: null } },
    line: { path: ['part', 'name'], field: 'Part.name', expected: 'String!', given: 'null' },
  },
  'a field left out': {
    query: '{ part { grade } }',
    data: { part: {} },
    line: { path: ['part', 'grade'], field: 'Part.grade', expected: 'Grade', given: 'nothing' },
  },
  'a list in the place of an object': {
    query: '{ part { grade } }',
    data: { part: [secret] },
    line: { path: ['part'], field: 'Query.part', expected: 'Part', given: 'a list' },
  },
  'an object of an unknown type': {
    query: '{ thing { ... on Part { grade } } }',
    data: { thing: { __typename: secret } },
    line: { path: ['thing'], field: 'Query.thing', expected: 'Thing', given: 'an object' },
  },
  'a root field left out': {
    query: '{ part { grade } }',
    data: {},
    line: { path: ['part'], field: 'part', expected: 'a value', given: 'nothing' },
  },
  'no data, and no error': {
    query: '{ part { grade } }',
    data: null,
    line: { path: [], field: 'data', expected: 'an object', given: 'null' },
  },
};

describe('what a subgraph sends and does not fit the schema', () => {
  for (const [what, { query, data, line }] of Object.entries(misfits)) {
    test(`is told in one line of the log, without its value, and in the sources: ${what}`, async () => {
      answer('parts', data);
      const result = await federation.query(query);
      expect(result.errors).toMatchObject([{ extensions: { service: 'parts' } }]);
      expect(logged).toEqual([{ ...told, ...line }]);
      expect(JSON.stringify(logged)).not.toContain(secret);
      expect(sourcesOf(result)).toEqual({ parts: false });
    });
  }

  test.each([
    ['is no list of entities', { _entities: 7 }, [], 'a list of 1', 'a number'],
    ['is a shorter list', { _entities: [] }, [], 'a list of 1', 'a list of 0'],
    ['is a list of texts', { _entities: [secret] }, [0], 'an object', 'text'],
  ])('is told of entities: what %s', async (_, data, below, expected, given) => {
    answer('parts', { part: { id: '1' } });
    answer('warehouse', data);
    const result = await federation.query('{ part { amount } }');
    expect(logged).toEqual([
      { ...told, subgraph: 'warehouse', path: ['_entities', ...below], field: '_entities', expected, given },
    ]);
    expect(sourcesOf(result)).toEqual({ parts: true, warehouse: false });
  });

  test('is counted, and told once however often it is in an answer, of whichever subgraphs', async () => {
    const counted = async () => {
      const text = await (await fetch(federation.metricsUrl ?? '')).text();
      return text.split('\n').filter((line) => line.startsWith('andon_subgraph_misfits_total{'));
    };
    const before = await counted();
    answer('parts', { parts: ['1', '2', '3'].map((id) => ({ id, grade: 5 })) });
    answer('warehouse', { _entities: [{ amount: 1 }, { amount: 1.5 }, { amount: null }] });
    await federation.query('{ parts { grade amount } }');
    expect(logged).toMatchObject([{ event, subgraph: 'parts', misfits: 5, alsoIn: ['warehouse'] }]);
    const total = (lines: string[], name: string) =>
      Number(lines.find((line) => line.includes(`"${name}"`))?.split(' ')[1] ?? 0);
    const after = await counted();
    for (const name of ['parts', 'warehouse']) expect(total(after, name)).toBe(total(before, name) + 1);
  });

  test('is told of a subgraph that left out, or spoiled, what is needed to ask another one', async () => {
    const extensions = { code: 'SUBGRAPH_MALFORMED_RESPONSE', service: 'parts' };
    const line = { ...told, path: ['part', 'id'], field: 'Part.id' };
    answer('parts', { item: { grade: 'A' } });
    const left = await federation.query('{ item: part { grade amount } }');
    expect(left.errors).toMatchObject([{ extensions }]);
    expect(logged.splice(0)).toEqual([{ ...line, path: ['item', 'id'], expected: 'a value', given: 'nothing' }]);
    answer('parts', { part: { id: 2 ** 53, grade: 'A' } });
    const spoiled = await federation.query('{ part { grade amount } }');
    expect(spoiled.errors).toMatchObject([{ extensions }]);
    expect(logged).toEqual([{ ...line, expected: 'text', given: 'a number beyond 2^53' }]);
  });

  test('is told of an object that its subgraph does not know, which is no fault of its answer', async () => {
    answer('parts', { part: { id: '1' } });
    answer('warehouse', { _entities: [null] });
    const result = await federation.query('{ part { id amount } }');
    expect(result.errors).toMatchObject([{ extensions: { code: 'NULL_FOR_NON_NULL', service: 'warehouse' } }]);
    expect(logged).toMatchObject([{ event, subgraph: 'warehouse', field: 'Part.amount', given: 'no such object' }]);
    expect(sourcesOf(result)).toEqual({ parts: true, warehouse: true });
  });

  test('is told of each part of an answer in parts', async () => {
    answer('parts', { part: { id: '1', grade: 'C' } });
    answer('warehouse', { _entities: [{ amount: 'many' }] });
    const response = await fetch(federation.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'multipart/mixed;incrementalSpec=v0.2' },
      body: JSON.stringify({ query: '{ part { grade ... @defer { amount } } }' }),
    });
    const parts = await response.text();
    expect(parts.split('SUBGRAPH_MALFORMED_RESPONSE')).toHaveLength(3);
    expect(logged).toMatchObject([
      { event, subgraph: 'parts', field: 'Part.grade' },
      { event, subgraph: 'warehouse', field: 'Part.amount', path: ['part', 'amount'] },
    ]);
  });
});

describe('of a field that several subgraphs resolve', () => {
  test('the error names the one that was asked', async () => {
    answer('warehouse', { rooms: [{ code: ['x'] }] });
    const { errors } = await federation.query('{ rooms { code } }');
    expect(errors?.[0]).toMatchObject({
      message: '"warehouse" gave a value for Room.code that does not fit its type String.',
      extensions: { service: 'warehouse' },
    });
  });

  test('the error names those that were asked for it at that place, where any of them may have sent it', async () => {
    answer('warehouse', { shelf: 'none' });
    answer('parts', { shelf: 'none' });
    const { errors } = await federation.query('{ shelf { dust load } }');
    const services = expect.arrayContaining(['parts', 'warehouse']);
    expect(errors).toMatchObject([{ path: ['shelf'], extensions: { services } }]);
    expect(logged).toMatchObject([{ event, subgraphs: services, field: 'Query.shelf' }]);
  });
});
