import fc from 'fast-check';
import type { ExecutionResult } from 'graphql';
import { expect, test } from 'vitest';
import type { GatewayResult } from '../../gateway/execute-in-process.ts';
import { CompositionError } from '../../gateway/supergraph/composition-error.ts';
import { type Differential, startDifferential } from '../support/differential.ts';
import { type GeneratedOperation, operations } from '../support/federation-operations.ts';
import { generatedArguments, generateSupergraph } from '../support/generated-supergraph.ts';

/** Supergraphs that are tried, and the first one: a longer run sets both. See docs/gateway.md. */
const count = Number(process.env['ANDON_DIFFERENTIAL_SUPERGRAPHS'] ?? 20);
const first = Number(process.env['ANDON_DIFFERENTIAL_SEED'] ?? 1);
/** In 3088 a field that requires what requires another one was asked for without either. */
const onceAnsweredWrong = [3088];
const operationsEach = 8;

/** What no way of planning is known to answer: a longer run meets some. */
const refusals: ReadonlySet<unknown> = new Set(['PLANNING_FAILED', 'PLAN_LOSES_VALUES']);

interface Tally {
  composed: number;
  compared: number;
  refused: number;
  /** Operations that Apollo's engine answers differently, by the fault in `differential-engines.test.ts`. */
  readonly known: Record<string, number>;
}

test('any operation over any supergraph is answered like one schema with the same data, by both engines', {
  timeout: 240_000 + count * 20_000,
}, async () => {
  const tally: Tally = { composed: 0, compared: 0, refused: 0, known: {} };
  const seeds = [...onceAnsweredWrong, ...Array.from({ length: count }, (_, index) => first + index)];
  for (const seed of seeds) {
    const differential = await start(seed);
    if (!differential) continue;
    tally.composed += 1;
    const arbitrary = operations(differential.monolith, generatedArguments);
    for (const operation of fc.sample(arbitrary, { seed, numRuns: operationsEach })) {
      if (differential.isValid(operation)) await compare(differential, operation, seed, tally);
    }
    await differential.close();
  }
  expect(tally.composed).toBeGreaterThan(count / 5);
  expect(tally.compared).toBeGreaterThan(tally.composed * (operationsEach / 2));
  expect(tally.refused).toBeLessThanOrEqual(tally.compared / 200);
});

async function start(seed: number): Promise<Differential | undefined> {
  const { subgraphs, monolith } = generateSupergraph(seed);
  return startDifferential(subgraphs, monolith).catch((cause: unknown) => {
    if (cause instanceof CompositionError) return undefined;
    throw cause;
  });
}

async function compare(
  differential: Differential,
  operation: GeneratedOperation,
  seed: number,
  tally: Tally,
): Promise<void> {
  const expected = await differential.expected(operation);
  const native = await differential.ask('native', operation);
  const where = `supergraph ${seed}: ${operation.query} ${JSON.stringify(operation.variables)}`;
  tally.compared += 1;
  if (native.data === undefined && refusals.has(native.errors?.[0]?.extensions?.['code'])) tally.refused += 1;
  else expectEqual(native, expected, where);
  const apollo = await differential.ask('apollo', operation);
  if (JSON.stringify(apollo.data) === JSON.stringify(expected.data)) return;
  const fault = knownFault(operation, apollo, expected);
  expect(fault, `${where}\n${JSON.stringify(apollo)}`).toBeDefined();
  tally.known[fault ?? ''] = (tally.known[fault ?? ''] ?? 0) + 1;
}

function expectEqual(answer: GatewayResult, expected: ExecutionResult, where: string): void {
  // As text: the order of fields counts, too.
  expect(JSON.stringify(answer.data), where).toBe(JSON.stringify(expected.data));
  const errors = answer.errors ?? [];
  const places = (expected.errors ?? []).map(({ path }) => JSON.stringify(path));
  expect(errors.length > 0, where).toBe(places.length > 0);
  for (const { path, extensions } of errors) {
    expect(extensions?.['code'], where).toBe('BROKEN');
    expect(places, where).toContain(JSON.stringify(path));
    //PATH
  }
}

/** Each fault of `@apollo/gateway` has a test of its own in `differential-engines.test.ts`. */
function knownFault({ query }: GeneratedOperation, answer: GatewayResult, expected: ExecutionResult) {
  if (JSON.stringify(sorted(answer.data)) === JSON.stringify(sorted(expected.data))) return 'ORDER_OF_FIELDS';
  // Generated fields with @requires are called q… and x….
  if (/\b[qx](?:s\d|\d)/.test(query)) return 'REQUIREMENTS';
  return undefined;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
