import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { inOrderOfNeed } from '../../../../gateway/planning/checks/order-of-need.ts';
import { fetchesOf } from '../../../../gateway/planning/fetches.ts';
import type { EntityFetchNode, FetchNode, PlanNode } from '../../../../gateway/planning/plan.ts';
import { composeSources } from '../../../../gateway/supergraph/compose.ts';
import { loadSupergraph } from '../../../../gateway/supergraph/load-supergraph.ts';
import { federationLink } from '../../../support/federation-subgraph.ts';

/** Makers of nuts are known with them, those of bolts elsewhere, and the names of all of them to a third. */
const subgraphs = {
  parts: `
    type Query { part: Part }
    interface Part { id: ID! }
    type Bolt implements Part @key(fields: "id") { id: ID! }
    type Nut implements Part @key(fields: "id") { id: ID! maker: Maker }
    type Maker @key(fields: "id") { id: ID! }
  `,
  forge: 'type Bolt @key(fields: "id") { id: ID! maker: Maker } type Maker @key(fields: "id") { id: ID! }',
  trade: 'type Maker @key(fields: "id") { id: ID! name: String }',
};
const { sdl } = composeSources(
  Object.entries(subgraphs).map(([name, text]) => ({ name, url: name, document: parse(federationLink + text) })),
);
const supergraph = loadSupergraph(sdl);

const requestFor = (operation: string) =>
  ({ operationKind: 'query', operation, operationName: undefined, variables: [] }) as const;
const field = (name: string) => ({ kind: 'field', name, alias: undefined, selections: [] }) as const;
const entities = (service: string, type: string, selected: string, ...way: string[]): EntityFetchNode => ({
  kind: 'entities',
  service,
  request: requestFor(`query($r:[_Any!]!){_entities(representations:$r){...on ${type}{${selected}}}}`),
  groups: [
    {
      alias: '_entities',
      variable: 'r',
      paths: [way.map((name) => ({ kind: 'field', name }))],
      requires: [{ kind: 'types', condition: type, selections: [field('__typename'), field('id')] }],
      inputRewrites: [],
      outputRewrites: [],
    },
  ],
});
const part: FetchNode = {
  kind: 'fetch',
  service: 'parts',
  request: requestFor('{part{__typename ...on Bolt{id}...on Nut{id maker{__typename id}}}}'),
  path: [],
  outputRewrites: [],
};
const makers = entities('forge', 'Bolt', 'maker{__typename id}', 'part');
const names = entities('trade', 'Maker', 'name', 'part', 'maker');
const servicesOf = (plan: PlanNode) => [...fetchesOf(plan)].map(({ service }) => service);

test('who is asked for objects below a field of several types waits for all who bring them', () => {
  const plan: PlanNode = { kind: 'sequence', nodes: [part, { kind: 'parallel', nodes: [makers, names] }] };
  expect(inOrderOfNeed(supergraph, 'Query', plan)).toEqual({ kind: 'sequence', nodes: [part, makers, names] });
});

test('whatever the order in which they stand', () => {
  const ordered = inOrderOfNeed(supergraph, 'Query', { kind: 'sequence', nodes: [names, makers, part] });
  expect(servicesOf(ordered)).toEqual(['parts', 'forge', 'trade']);
});
