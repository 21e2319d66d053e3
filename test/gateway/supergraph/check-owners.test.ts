import { buildClientSchema, getIntrospectionQuery, introspectionFromSchema, parse, printSchema, Source } from 'graphql';
import { expect, test } from 'vitest';
import { composeSources } from '../../../gateway/supergraph/compose.ts';
import { CompositionError } from '../../../gateway/supergraph/composition-error.ts';
import { loadSupergraph } from '../../../gateway/supergraph/load-supergraph.ts';
import { readOwnership } from '../../../gateway/supergraph/ownership.ts';

const header = (system?: string) => `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@external", "@shareable", "@composeDirective"])
  @link(url: "https://andon.dev/ownership/v1.0", import: ["@owner", "@transition", "@resumable"])
  @composeDirective(name: "@owner") @composeDirective(name: "@transition") @composeDirective(name: "@resumable")
  ${system === undefined ? '' : `@system(name: ${system})`}
directive @system(name: System!) on SCHEMA
directive @owner(system: System!) on OBJECT | FIELD_DEFINITION
directive @transition(of: String!, name: String!) on FIELD_DEFINITION
directive @resumable(cursor: String!, after: String!) on FIELD_DEFINITION
enum System { ERP MES }
`;

const erp = `
  type Query { orders: [Order] }
  type Mutation { releaseOrder: Order @transition(of: "Order", name: "release") }
  type Order @key(fields: "id") @owner(system: ERP) { id: ID! state: String progress: Int @owner(system: MES) @external }
`;
const mes = 'type Order @key(fields: "id") { id: ID! progress: Int @owner(system: MES) }';

function compose(parts: Record<string, [string | undefined, string]>) {
  return composeSources(
    Object.entries(parts).map(([name, [system, sdl]]) => ({
      name,
      url: `local:${name}`,
      document: parse(new Source(header(system) + sdl, `${name}.graphql`)),
    })),
  );
}

function problemsOf(parts: Record<string, [string | undefined, string]>) {
  try {
    compose(parts);
  } catch (cause) {
    if (cause instanceof CompositionError) return cause.problems;
    throw cause;
  }
  throw new Error('It composed.');
}

test('systems that keep to what they own compose, and the graph lists who owns what', () => {
  const { sdl } = compose({
    erp: ['ERP', erp.replace('progress: Int @owner(system: MES) @external', '')],
    mes: ['MES', mes],
  });
  expect(readOwnership(sdl)).toEqual([
    { coordinate: 'Order.id', type: 'Order', field: 'id', system: 'ERP' },
    { coordinate: 'Order.progress', type: 'Order', field: 'progress', system: 'MES' },
    { coordinate: 'Order.state', type: 'Order', field: 'state', system: 'ERP' },
  ]);
  expect(sdl).toContain('@transition(of: "Order", name: "release")');
  const { schema } = loadSupergraph(sdl);
  expect(getIntrospectionQuery()).toBeTruthy();
  expect(printSchema(buildClientSchema(introspectionFromSchema(schema)))).not.toMatch(/@owner|@transition|@system/);
});

test('a subgraph that resolves a field of another system is refused, both named', () => {
  const problems = problemsOf({ erp: ['ERP', erp], mes: ['MES', `${mes} extend type Order { state2: String }`] });
  expect(problems).toEqual([
    {
      code: 'OWNER_VIOLATED',
      subgraphs: ['mes'],
      location: expect.stringMatching(/^mes\.graphql:\d+$/),
      message: expect.stringMatching(
        /^Order\.state2 belongs to ERP \(subgraph "erp", erp\.graphql:\d+\), but subgraph "mes" of MES resolves it\.$/,
      ),
      remedy: 'Mark it @external here and let "erp" resolve it, or give the field its own @owner(system: MES).',
    },
  ]);
});

test('keys, external and shareable fields are how systems refer to each other, so they are free', () => {
  const plain =
    erp.replace('progress: Int @owner(system: MES) @external', 'plant: Plant') +
    'type Plant @key(fields: "code site { id }") @owner(system: ERP) { code: ID! site: Site } type Site @shareable { id: ID! }';
  const refers = `${mes} type Plant @key(fields: "code site { id }") { code: ID! site: Site } type Site @shareable { id: ID! }`;
  expect(() => compose({ erp: ['ERP', plain], mes: ['MES', refers] })).not.toThrow();
});

test('two owners of one type, or of one field, are refused, both named', () => {
  const [problem] = problemsOf({
    erp: ['ERP', 'type Query { a: Order } type Order @key(fields: "id") @owner(system: ERP) { id: ID! }'],
    mes: ['MES', 'type Order @key(fields: "id") @owner(system: MES) { id: ID! }'],
  });
  expect(problem).toMatchObject({ code: 'OWNER_CONFLICT', subgraphs: ['mes'] });
  expect(problem?.message).toMatch(/^Order is claimed by ERP \(subgraph "erp", .*\) and by MES \(subgraph "mes"\)\.$/);
});

test('a transition of something that does not exist is refused', () => {
  const [problem] = problemsOf({
    erp: [
      'ERP',
      erp
        .replace('of: "Order"', 'of: "Oder"')
        .replace(' @external', '')
        .replace('progress: Int @owner(system: MES)', ''),
    ],
  });
  expect(problem).toMatchObject({
    code: 'TRANSITION_UNKNOWN',
    message: 'Mutation.releaseOrder is a @transition of "Oder", which no subgraph defines.',
  });
});

test('a transition of what another system owns is refused, both named', () => {
  const mutation = 'type Mutation { stop: Int @transition(of: "Order", name: "stop") }';
  const problems = problemsOf({
    erp: ['ERP', erp.replace('progress: Int @owner(system: MES) @external', '')],
    mes: ['MES', mes + mutation],
  });
  expect(problems.map(({ code }) => code)).toEqual(['TRANSITION_OF_ANOTHER_OWNER']);
  expect(problems[0]?.message).toMatch(
    /^Mutation\.stop of subgraph "mes" \(MES\) changes Order, which belongs to ERP \(subgraph "erp", erp\.graphql:\d+\)\.$/,
  );
  const own = 'type Mutation { report: Int @transition(of: "Order.progress", name: "report") }';
  expect(() =>
    compose({ erp: ['ERP', erp.replace('progress: Int @owner(system: MES) @external', '')], mes: ['MES', mes + own] }),
  ).not.toThrow();
});

test('a mutation without a transition is refused in a subgraph that speaks for a system', () => {
  const [problem] = problemsOf({ erp: ['ERP', 'type Query { a: Int } type Mutation { poke: Int }'] });
  expect(problem).toMatchObject({
    code: 'TRANSITION_MISSING',
    message: 'Mutation.poke of "erp" (ERP) does not say whose state it changes.',
  });
});

test('subgraphs that speak for no system may do anything', () => {
  expect(() =>
    compose({
      any: [
        undefined,
        `type Query { a: Int } type Mutation { poke: Int } type Order @key(fields: "id") { id: ID! state: String }`,
      ],
    }),
  ).not.toThrow();
});
