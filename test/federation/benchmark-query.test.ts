import { execute, parse } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { benchmark, benchmarkQuery, benchmarkResolvers } from '../support/federation-benchmark.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { buildMonolith } from '../support/federation-monolith.ts';

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(benchmark());
});
afterAll(() => federation.close());

test('the public benchmark query over four subgraphs is answered byte for byte like one schema', async () => {
  const schema = buildMonolith(federation.sdl, benchmarkResolvers);
  const expected = await execute({ schema, document: parse(benchmarkQuery) });
  const answer = await federation.query(benchmarkQuery);
  expect(answer.errors).toBeUndefined();
  expect(JSON.stringify(answer.data)).toBe(JSON.stringify(expected.data));
  const calls = Object.values(federation.subgraphs).reduce((sum, { received }) => sum + received.length, 0);
  expect(calls).toBeLessThanOrEqual(8);
});
