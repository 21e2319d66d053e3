import type { CompiledOperation } from '../execution/compiled-operation.ts';
import { createSharing, type Sharing } from '../execution/sharing/sharing.ts';
import { CostReport } from '../limits/cost-report.ts';
import { RequestError } from '../request/request-error.ts';
import { AnswerRoom } from '../subgraph-client/answer-room.ts';
import { type ClientRegistry, createClientRegistry } from '../subgraph-client/client-registry.ts';
import { chooseEngine } from './choose-engine.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { createNameCheck } from './unknown-names.ts';

/** An engine whose supergraph can be replaced while it answers. */
export interface LiveEngine extends Engine {
  readonly sharing: Pick<Sharing, 'onFence' | 'joined'>;
  readonly clients: Pick<ClientRegistry, 'circuits'>;
  /**
   * Loads another supergraph, plans the most used operations, and swaps. What runs finishes on its old plan.
   * @returns false where it is the one in use
   * @throws SupergraphError it cannot be used; the one in use stays
   */
  replace(supergraphSdl: string): Promise<boolean>;
  /** Calls `run` after each swap. */
  onReplaced(run: () => void): void;
  /** The same operation on the supergraph in use. @throws RequestError it does not fit it */
  successorOf(operation: CompiledOperation): Promise<CompiledOperation>;
}

/** What goes on from one supergraph to the next. */
type LastingParts = Pick<EngineOptions, 'clients' | 'sharing' | 'room' | 'costReport'>;

/** @throws SupergraphError, EngineError, NoEngineError */
export async function createLiveEngine(options: Omit<EngineOptions, keyof LastingParts>): Promise<LiveEngine> {
  const { runtime, config, metrics } = options;
  const room = new AnswerRoom(config.subgraphs, runtime);
  const clients = createClientRegistry({ ...options, config: config.subgraphs, room });
  const sharing = createSharing(config, runtime.clock, room);
  const lasting: LastingParts = { clients, sharing, room, costReport: new CostReport(runtime.log) };
  const createEngine = chooseEngine(config.engine, runtime.log);
  const listeners: (() => void)[] = [];
  const checkNames = createNameCheck(config, runtime.log);
  let current = await createEngine({ ...options, ...lasting });
  checkNames(current.supergraph);
  let lastSwap: Promise<unknown> = Promise.resolve();

  async function swap(supergraphSdl: string): Promise<boolean> {
    if (supergraphSdl === current.supergraph.sdl) return false;
    const next = await createEngine({ ...options, ...lasting, supergraphSdl });
    const warmed = await planMostUsed(current, next, config.supergraph.warmUpOperations);
    current = next;
    sharing.fence();
    clients.retireAllBut(next.supergraph.subgraphs);
    metrics?.supergraphReplaced('used');
    runtime.log.info('supergraph replaced', { subgraphs: [...next.supergraph.subgraphs.keys()], ...warmed });
    checkNames(next.supergraph);
    for (const run of listeners) run();
    return true;
  }

  return {
    get name() {
      return current.name;
    },
    sharing,
    clients,
    get supergraph() {
      return current.supergraph;
    },
    preparer: {
      prepare: (...request) => current.preparer.prepare(...request),
      mostUsed: (limit) => current.preparer.mostUsed(limit),
    },
    replace(supergraphSdl) {
      const swapped = lastSwap.then(() => swap(supergraphSdl));
      lastSwap = swapped.catch(() => metrics?.supergraphReplaced('refused'));
      return swapped;
    },
    onReplaced: (run) => void listeners.push(run),
    successorOf: ({ text, operationName }) => current.preparer.prepare(text, operationName),
    warmUp: (budgetMs) => current.warmUp(budgetMs),
    close: () => clients.close(),
  };
}

/** Plans on `next` what clients ask `current` most, so that the swap is not followed by a wave of planning. */
async function planMostUsed(current: Engine, next: Engine, limit: number): Promise<{ warmed: number; unfit: number }> {
  let unfit = 0;
  const known = current.preparer.mostUsed(limit);
  for (const { text, operationName } of known) {
    // One after the other: requests go on meanwhile, and planning must not crowd them out.
    await next.preparer.prepare(text, operationName).catch((cause: unknown) => {
      if (!(cause instanceof RequestError)) throw cause;
      unfit += 1;
    });
  }
  return { warmed: known.length - unfit, unfit };
}
