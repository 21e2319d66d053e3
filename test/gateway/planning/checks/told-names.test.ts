import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { withToldNames } from '../../../../gateway/planning/checks/told-names.ts';
import type { EntityGroup, PlanNode } from '../../../../gateway/planning/plan.ts';
import { composeSources } from '../../../../gateway/supergraph/compose.ts';
import { loadSupergraph } from '../../../../gateway/supergraph/load-supergraph.ts';
import { federationLink } from '../../../support/federation-subgraph.ts';

const subgraphs = {
  parts: `
    type Query { parts: [Part] }
    interface Part @key(fields: "id") { id: ID! }
    type Bolt implements Part @key(fields: "id") { id: ID! }
    type Nut implements Part @key(fields: "id") { id: ID! }
  `,
  freight: 'type Part @interfaceObject @key(fields: "id") { id: ID! price: Int }',
};
const { sdl } = composeSources(
  Object.entries(subgraphs).map(([name, text]) => ({ name, url: name, document: parse(federationLink + text) })),
);
const supergraph = loadSupergraph(sdl);

const field = (name: string) => ({ kind: 'field', name, alias: undefined, selections: [] }) as const;
const group = (condition: string, inputRewrites: EntityGroup['inputRewrites'] = []): EntityGroup => ({
  alias: '_entities',
  variable: 'representations',
  paths: [[{ kind: 'field', name: 'parts' }, { kind: 'list' }]],
  requires: [{ kind: 'types', condition, selections: [field('__typename'), field('id')] }],
  inputRewrites,
  outputRewrites: [],
});
const planOf = (service: string, ...groups: EntityGroup[]): PlanNode => ({
  kind: 'entities',
  service,
  request: { operationKind: 'query', operation: '{ _entities { id } }', operationName: undefined, variables: [] },
  groups,
});
const told = (name: string) =>
  ({
    kind: 'set',
    path: [
      { kind: 'types', names: [name] },
      { kind: 'key', name: '__typename' },
    ],
    value: 'Part',
  }) as const;

test('each object is told under the name of the interface that the subgraph knows as an object', () => {
  const joined = planOf('freight', group('Part', [told('Part')]), group('Bolt'));
  expect(withToldNames(joined, supergraph)).toEqual(
    planOf('freight', group('Part', [told('Part')]), group('Bolt', [told('Bolt')])),
  );
});

test('a subgraph that knows the type itself is told that', () => {
  const plan = planOf('parts', group('Bolt'), group('Part'));
  expect(withToldNames(plan, supergraph)).toEqual(plan);
});
