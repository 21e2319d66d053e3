import fc from 'fast-check';
import {
  buildSchema,
  execute,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  printSchema,
  validate,
} from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadSupergraph } from '../../gateway/supergraph/load-supergraph.ts';
import { type Federation, startFederation } from './federation-gateway.ts';
import { type ArgumentValues, generousLimits, operations } from './federation-operations.ts';
import { createUniverse, type Universe, type UniverseDefinition } from './federation-universe.ts';

export interface Conformance {
  readonly subgraphs: Readonly<Record<string, UniverseDefinition>>;
  /** What the feature is about, by what it promises. */
  readonly cases: Readonly<Record<string, string>>;
  /** How many operations are generated; 0 where the planner is known to fail some. @default 40 */
  readonly runs?: number;
}

/**
 * Tests of one feature of Federation: real subgraphs with data made from their schemas, asked over HTTP through the
 * gateway, must answer like one schema over the same data: each case, and operations generated at random.
 */
export function testConformance({ subgraphs, cases, runs = 40 }: Conformance): void {
  let federation: Federation;
  let universe: Universe;
  let monolith: GraphQLSchema;
  beforeAll(async () => {
    universe = createUniverse(subgraphs);
    federation = await startFederation(universe.subgraphs, { config: { limits: generousLimits, maskErrors: false } });
    monolith = buildSchema(printSchema(loadSupergraph(federation.sdl).schema));
  });
  afterAll(() => federation.close());

  const expectSameAnswer = async (query: string, variables: Record<string, unknown> = {}) => {
    const { fieldResolver, typeResolver } = universe;
    const document = parse(query);
    const request = {
      schema: monolith,
      document,
      variableValues: variables,
      rootValue: {},
      fieldResolver,
      typeResolver,
    };
    const expected = await execute(request);
    expect(expected.errors).toBeUndefined();
    const { data, errors } = await federation.query(query, variables);
    expect(errors).toBeUndefined();
    // As text: the order of fields counts, too.
    expect(JSON.stringify(data, null, 1)).toBe(JSON.stringify(expected.data, null, 1));
  };

  for (const [promise, query] of Object.entries(cases)) test(promise, () => expectSameAnswer(query));

  if (runs === 0) return;
  test('operations generated at random are answered like one schema with the same data', { timeout: 240_000 }, () =>
    fc.assert(
      fc.asyncProperty(operations(monolith, argumentValues(monolith)), async ({ query, variables }) => {
        fc.pre(validate(monolith, parse(query)).length === 0);
        await expectSameAnswer(query, variables);
      }),
      { numRuns: runs, maxSkipsPerRun: 100, endOnFailure: true },
    ),
  );
}

function argumentValues(schema: GraphQLSchema): ArgumentValues {
  const values: Record<string, readonly string[]> = {};
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const { args } of Object.values(type.getFields())) {
      for (const { name, type: input } of args) values[name] = literalsFor(input);
    }
  }
  return values;
}

function literalsFor(type: GraphQLInputType): readonly string[] {
  const nullable = isNonNullType(type) ? type.ofType : type;
  if (isListType(nullable)) return literalsFor(nullable.ofType).map((literal) => `[${literal}]`);
  const named = getNamedType(type);
  if (isEnumType(named)) return named.getValues().map(({ name }) => name);
  if (isInputObjectType(named)) return ['{}'];
  const literals: Record<string, readonly string[]> = {
    Int: ['1', '2'],
    Float: ['1.5', '2'],
    Boolean: ['true', 'false'],
  };
  return literals[named.name] ?? ['"1"', '"2"'];
}
