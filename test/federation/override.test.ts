import { expect, test } from 'vitest';
import { ApolloPlanner } from '../../gateway/planning/planners/apollo-planner.ts';
import { createOverrideDraw } from '../../gateway/planning/planners/override-draw.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createIds } from '../../runtime/ids.ts';
import { startFederation } from '../support/federation-gateway.ts';
import { logWith } from '../support/runtime.ts';
import { steadyTimers } from '../support/steady-time.ts';

const item = (name: string) => ({ Item: { __resolveReference: (self: unknown) => self, name: () => name } });

function subgraphs(directive: string) {
  return {
    old: {
      typeDefs: 'type Query { item: Item } type Item @key(fields: "id") { id: ID! name: String }',
      resolvers: { ...item('old'), Query: { item: () => ({ id: 'i1' }) } },
    },
    modern: {
      typeDefs: `type Item @key(fields: "id") { id: ID! name: String ${directive} }`,
      resolvers: item('modern'),
    },
  };
}

/** Ids whose last characters are the given ones, one after the other. */
const idsEnding = (...ends: string[]) => ({ next: () => (ends.shift() ?? '000000').padStart(26, '0') });

test('an overridden field is asked of its new subgraph', async () => {
  const federation = await startFederation(subgraphs('@override(from: "old")'));
  expect((await federation.query('{ item { name } }')).data).toEqual({ item: { name: 'modern' } });
  await federation.close();
});

test('a field that moves by percentage is decided for each request, not once for an operation', async () => {
  let drawn = '000000';
  const ids = { next: () => `0000000000${'0'.repeat(10)}${drawn}` };
  const federation = await startFederation(subgraphs('@override(from: "old", label: "percent(25)")'), {
    runtime: { ids },
  });
  const names: unknown[] = [];
  for (const end of ['000000', 'ZZZZZZ', '7ZZZZZ', '800000', '000000']) {
    drawn = end;
    names.push((await federation.query('{ item { name } }')).data.item.name);
  }
  // A quarter of all draws is below 8 of 32.
  expect(names).toEqual(['modern', 'old', 'modern', 'old', 'modern']);
  await federation.close();
});

test('a field with a label of its own moves where the options list the label, with either planner', async () => {
  const labelled = subgraphs('@override(from: "old", label: "night-shift")');
  const before = await startFederation(labelled);
  expect((await before.query('{ item { name } }')).data).toEqual({ item: { name: 'old' } });
  await before.close();
  const after = await startFederation(labelled, { config: { override: { labels: ['night-shift', 'unknown'] } } });
  expect((await after.query('{ item { name } }')).data).toEqual({ item: { name: 'modern' } });
  const second = new ApolloPlanner(after.sdl, steadyTimers, ['night-shift']);
  expect(JSON.stringify(await second.plan('{ item { name } }'))).toContain('"service":"modern"');
  second.close();
  await after.close();
});

test('a label that no field has is named once when the supergraph is loaded, with those that exist', async () => {
  const warnings: unknown[] = [];
  const log = logWith({ warn: (...line: unknown[]) => void warnings.push(line) });
  const labelled = subgraphs('@override(from: "old", label: "night-shift")');
  const labels = ['night-shift', 'nightshift'];
  const federation = await startFederation(labelled, { config: { override: { labels } }, runtime: { log } });
  await federation.query('{ item { name } }');
  await federation.close();
  expect(warnings).toEqual([
    [
      'an option names what the supergraph does not have',
      { option: 'override.labels', name: 'nightshift', known: ['night-shift'] },
    ],
  ]);
});

test('draws follow the percentages, and lead to few plans', () => {
  const draw = createOverrideDraw([25, 50], createIds(systemClock)) as () => number;
  const seen = Array.from({ length: 4000 }, () => draw());
  expect(new Set(seen)).toEqual(new Set([0, 25, 50]));
  expect(seen.filter((value) => value < 25).length / 4000).toBeCloseTo(0.25, 1);
  expect(seen.filter((value) => value < 50).length / 4000).toBeCloseTo(0.5, 1);
  expect(createOverrideDraw([100], idsEnding('ZZZZZZ'))?.()).toBe(0);
  expect(createOverrideDraw([], idsEnding())).toBeUndefined();
});
