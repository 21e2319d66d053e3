import type { Logger } from '../../runtime/logger.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { GatewayConfig } from '../config.ts';
import type { ExecutionScope } from '../execution/fetch/call-subgraph.ts';
import { CostReport } from '../limits/cost-report.ts';
import { createDocumentPlanner } from '../planning/document-planner.ts';
import type { ApolloPlanner } from '../planning/planners/apollo-planner.ts';
import type { Planner } from '../planning/planners/planner.ts';
import { PlanningError } from '../planning/planning-error.ts';
import { sampleOperations } from '../planning/sample-operations.ts';
import { createNativeCompiler } from '../preparation/native-compiler.ts';
import { createOperationPreparer } from '../preparation/operation-preparer.ts';
import { RequestError } from '../request/request-error.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';

export interface WarmUpOptions {
  readonly supergraph: Supergraph;
  readonly config: GatewayConfig;
  readonly planner: Planner;
  /** Its start is for later, and nobody waits for it. */
  readonly second: Pick<ApolloPlanner, 'start'>;
  readonly scope: ExecutionScope;
  readonly runtime: Pick<Runtime, 'clock' | 'timers'>;
  readonly budgetMs: number;
}

/** By then more of them change nothing. */
const maxOperations = 200;

/** Milliseconds for one that is under way when the time is over: the first client's would wait for it in the planner. */
const lastMs = 50;

/** Prepares sample operations, each as if a client had sent it, and forgets them. */
export async function warmUp(options: WarmUpOptions): Promise<void> {
  const { supergraph, config, planner, second, scope, runtime, budgetMs } = options;
  const { schema, types, subgraphTypes } = supergraph;
  // Samples do not meet everything that needs it.
  if (subgraphTypes.hasContext) second.start();
  const planDocuments = createDocumentPlanner({
    first: planner,
    second: onlyStarted(second),
    schema,
    types,
    subgraphTypes,
    labels: config.override.labels,
  });
  const compile = createNativeCompiler({ supergraph, planDocuments, scope, log: noLog, drawOverride: undefined });
  const preparer = createOperationPreparer({
    supergraph,
    config: { ...config, planCacheBytes: 0 },
    costReport: new CostReport(noLog),
    compile,
  });
  const { clock, timers } = runtime;
  const end = clock.monotonic() + budgetMs;
  let prepared = 0;
  for (const text of sampleOperations(supergraph.schema)) {
    const left = end - clock.monotonic();
    if (prepared >= maxOperations || left <= 0) return;
    const wait = Math.max(left, lastMs);
    prepared += 1;
    const done = preparer.prepare(text, undefined).then(ignore, (cause: unknown) => {
      if (!(cause instanceof RequestError)) throw cause;
    });
    // One that is hard to plan keeps nobody from being served.
    await new Promise<void>((resolve, reject) => {
      const cancel = timers.after(wait, resolve);
      done.then(resolve, reject).finally(cancel);
    });
  }
}

const ignore = (): void => undefined;

/** No sample is worth waiting for the other planner; but where samples need it, so will what clients ask. */
const onlyStarted = (second: WarmUpOptions['second']): Planner => ({
  overridePercentages: [],
  plan() {
    second.start();
    return Promise.reject(new PlanningError('PLANNING_FAILED'));
  },
});

/** What becomes of a sample concerns nobody. */
const noLog: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
};
