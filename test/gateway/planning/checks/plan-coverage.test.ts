import { type DocumentNode, Kind, parse } from 'graphql';
import { expect, test } from 'vitest';
import { checkCoverage } from '../../../../gateway/planning/checks/plan-coverage.ts';
import { fragmentsOf } from '../../../../gateway/planning/plannable.ts';
import { planByKeys } from '../../../../gateway/planning/planners/by-keys/plan-by-keys.ts';
import { composeSources } from '../../../../gateway/supergraph/compose.ts';
import { loadSupergraph } from '../../../../gateway/supergraph/load-supergraph.ts';
import { readDefinition } from '../../../support/federation-subgraph.ts';

const types = ['Bolt', 'Nut', 'Plate', 'Rod'];
const subgraphs = {
  stock: `
    type Query { items: [Item] }
    interface Item @key(fields: "id") { id: ID! next: Item }
    ${types.map((name) => `type ${name} implements Item @key(fields: "id") { id: ID! next: Item }`).join('\n')}
  `,
  pricing: types.map((name) => `type ${name} @key(fields: "id") { id: ID! price: Int }`).join('\n'),
};
const { sdl } = composeSources(
  Object.entries(subgraphs).map(([name, typeDefs]) => ({
    name,
    url: `http://${name}.test`,
    document: readDefinition({ typeDefs, resolvers: {} }),
  })),
);
const scope = { ...loadSupergraph(sdl), isActive: () => true };

/** What the plan of one operation leaves out of another. */
function gapsOf(planned: string, asked: string) {
  const plan = planByKeys(scope, parse(planned));
  if (!plan) throw new Error('There is a plan.');
  const document: DocumentNode = parse(asked);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Error('There is an operation.');
  const { gaps, isRefused } = checkCoverage(scope, { operation, fragments: fragmentsOf(document) }, [plan]);
  expect(isRefused).toBe(false);
  return gaps.map(({ type, key, way }) => [...way.map((step) => `${step.type}.${step.node.name.value}`), type, key]);
}

const nested = (levels: number, innermost: string): string =>
  levels === 0 ? innermost : `next { ${nested(levels - 1, innermost)} }`;

test('what is missing far down is found, however many types of objects stand on the way', () => {
  const levels = 12;
  const gaps = gapsOf(`{ items { ${nested(levels, 'id')} } }`, `{ items { ${nested(levels, 'id price')} } }`);
  expect(gaps.length).toBeGreaterThan(0);
  for (const gap of gaps) expect([gap.length, gap.at(-1)]).toEqual([levels + 3, 'price']);
  expect(gapsOf(`{ items { ${nested(levels, 'price')} } }`, `{ items { ${nested(levels, 'price')} } }`)).toEqual([]);
});

test('what is asked for below objects of one type counts for no other', () => {
  const below = (...names: string[]) =>
    `{ items { next { id next { id } } ${names.map((name) => `... on ${name} { next { next { price } } }`).join(' ')} } }`;
  expect(gapsOf(below('Bolt', 'Rod'), below('Rod', 'Bolt'))).toEqual([]);
  const gaps = gapsOf(below('Bolt'), below('Bolt', 'Rod'));
  expect(new Set(gaps.map(([query, first]) => [query, first].join('/')))).toEqual(new Set(['Query.items/Rod.next']));
  expect(gaps).toHaveLength(types.length ** 2);
});
