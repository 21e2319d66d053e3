import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { GatewayConfig } from './config.ts';
import type { ExecutionScope } from './execution/call-subgraph.ts';
import { createDocumentPlanner } from './planning/document-planner.ts';
import { type Planner, PlanningError } from './planning/planner.ts';
import { sampleOperations } from './planning/sample-operations.ts';
import { createNativeCompiler, createOperationPreparer } from './prepare-operation.ts';
import { RequestError } from './request-error.ts';
import type { Supergraph } from './supergraph/load-supergraph.ts';

export interface WarmUpOptions {
  readonly supergraph: Supergraph;
  readonly config: GatewayConfig;
  readonly planner: Planner;
  readonly scope: ExecutionScope;
  readonly clock: Clock;
  readonly budgetMs: number;
}

/** By then more of them change nothing. */
const maxOperations = 200;

/** Prepares sample operations, each as if a client had sent it, and forgets them. */
export async function warmUp({ supergraph, config, planner, scope, clock, budgetMs }: WarmUpOptions): Promise<void> {
  const { schema, types, subgraphTypes } = supergraph;
  const planDocuments = createDocumentPlanner({ first: planner, second: noPlanner, schema, types, subgraphTypes });
  const compile = createNativeCompiler({ supergraph, planDocuments, scope, log: noLog, drawOverride: undefined });
  const preparer = createOperationPreparer({
    supergraph,
    config: { ...config, planCacheBytes: 0 },
    log: noLog,
    compile,
  });
  const end = clock.monotonic() + budgetMs;
  let prepared = 0;
  for (const text of sampleOperations(supergraph.schema)) {
    if (prepared >= maxOperations || clock.monotonic() >= end) return;
    prepared += 1;
    await preparer.prepare(text, undefined).catch((cause: unknown) => {
      if (!(cause instanceof RequestError)) throw cause;
    });
  }
}

/** No sample is worth the start of another planner. */
const noPlanner: Planner = {
  overridePercentages: [],
  plan: () => Promise.reject(new PlanningError('PLANNING_FAILED', 'This operation is not planned in another way.')),
};

/** What becomes of a sample concerns nobody. */
const noLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
