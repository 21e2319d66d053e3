import type { FormattedExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Logger } from '../../runtime/logger.ts';
import {
  type CompiledOperation,
  createCoercion,
  type OperationAnswer,
  type Variables,
} from '../execution/compile-operation.ts';
import { type RequestContext, Run } from '../execution/run.ts';
import type { Sharing } from '../execution/sharing.ts';
import type { CompileOperation } from '../prepare-operation.ts';
import { RequestError, refuse } from '../request-error.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';
import type { ApolloExecutor, ApolloLogger } from './load-apollo-gateway.ts';

export interface ApolloScope {
  readonly supergraph: Supergraph;
  readonly executor: ApolloExecutor;
  readonly sharing: Sharing;
  readonly log: Logger;
  readonly apolloLog: ApolloLogger;
}

/** Runs operations that passed our limits and validation with Apollo's planner and executor. */
export function createApolloCompiler(scope: ApolloScope): CompileOperation {
  return async ({ text, operationName, document, operation, onPlanned }): Promise<CompiledOperation> => {
    const kind = operation.operation;
    if (kind === 'subscription') throw needsNativeEngine();
    onPlanned();
    const key = scope.sharing.nextOperation();
    const queryHash = JSON.stringify([operationName, text]);
    const runPlan = async (variables: Variables, context: RequestContext) => {
      const run = new Run(variables, context);
      const result = await scope
        .executor({
          request: { variables },
          operationName: operation.name?.value ?? null,
          document,
          queryHash,
          context: run,
          logger: scope.apolloLog,
          metrics: {},
        })
        .catch((cause: unknown) => {
          throw planningFailed(scope.log, operation.name?.value, cause);
        });
      return toAnswer(result, run, scope.log);
    };
    return {
      text,
      operationName,
      kind,
      // Asked for by streams only.
      rootFields: [],
      coerceVariables: createCoercion(operation, scope.supergraph),
      execute(variables, context) {
        if (kind === 'mutation') {
          return runPlan(variables, { ...context, mayShare: false }).finally(() => scope.sharing.fence());
        }
        const run = (its: RequestContext) => runPlan(variables, its);
        return scope.sharing.shareAnswer({ operation: key, variables, context, run });
      },
      stream: () => Promise.reject(needsNativeEngine()),
    };
  };
}

const needsNativeEngine = () =>
  refuse(
    400,
    'SUBSCRIPTION_NEEDS_NATIVE_ENGINE',
    'This gateway runs on its fallback engine, which has no subscriptions. They are served with engine: native.',
  );

/** What Apollo's executor throws comes from planning: everything later is in its result. */
function planningFailed(log: Logger, operationName: string | undefined, cause: unknown): unknown {
  if (cause instanceof RequestError) return cause;
  log.error('planning failed', { operationName, cause });
  return refuse(500, 'PLANNING_FAILED', 'No plan answers this operation.');
}

/** Nulls that Apollo's executor had to propagate are told beside the errors, and only where there is no error. */
function toAnswer({ data, errors, extensions }: FormattedExecutionResult, run: Run, log: Logger): OperationAnswer {
  const completed = (extensions?.['valueCompletion'] ?? []) as readonly GraphQLFormattedError[];
  return {
    data: JSON.stringify(data ?? null),
    errors: [
      ...(errors ?? []).map((error) => asClientsRead(error, log)),
      ...completed.map(({ message, path }) => ({
        message,
        ...(path && { path }),
        extensions: { code: completionCode(message), retryable: false },
      })),
    ],
    sources: run.sources(),
  };
}

const completionCode = (message: string) =>
  message.startsWith('Cannot return null') ? 'NULL_FOR_NON_NULL' : 'SUBGRAPH_MALFORMED_RESPONSE';

/** Errors of subgraphs were made readable when they arrived; others are the executor's, and may tell what is inside. */
function asClientsRead({ message, path, extensions = {} }: GraphQLFormattedError, log: Logger): GraphQLFormattedError {
  const { serviceName: _, ...shown } = extensions;
  // A path with the list step of a plan is not one of the response.
  const place = path && !path.includes('@') && path.length > 0 ? { path } : {};
  if (typeof shown['service'] === 'string') return { message, ...place, extensions: shown };
  log.error('fallback engine failed', { message });
  return {
    message: 'A subgraph gave an answer that does not fit the schema.',
    ...place,
    extensions: { code: 'SUBGRAPH_MALFORMED_RESPONSE', retryable: false },
  };
}
