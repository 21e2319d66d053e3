import fc from 'fast-check';
import { execute, type GraphQLSchema, parse, validate } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { buildMonolith } from '../support/federation-monolith.ts';
import { generousLimits, operations } from '../support/federation-operations.ts';
import { monolithResolvers, plant, plantArguments } from '../support/federation-plant.ts';
import { patientTimers } from '../support/runtime.ts';

let federation: Federation;
let monolith: GraphQLSchema;
beforeAll(async () => {
  federation = await startFederation(plant(), {
    config: { limits: generousLimits },
    runtime: { timers: patientTimers },
  });
  monolith = buildMonolith(federation.sdl, monolithResolvers);
});
afterAll(() => federation.close());

test('any operation over three subgraphs is answered like one schema with the same data', {
  timeout: 240_000,
}, async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(operations(monolith, plantArguments), async ({ query, variables }) => {
      const document = parse(query);
      fc.pre(validate(monolith, document).length === 0);
      const expected = await execute({ schema: monolith, document, variableValues: variables });
      const answer = await federation.query(query, variables);
      // As text: the order of fields counts, too.
      expect(JSON.stringify(answer.data)).toBe(JSON.stringify(expected.data));
      expect((answer.errors ?? []).length > 0).toBe((expected.errors ?? []).length > 0);
      for (const { path, extensions } of answer.errors ?? []) {
        expect(valueAt(answer.data, path ?? [])).toBeNull();
        expect(extensions?.['code']).toBe('GAUGE_BROKEN');
      }
      compared += 1;
    }),
    { numRuns: 300, maxSkipsPerRun: 50, endOnFailure: true },
  );
  expect(compared).toBe(300);
});

/** The value at a path, or the null above it that took it away. */
function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  let value = data;
  for (const step of path) {
    if (value === null || value === undefined) return null;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
