import fc from 'fast-check';
import {
  type ASTNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionNode,
  validate,
  visit,
} from 'graphql';
import { expect, test } from 'vitest';
import { costAt, leastOf } from '../../../gateway/limits/cost-term.ts';
import { CostEstimator, type OperationCost } from '../../../gateway/limits/estimate-cost.ts';
import { fragmentsOf } from '../../../gateway/planning/plannable.ts';
import { composeSources } from '../../../gateway/supergraph/compose.ts';
import { loadSupergraph } from '../../../gateway/supergraph/load-supergraph.ts';
import { operations } from '../../support/federation-operations.ts';

/** Composed, so that the rules are read from where composition leaves them. */
function compose(typeDefs: string, imports = '["@key", "@shareable", "@cost", "@listSize", "@inaccessible"]') {
  const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ${imports})\n`;
  return composeSources([{ name: 'plant', url: 'http://localhost/plant', document: parse(link + typeDefs) }]).sdl;
}

const plant = `
  type Query {
    machine(id: ID, filter: Filter, filters: [Filter!]): Machine
    machines: [Machine!]!
    grid: [[Machine]]
    things: [Thing]
    nodes: [Node]
    first(count: Int = 3, last: Int): [Machine] @listSize(slicingArguments: ["count", "last"], requireOneSlicingArgument: false)
    page(first: Int, last: Int): Page @listSize(slicingArguments: ["first", "last"], sizedFields: ["items"])
    assumed: [Machine] @listSize(assumedSize: 7)
    bounded(max: Int): [Machine] @listSize(assumedSize: 4, slicingArguments: ["max"], requireOneSlicingArgument: false)
    report(kind: Kind @cost(weight: 9)): Int @cost(weight: 50)
    heavy: Heavy
  }
  type Mutation { stop(id: ID): Machine }
  interface Node { id: ID! parts: [Part] }
  type Machine implements Node @key(fields: "id") {
    id: ID! name: String kind: Kind parts: [Part] @listSize(assumedSize: 100) next: Machine tags: [String]
  }
  type Part implements Node { id: ID! parts: [Part] weight: Int @cost(weight: 2) }
  type Heavy @cost(weight: 25) { id: ID }
  type Page { items: [Machine] total: Int }
  union Thing = Machine | Part | Heavy
  enum Kind @cost(weight: 3) { PRESS }
  input Filter { name: String, deep: Filter, costly: Int @cost(weight: 5) }
`;
const supergraph = loadSupergraph(compose(plant));

function estimate(query: string, given = supergraph): OperationCost {
  const document = parse(query);
  expect(validate(given.schema, document)).toEqual([]);
  return estimateDocument(document, given);
}

function estimateDocument(document: DocumentNode, given = supergraph): OperationCost {
  const operation = document.definitions.find(
    (node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION,
  )!;
  const rootType = given.schema.getRootType(operation.operation)!;
  return new CostEstimator(given, 10).estimate({ operation, fragments: fragmentsOf(document), rootType });
}

const costOf = (query: string, variables: Record<string, unknown> = {}, given = supergraph) =>
  costAt(estimate(query, given).total, variables);

const constant: [what: string, query: string, cost: number][] = [
  ['values of the root cost nothing', '{ __typename }', 0],
  ['each object costs 1, its values nothing', '{ machine { id name next { next { id } } } }', 3],
  ['values with a weight cost it', '{ machine { kind } }', 4],
  ['a list costs its items, ten where nobody says how many', '{ machines { id next { id } } }', 20],
  ['a list of values costs nothing', '{ machine { tags } }', 1],
  ['lists in lists multiply', '{ grid { id } }', 100],
  ['a mutation costs 10 more', 'mutation { stop { id } }', 11],
  ['the weight of a field counts in the place of its type', '{ report }', 50],
  ['the weight of an argument counts where it is given', '{ report(kind: PRESS) }', 59],
  ['the weight of a type counts for each of its objects', '{ heavy { id } }', 25],
  ['a list is as long as it is assumed', '{ assumed { id } }', 7],
  ['a list in an object is as long as its own field says', '{ machine { parts { weight } } }', 1 + 100 * 3],
  ['a list is as long as its slicing argument', '{ bounded(max: 40) { id } }', 40],
  ['without one as long as assumed', '{ bounded { id } }', 4],
  ['without one as long as its default', '{ first { id } }', 3],
  ['of two the larger one counts', '{ first(count: 5, last: 8) { id } }', 8],
  ['null is no slicing argument', '{ bounded(max: null) { id } }', 4],
  ['fewer than none is none', '{ bounded(max: -40) { id } }', 0],
  ['the list may be below the field that is sliced', '{ page(first: 6) { total items { id } } }', 1 + 6],
  ['a given input object costs 1', '{ machine(filter: { name: "a", deep: { costly: 1 } }) { id } }', 1 + 1 + 1 + 5],
  ['each in a list', '{ machine(filters: [{ name: "a" }, { costly: 1 }]) { id } }', 1 + 1 + 6],
  [
    'what is skipped costs nothing',
    '{ machine { next @skip(if: true) { id } } machines @include(if: false) { id } }',
    1,
  ],
  ['what is selected twice costs once', '{ machines { id } machines { name ...N } } fragment N on Machine { id }', 10],
  ['under two names it costs twice', '{ a: machines { id } b: machines { name } }', 20],
  [
    'of the types that an object may have the costliest counts',
    '{ things { ... on Machine { next { id } } ... on Part { weight } ... on Heavy { id } } }',
    10 * (25 + 2),
  ],
  ['an interface costs what its costliest object does', '{ nodes { parts { id } } }', 10 * (1 + 100)],
  ['the introspected schema is a list of types', '{ __schema { types { name fields { name } } } }', 1 + 10 + 100],
];

for (const [what, query, cost] of constant) {
  test(what, () => {
    expect(estimate(query).total).toBe(cost);
  });
}

test('a variable says how long a list is, request by request', () => {
  const query = 'query ($n: Int, $f: Filter) { bounded(max: $n) { id next { id } } machine(filter: $f) { id } }';
  expect(leastOf(estimate(query).total)).toBe(1);
  expect(costOf(query, { n: 3 })).toBe(7);
  expect(costOf(query, { n: 1000 })).toBe(2001);
  expect(costOf(query)).toBe(9);
  expect(costOf(query, { n: null })).toBe(9);
  expect(costOf(query, { n: 0, f: { name: 'a', deep: { costly: 1, name: null } } })).toBe(8);
  expect(costOf(query, { n: 2 ** 31 })).toBe(2 * 2 ** 31 + 1);
});

test('a variable that is left out leaves the default of its argument', () => {
  expect(costOf('query ($n: Int) { first(count: $n) { id } }')).toBe(3);
  expect(costOf('query ($n: Int) { first(count: $n) { id } }', { n: 30 })).toBe(30);
});

test('variables decide what is included, also where it is selected twice', () => {
  const query =
    'query ($a: Boolean!, $b: Boolean!) { machine { id next @include(if: $a) { next { id } } next @skip(if: $b) { kind } } }';
  expect(costOf(query, { a: false, b: true })).toBe(1);
  expect(costOf(query, { a: true, b: true })).toBe(3);
  expect(costOf(query, { a: false, b: false })).toBe(5);
  expect(costOf(query, { a: true, b: false })).toBe(6);
});

test('lists within lists cost what fits into a number, never nothing', () => {
  const nested = (depth: number): string => (depth === 0 ? 'id' : `parts { ${nested(depth - 1)} }`);
  expect(costOf(`query ($n: Int) { bounded(max: $n) { ${nested(24)} } }`, { n: 2 ** 31 })).toBe(
    Number.MAX_SAFE_INTEGER,
  );
});

test('an argument may be sliced by a field of its input object, from text, variables or defaults', () => {
  const paths = `
    type Query { find(page: Page = { first: 20 }): [Item] @listSize(slicingArguments: ["page.first"]) }
    type Item { id: ID }
    input Page { first: Int = 5, after: ID }
  `;
  // Composition takes no such paths yet: the directive is written as it will be.
  const sdl = compose(paths.replace('"page.first"', '"page"').replace('page: Page = { first: 20 }', 'page: Int'));
  const written = sdl.replace('page: Int', 'page: Page = { first: 20 }').replace('["page"]', '["page.first"]');
  const given = loadSupergraph(written);
  expect(costOf('{ find(page: { first: 7 }) { id } }', {}, given)).toBe(1 + 7);
  expect(costOf('{ find(page: { after: "a" }) { id } }', {}, given)).toBe(1 + 5);
  expect(costOf('{ find { id } }', {}, given)).toBe(20);
  expect(costOf('query ($p: Page) { find(page: $p) { id } }', { p: { first: 8 } }, given)).toBe(1 + 8);
  expect(costOf('query ($p: Page) { find(page: $p) { id } }', {}, given)).toBe(20);
  expect(costOf('query ($n: Int) { find(page: { first: $n }) { id } }', { n: 9 }, given)).toBe(1 + 9);
});

const renamed: [what: string, imports: string, cost: string, listSize: string][] = [
  ['under their own names', '["@cost", "@listSize"]', 'cost', 'listSize'],
  ['under other names', '[{ name: "@cost", as: "@expense" }, { name: "@listSize", as: "@sized" }]', 'expense', 'sized'],
  ['without an import', '[]', 'federation__cost', 'federation__listSize'],
];
for (const [what, imports, cost, listSize] of renamed) {
  test(`the directives are found ${what}`, () => {
    const sdl = compose(
      `type Query { a: [T] @${listSize}(assumedSize: 4) } type T { b: Int @${cost}(weight: 6) }`,
      imports,
    );
    expect(costOf('{ a { b } }', {}, loadSupergraph(sdl))).toBe(28);
  });
}

test('a directive of another specification that is called the same means nothing', () => {
  const sdl = compose('type Query { a: Int }')
    .replace('  a: Int', '  a: Int @cost(complexity: 5) b: Int @cost(weight: "2.5") c: Int @cost(weight: -4)')
    .concat('\ndirective @cost(complexity: Int, weight: String) on FIELD_DEFINITION');
  const given = loadSupergraph(sdl);
  expect(costOf('{ a }', {}, given)).toBe(0);
  // The specification's own weights are text, and need not be whole.
  expect(costOf('{ b }', {}, given)).toBe(2.5);
  expect(costOf('{ c }', {}, given)).toBe(0);
});

/** Each named fragment written where it is spread. */
function withoutFragments(document: DocumentNode): DocumentNode {
  const fragments = fragmentsOf(document);
  const inlined = <T extends ASTNode>(node: T): T =>
    visit(node, {
      FragmentSpread: ({ name, directives }) => {
        const { typeCondition, selectionSet } = fragments.get(name.value)!;
        return inlined({ kind: Kind.INLINE_FRAGMENT, typeCondition, directives: directives ?? [], selectionSet });
      },
    });
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  return { kind: Kind.DOCUMENT, definitions: operations.map(inlined) };
}

/** Each fragment in its place with a name of its own. */
function intoFragments(document: DocumentNode): DocumentNode {
  const named: FragmentDefinitionNode[] = [];
  const spread = visit(document, {
    InlineFragment: {
      leave({ typeCondition, directives, selectionSet }) {
        if (!typeCondition) return undefined;
        const name = { kind: Kind.NAME, value: `Named${named.length}` } as const;
        named.push({ kind: Kind.FRAGMENT_DEFINITION, name, typeCondition, selectionSet });
        return { kind: Kind.FRAGMENT_SPREAD, name, directives };
      },
    },
  });
  return { ...spread, definitions: [...spread.definitions, ...named] };
}

const values = { id: ['"1"'], filter: ['{ name: "a" }'], count: ['2', '40'], last: ['3'], first: ['1', '20'] };
const variables = { yes: true, no: false };

/** The document with one more selection in its nth selection set. */
function withMore(document: DocumentNode, nth: number, selection: SelectionNode): DocumentNode {
  let seen = 0;
  return visit(document, {
    SelectionSet: (node) => (seen++ === nth ? { ...node, selections: [selection, ...node.selections] } : undefined),
  });
}

const additions = ['__typename', 'machines { id }', 'x: nodes { parts { id } }', 'next { kind }', 'parts { id }', 'id'];

test('selecting more never costs less', () => {
  let compared = 0;
  fc.assert(
    fc.property(operations(supergraph.schema, values), fc.nat(20), ({ query }, nth) => {
      const document = parse(query);
      fc.pre(validate(supergraph.schema, document).length === 0);
      const cost = costAt(estimateDocument(document).total, variables);
      for (const addition of additions) {
        const [operation] = parse(`{ ${addition} }`).definitions;
        const longer = withMore(document, nth, (operation as OperationDefinitionNode).selectionSet.selections[0]!);
        if (longer === document || validate(supergraph.schema, longer).length > 0) continue;
        compared += 1;
        expect(costAt(estimateDocument(longer).total, variables)).toBeGreaterThanOrEqual(cost);
      }
    }),
  );
  expect(compared).toBeGreaterThan(50);
});

test('a fragment costs what the same costs in its place, and the least is never more than what it costs', () => {
  fc.assert(
    fc.property(operations(supergraph.schema, values), fc.boolean(), ({ query }, flag) => {
      const document = parse(query);
      fc.pre(validate(supergraph.schema, document).length === 0);
      const given = { yes: flag, no: !flag };
      const { total } = estimateDocument(document);
      expect(leastOf(total)).toBeLessThanOrEqual(costAt(total, given));
      expect(costAt(estimateDocument(withoutFragments(document)).total, given)).toBe(costAt(total, given));
      expect(costAt(estimateDocument(intoFragments(document)).total, given)).toBe(costAt(total, given));
    }),
  );
});
