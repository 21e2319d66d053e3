import fc from 'fast-check';
import { type GraphQLSchema, parse, print, validate } from 'graphql';
import { expect, test } from 'vitest';
import { CompositionError } from '../../gateway/supergraph/composition-error.ts';
import { askInParts, deferSome } from '../support/deferred-operations.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { buildMonolith } from '../support/federation-monolith.ts';
import { type GeneratedOperation, generousLimits, operations } from '../support/federation-operations.ts';
import { monolithResolvers, plant, plantArguments } from '../support/federation-plant.ts';
import type { SubgraphDefinition } from '../support/federation-subgraph.ts';
import { generatedArguments, generateSupergraph } from '../support/generated-supergraph.ts';
import { patientTimers } from '../support/runtime.ts';

/** Supergraphs that are tried, and the first one: a longer run sets both. */
const count = Number(process.env['ANDON_DIFFERENTIAL_SUPERGRAPHS'] ?? 12);
const first = Number(process.env['ANDON_DIFFERENTIAL_SEED'] ?? 1);

interface Tally {
  inParts: number;
  compared: number;
}

const start = (definitions: Readonly<Record<string, SubgraphDefinition>>): Promise<Federation> =>
  startFederation(definitions, { config: { limits: generousLimits }, runtime: { timers: patientTimers } });

async function compare(
  federation: Federation,
  { query, variables }: GeneratedOperation,
  choices: readonly boolean[],
  tally: Tally,
): Promise<void> {
  const whole = await federation.query(query, variables);
  const text = print(deferSome(parse(query), choices));
  const { data, errors, laterParts } = await askInParts(federation, text, variables);
  // A null goes no further than its fragment, so only what has no errors is equal.
  expect(errors.length > 0, `${text} ${JSON.stringify(variables)}`).toBe((whole.errors ?? []).length > 0);
  if (errors.length === 0) expect(data, `${text} ${JSON.stringify(variables)}`).toEqual(whole.data);
  tally.inParts += laterParts > 0 ? 1 : 0;
  tally.compared += errors.length === 0 ? 1 : 0;
}

test('any operation, with any fragments deferred, comes to the same in parts as at once', {
  timeout: 240_000,
}, async () => {
  const federation = await start(plant());
  const monolith = buildMonolith(federation.sdl, monolithResolvers);
  const tally: Tally = { inParts: 0, compared: 0 };
  const choices = fc.array(fc.boolean(), { minLength: 7, maxLength: 7 });
  try {
    await fc.assert(
      fc.asyncProperty(operations(monolith, plantArguments), choices, async (operation, chosen) => {
        fc.pre(validate(monolith, parse(operation.query)).length === 0);
        await compare(federation, operation, chosen, tally);
      }),
      { numRuns: 120, maxSkipsPerRun: 50, endOnFailure: true },
    );
  } finally {
    await federation.close();
  }
  expect(tally.inParts).toBeGreaterThan(30);
  expect(tally.compared).toBeGreaterThan(30);
});

test('any operation over any supergraph, with any fragments deferred, comes to the same in parts as at once', {
  timeout: 240_000 + count * 20_000,
}, async () => {
  const tally: Tally = { inParts: 0, compared: 0 };
  for (let seed = first; seed < first + count; seed += 1) {
    const { subgraphs, monolith: resolvers } = generateSupergraph(seed);
    const federation = await start(subgraphs).catch((cause: unknown) => {
      if (cause instanceof CompositionError) return undefined;
      throw cause;
    });
    if (!federation) continue;
    const monolith: GraphQLSchema = buildMonolith(federation.sdl, resolvers);
    const arbitrary = fc.tuple(
      operations(monolith, generatedArguments),
      fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
    );
    try {
      for (const [operation, choices] of fc.sample(arbitrary, { seed, numRuns: 8 })) {
        if (validate(monolith, parse(operation.query)).length > 0) continue;
        await compare(federation, operation, choices, tally);
      }
    } finally {
      await federation.close();
    }
  }
  expect(tally.inParts).toBeGreaterThan(count / 2);
  expect(tally.compared).toBeGreaterThan(count / 2);
});
