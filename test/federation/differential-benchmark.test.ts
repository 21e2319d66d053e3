import fc from 'fast-check';
import { execute, type GraphQLSchema, parse, validate } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { benchmark, benchmarkResolvers } from '../support/federation-benchmark.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { buildMonolith } from '../support/federation-monolith.ts';
import { operations } from '../support/federation-operations.ts';
import { patientTimers } from '../support/runtime.ts';

let federation: Federation;
let monolith: GraphQLSchema;
beforeAll(async () => {
  const limits = { ...defaultGatewayConfig.limits, maxDepth: 50, maxAliases: 1000, maxFields: 10_000 };
  federation = await startFederation(benchmark(), { config: { limits }, runtime: { timers: patientTimers } });
  monolith = buildMonolith(federation.sdl, benchmarkResolvers);
});
afterAll(() => federation.close());

test('any operation over the public benchmark is answered like one schema with the same data', {
  timeout: 240_000,
}, async () => {
  const values = { first: ['1', '3'], id: ['"1"', '"2"'], upc: ['"1"'] };
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(operations(monolith, values), async ({ query, variables }) => {
      const document = parse(query);
      fc.pre(validate(monolith, document).length === 0);
      const expected = await execute({ schema: monolith, document, variableValues: variables });
      const answer = await federation.query(query, variables);
      expect(JSON.stringify(answer.data)).toBe(JSON.stringify(expected.data));
      expect(answer.errors === undefined).toBe(expected.errors === undefined);
      compared += 1;
    }),
    { numRuns: 100, maxSkipsPerRun: 50, endOnFailure: true },
  );
  expect(compared).toBe(100);
});
