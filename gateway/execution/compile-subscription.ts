import { GraphQLError } from 'graphql';
import type { FetchNode, PlanNode } from '../planning/plan.ts';
import { RequestError } from '../request/request-error.ts';
import type { SubgraphResponse } from '../subgraph-client/local-subgraph.ts';
import { StreamRefusedError } from '../subgraph-client/stream-refused-error.ts';
import { prepareRequest } from '../subgraph-client/subgraph-client.ts';
import type { OperationAnswer } from './answer.ts';
import { type ExecutionScope, readAnswer } from './call-subgraph.ts';
import { compilePlan, inSequence } from './compile-plan.ts';
import type { CompiledOperation, StreamSource } from './compiled-operation.ts';
import { compileRootMerge } from './fetch-root.ts';
import { Run } from './run.ts';
import { toClientErrors } from './subgraph-error.ts';
import { compileVariables } from './variables-text.ts';

/** The first fetch opens the stream; the rest of the plan joins each event with the other subgraphs. */
export function compileSubscription(
  plans: readonly PlanNode[],
  finish: (run: Run) => OperationAnswer,
  scope: ExecutionScope,
): Pick<CompiledOperation, 'execute' | 'stream'> {
  const { primary, rest } = splitSubscription(plans);
  const client = scope.client(primary.service);
  const request = prepareRequest(primary.request);
  const writeVariables = compileVariables(primary.request.variables);
  const merge = compileRootMerge(primary, scope);
  const join = inSequence(rest.map((node) => compilePlan(node, scope)));
  const refusal = ({ errors = [] }: SubgraphResponse, requestId: string) => {
    const readable = toClientErrors(errors, { service: primary.service, requestId }, scope.exposure);
    return new RequestError(
      400,
      readable.map(({ shown: { message, extensions } }) => new GraphQLError(message, { extensions })),
    );
  };
  return {
    async stream(variables) {
      const source: StreamSource = { client, operation: request.operation, variables: writeVariables(variables) };
      return {
        source,
        hasSourceOf: ({ source: other }) =>
          other.client === client && other.operation === source.operation && other.variables === source.variables,
        async *open(context) {
          try {
            for await (const event of await client.subscribe({ request, variables: source.variables, context })) {
              if (neverRan(event)) throw refusal(event, context.requestId);
              yield event;
            }
          } catch (cause) {
            throw cause instanceof StreamRefusedError ? refusal(cause.response, context.requestId) : cause;
          }
        },
        async answer(event, context) {
          // What the event tells of has happened: queries that it sets off must see it.
          scope.sharing.fence();
          const run = new Run(variables, context);
          merge(run, readAnswer(scope, primary.service, event, run));
          try {
            await join(run);
            return finish(run);
          } finally {
            scope.room.release(run);
          }
        },
      };
    },
    execute() {
      throw new Error('A subscription is opened, not run.');
    },
  };
}

/**
 * Servers refuse a subscription, or tell that its events have failed, by a response without `data` (specification 7.1);
 * some by null, for errors that stand nowhere in it.
 */
const neverRan = ({ data, errors = [] }: SubgraphResponse): boolean =>
  data === undefined || (data === null && errors.length > 0 && errors.every(({ path }) => path === undefined));

function splitSubscription(plans: readonly PlanNode[]): { primary: FetchNode; rest: readonly PlanNode[] } {
  const [plan] = plans;
  const nodes = plan?.kind === 'sequence' ? plan.nodes : plan ? [plan] : [];
  const [first, ...rest] = nodes;
  if (first?.kind === 'subscribe') return { primary: first.primary, rest };
  const extensions = { code: 'PLANNING_FAILED' };
  throw new RequestError(500, [new GraphQLError('This subscription cannot be planned.', { extensions })]);
}
