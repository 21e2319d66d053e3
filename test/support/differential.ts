import { buildSubgraphSchema } from '@apollo/subgraph';
import { type ExecutionResult, execute, type GraphQLSchema, parse, validate } from 'graphql';
import { defaultGatewayConfig, type EngineChoice } from '../../gateway/config.ts';
import type { GatewayResult } from '../../gateway/execute-in-process.ts';
import { createGateway, type Gateway } from '../../gateway/gateway.ts';
import type { LocalSubgraph } from '../../gateway/subgraph-client/local-subgraph.ts';
import { composeSources } from '../../gateway/supergraph/compose.ts';
import { buildMonolith } from './federation-monolith.ts';
import type { GeneratedOperation } from './federation-operations.ts';
import { readDefinition, type SubgraphDefinition } from './federation-subgraph.ts';
import { patientConfig } from './patient-config.ts';
import { patientTimers, testRuntime } from './runtime.ts';
import { somebody } from './somebody.ts';

/** One graph three times: behind each engine, and as one schema that says what is right. All in this process. */
export interface Differential {
  readonly sdl: string;
  readonly monolith: GraphQLSchema;
  isValid(operation: GeneratedOperation): boolean;
  expected(operation: GeneratedOperation): Promise<ExecutionResult>;
  ask(engine: 'native' | 'apollo', operation: GeneratedOperation): Promise<GatewayResult>;
  /** What subgraphs were asked since the last call. */
  takeAsked(): readonly string[];
  close(): Promise<void>;
}

const limits = {
  ...defaultGatewayConfig.limits,
  maxDepth: 100,
  maxAliases: 10_000,
  maxFields: 10_000,
  maxDirectives: 10_000,
  maxRootFields: 1000,
};

const principal = somebody({ id: 'oracle' });

/** @throws CompositionError the definitions do not compose */
export async function startDifferential(
  definitions: Readonly<Record<string, SubgraphDefinition>>,
  resolvers: Parameters<typeof buildMonolith>[1],
): Promise<Differential> {
  const sources = Object.entries(definitions).map(([name, definition]) => ({
    name,
    url: `local:${name}`,
    document: readDefinition(definition),
  }));
  const { sdl } = composeSources(sources);
  const asked: string[] = [];
  const subgraphs = new Map(
    Object.entries(definitions).map(([name, definition]) => [name, localSubgraph(name, definition, asked)] as const),
  );
  const start = (engine: EngineChoice) =>
    createGateway({
      supergraphSdl: sdl,
      runtime: testRuntime({ timers: patientTimers }),
      config: { ...patientConfig, engine, limits },
      subgraphs,
      authenticate: () => principal,
    });
  const gateways: Record<'native' | 'apollo', Gateway> = {
    native: await start('native'),
    apollo: await start('apollo'),
  };
  const monolith = buildMonolith(sdl, resolvers);
  return {
    sdl,
    monolith,
    isValid: ({ query }) => validate(monolith, parse(query)).length === 0,
    expected: async ({ query, variables }) =>
      execute({ schema: monolith, document: parse(query), variableValues: variables }),
    ask: (engine, { query, variables }) => gateways[engine].execute({ query, variables, principal }),
    takeAsked: () => asked.splice(0),
    close: async () => {
      await Promise.all(Object.values(gateways).map((gateway) => gateway.drain()));
    },
  };
}

function localSubgraph(name: string, definition: SubgraphDefinition, asked: string[]): LocalSubgraph {
  const schema = buildSubgraphSchema([{ typeDefs: readDefinition(definition), resolvers: definition.resolvers ?? {} }]);
  return {
    async execute({ query, variables, operationName }) {
      asked.push(`${name}: ${query} ${JSON.stringify(variables ?? {})}`);
      const document = parse(query);
      const errors = validate(schema, document);
      if (errors.length > 0) return { errors: errors.map((error) => error.toJSON()) };
      const result = await execute({
        schema,
        document,
        variableValues: variables,
        operationName,
        contextValue: {},
      } as Parameters<typeof execute>[0]);
      // As over the wire: nothing of what the subgraph holds is shared with it.
      return JSON.parse(JSON.stringify(result));
    },
    subscribe: async () => ({ errors: [{ message: 'No subscriptions here' }] }),
  };
}
