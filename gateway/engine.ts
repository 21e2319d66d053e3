import type { Runtime } from '../runtime/runtime.ts';
import type { GatewayConfig } from './config.ts';
import type { ExecutionScope } from './execution/call-subgraph.ts';
import type { Sharing } from './execution/sharing.ts';
import { boundPlanner } from './planning/bounded-planner.ts';
import { createHivePlanner } from './planning/hive-planner.ts';
import { createOverrideDraw } from './planning/override-draw.ts';
import { createOperationPreparer, type RememberingPreparer } from './prepare-operation.ts';
import type { ClientRegistry } from './subgraph-client/client-registry.ts';
import type { SignInternal } from './subgraph-client/create-clients.ts';
import type { LocalSubgraph } from './subgraph-client/local-subgraph.ts';
import { loadSupergraph, type Supergraph } from './supergraph/load-supergraph.ts';

export interface EngineOptions {
  readonly supergraphSdl: string;
  readonly runtime: Runtime;
  readonly config: GatewayConfig;
  readonly subgraphs: ReadonlyMap<string, LocalSubgraph>;
  readonly signInternal: SignInternal | undefined;
  /** Outlives the engine. */
  readonly clients: ClientRegistry;
  /** Outlives the engine. */
  readonly sharing: Sharing;
}

/** One supergraph, ready to answer. Transports stand in front of it and know nothing of plans. */
export interface Engine {
  readonly supergraph: Supergraph;
  readonly preparer: RememberingPreparer;
  close(): Promise<void>;
}

/** @throws SupergraphError */
export function createEngine(options: EngineOptions): Engine {
  const { supergraphSdl, runtime, config, clients: registry, sharing } = options;
  const supergraph = loadSupergraph(supergraphSdl);
  const planner = boundPlanner(createHivePlanner(supergraphSdl), runtime.timers);
  const drawOverride = createOverrideDraw(planner.overridePercentages, runtime.ids);
  const clients = registry.clientsFor(supergraph.subgraphs);
  const scope: ExecutionScope = {
    types: supergraph.types,
    clock: runtime.clock,
    sharing,
    exposure: { maskUnknown: config.maskErrors },
    client(service) {
      const client = clients.get(service);
      if (!client) throw new Error(`The plan names subgraph "${service}", which the supergraph does not.`);
      return client;
    },
  };
  return {
    supergraph,
    preparer: createOperationPreparer({ supergraph, planner, scope, config, log: runtime.log, drawOverride }),
    close: () => registry.close(),
  };
}
