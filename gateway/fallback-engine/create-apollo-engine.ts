import type { Engine, EngineOptions } from '../engine/engine.ts';
import { createOperationPreparer } from '../preparation/operation-preparer.ts';
import { loadSupergraph } from '../supergraph/load-supergraph.ts';
import { SupergraphError } from '../supergraph/supergraph-error.ts';
import { createApolloCompiler } from './compile-apollo-operation.ts';
import { type ApolloGatewayOptions, type ApolloLogger, loadApolloGateway } from './load-apollo-gateway.ts';
import { createDataSource } from './subgraph-data-source.ts';

/**
 * The engine for machines that the native planner has no binary for: Apollo's planner and executor behind our limits,
 * validation, transports and subgraph clients. It has no subscriptions.
 * @throws SupergraphError, EngineError
 */
export async function createApolloEngine(options: EngineOptions): Promise<Engine> {
  const { supergraphSdl, runtime, config, clients: registry, sharing, room, costReport, metrics, tracer } = options;
  const supergraph = loadSupergraph(supergraphSdl);
  const clients = registry.clientsFor(supergraph.subgraphs);
  const { clock, log } = runtime;
  const exposure = { maskUnknown: config.maskErrors, log };
  const apolloLog: ApolloLogger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (message) => log.warn('apollo gateway', { message }),
    error: (message) => log.error('apollo gateway', { message }),
  };
  const executor = await loadExecutor({
    supergraphSdl,
    logger: apolloLog,
    __exposeQueryPlanExperimental: false,
    buildService({ name }) {
      const client = clients.get(name);
      if (!client) throw new Error(`Apollo's gateway names subgraph "${name}", which the supergraph does not.`);
      return createDataSource({ clock, exposure, sharing, room, client });
    },
  });
  const compile = createApolloCompiler({ supergraph, executor, sharing, room, log, apolloLog });
  return {
    name: 'apollo',
    supergraph,
    preparer: createOperationPreparer({ supergraph, config, costReport, metrics, tracer, compile }),
    // It plans where it answers: nothing of it runs before somebody asks.
    warmUp: () => Promise.resolve(),
    close: () => registry.close(),
  };
}

async function loadExecutor(options: ApolloGatewayOptions) {
  const { ApolloGateway } = await loadApolloGateway();
  try {
    return (await new ApolloGateway(options).load()).executor;
  } catch (cause) {
    const remedy =
      'Compose it anew; what the fallback engine alone does not take needs a machine where the native one loads.';
    throw new SupergraphError(cause instanceof Error ? cause.message : String(cause), remedy);
  }
}
