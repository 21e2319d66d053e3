import type { Runtime } from '../../runtime/runtime.ts';
import type { GatewayConfig } from '../config.ts';
import type { ExecutionScope } from '../execution/fetch/call-subgraph.ts';
import type { Sharing } from '../execution/sharing/sharing.ts';
import type { CostReport } from '../limits/cost-report.ts';
import { createDocumentPlanner } from '../planning/document-planner.ts';
import { ApolloPlanner } from '../planning/planners/apollo-planner.ts';
import { boundPlanner } from '../planning/planners/bounded-planner.ts';
import { createHivePlanner } from '../planning/planners/hive-planner.ts';
import { createOverrideDraw } from '../planning/planners/override-draw.ts';
import type { Planner } from '../planning/planners/planner.ts';
import { PlannerRefusal } from '../planning/planners/planner-process.ts';
import { createNativeCompiler } from '../preparation/native-compiler.ts';
import { createOperationPreparer, type RememberingPreparer } from '../preparation/operation-preparer.ts';
import type { Tracer } from '../request/span.ts';
import type { AnswerRoom } from '../subgraph-client/answer-room.ts';
import type { ClientRegistry } from '../subgraph-client/client-registry.ts';
import type { SignInternal } from '../subgraph-client/create-clients.ts';
import type { LocalSubgraph } from '../subgraph-client/local-subgraph.ts';
import { loadSupergraph, type Supergraph } from '../supergraph/load-supergraph.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { EngineError, type EngineName, UnplannableSupergraphError } from './engine-error.ts';
import { warmUp } from './warm-up.ts';

export interface EngineOptions {
  readonly supergraphSdl: string;
  readonly runtime: Runtime;
  readonly config: GatewayConfig;
  readonly subgraphs: ReadonlyMap<string, LocalSubgraph>;
  readonly signInternal: SignInternal | undefined;
  /** Absent where nothing is counted. */
  readonly metrics?: Metrics | undefined;
  /** Absent where nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Outlives the engine. */
  readonly clients: ClientRegistry;
  /** Outlives the engine. */
  readonly sharing: Sharing;
  /** Outlives the engine. */
  readonly room: AnswerRoom;
  /** Outlives the engine. */
  readonly costReport: CostReport;
}

/** One supergraph, ready to answer. Transports stand in front of it and know nothing of plans. */
export interface Engine {
  readonly name: EngineName;
  readonly supergraph: Supergraph;
  readonly preparer: RememberingPreparer;
  /**
   * Prepares operations that nobody asked for, so that the first that clients send do not find cold code: the engine of
   * JavaScript makes it fast only as it runs.
   * @param budgetMs about how long it takes
   */
  warmUp(budgetMs: number): Promise<void>;
  close(): Promise<void>;
}

/** The native planner and our own executor. @throws SupergraphError, EngineError */
export async function createNativeEngine(options: EngineOptions): Promise<Engine> {
  const { supergraphSdl, runtime, config, clients: registry, sharing, room, costReport, metrics, tracer } = options;
  // It loads in a process of its own, while this one reads the schema: which keeps this one from sending the rest.
  const loading = await startLoading(supergraphSdl, config.override.labels);
  const supergraph = loadSupergraph(supergraphSdl);
  const planner = boundPlanner(await loading.planner, runtime.timers);
  const second = new ApolloPlanner(supergraphSdl, runtime.timers, config.override.labels);
  const drawOverride = createOverrideDraw(planner.overridePercentages, runtime.ids);
  const clients = registry.clientsFor(supergraph.subgraphs);
  const scope: ExecutionScope = {
    sharesObjects: true,
    types: supergraph.types,
    requirements: supergraph.subgraphTypes,
    clock: runtime.clock,
    sharing,
    room,
    exposure: {
      maskUnknown: config.maskErrors,
      log: runtime.log,
      misfitted: metrics && ((service) => metrics.misfitted(service)),
    },
    client(service) {
      const client = clients.get(service);
      if (!client) throw new Error(`The plan names subgraph "${service}", which the supergraph does not.`);
      return client;
    },
  };
  const { schema, types, subgraphTypes } = supergraph;
  const { labels } = config.override;
  const planDocuments = createDocumentPlanner({ first: planner, second, schema, types, subgraphTypes, labels });
  const compile = createNativeCompiler({ supergraph, planDocuments, scope, log: runtime.log, drawOverride });
  return {
    name: 'native',
    supergraph,
    preparer: createOperationPreparer({ supergraph, config, costReport, metrics, tracer, compile }),
    warmUp: (budgetMs) => warmUp({ supergraph, config, planner, second, scope, runtime, budgetMs }),
    close() {
      second.close();
      return registry.close();
    },
  };
}

/** Resolves when the planner does not need this process any more to load. Itself it may fail: it has no binary for every machine. */
function startLoading(supergraphSdl: string, labels: readonly string[]): Promise<{ planner: Promise<Planner> }> {
  return new Promise((resolve) => {
    const planner = createHivePlanner(supergraphSdl, labels, () => resolve({ planner })).catch((cause: unknown) => {
      throw cause instanceof PlannerRefusal
        ? new UnplannableSupergraphError(supergraphSdl, cause)
        : new EngineError('native', cause);
    });
    planner.catch(() => undefined);
  });
}
