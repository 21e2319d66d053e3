import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { fetchesOf } from '../../../../gateway/planning/fetches.ts';
import { planByKeys } from '../../../../gateway/planning/planners/by-keys/plan-by-keys.ts';
import { composeSources } from '../../../../gateway/supergraph/compose.ts';
import { loadSupergraph } from '../../../../gateway/supergraph/load-supergraph.ts';
import { readDefinition } from '../../../support/federation-subgraph.ts';

const types = ['Bolt', 'Nut', 'Plate', 'Rod'];
const item = (name: string) => `
  type ${name} implements Item @key(fields: "id") { id: ID! next: Item size: Int with(size: Int): Item }
`;
const typeDefs = `
  type Query { items: [Item] }
  interface Item @key(fields: "id") { id: ID! next: Item with(size: Int): Item }
  ${types.map(item).join('')}
`;
const { sdl } = composeSources([
  { name: 'stock', url: 'http://stock.test', document: readDefinition({ typeDefs, resolvers: {} }) },
]);
const scope = { ...loadSupergraph(sdl), isActive: () => true };

const textOf = (query: string) => {
  const plan = planByKeys(scope, parse(query));
  return plan && [...fetchesOf(plan)].map(({ request }) => request.operation).join('\n');
};
const nested = (levels: number, field: string, innermost: string): string =>
  levels === 0 ? innermost : `${field} { ${nested(levels - 1, field, innermost)} }`;

test('what is asked of all types behind an interface is written once, level by level', () => {
  const lengths = [4, 8, 12].map((levels) => textOf(`{ items { ${nested(levels, 'next', 'id')} } }`)?.length ?? 0);
  expect(lengths[0]).toBeGreaterThan(0);
  expect((lengths[2] ?? 0) - (lengths[1] ?? 0)).toBe((lengths[1] ?? 0) - (lengths[0] ?? 0));
  expect(textOf('{ items { next { id ... on Rod { size } } } }')).toBe(
    'query{items{__typename next{__typename id ...on Rod{size}}}}',
  );
});

test('what it has to write once for each type does not grow without bound', () => {
  expect(textOf(`{ items { ${nested(3, 'with(size: 1)', 'id')} } }`)).toMatch(/\.\.\.on Nut\{with\(size:1\)/);
  expect(textOf(`{ items { ${nested(12, 'with(size: 1)', 'id')} } }`)).toBeUndefined();
});
