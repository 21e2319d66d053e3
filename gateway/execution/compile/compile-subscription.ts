import type { FetchNode, PlanNode } from '../../planning/plan.ts';
import type { RequestContext } from '../../request/request-context.ts';
import { refuse, refuseWith } from '../../request/request-error.ts';
import type { SubgraphResponse } from '../../subgraph-client/local-subgraph.ts';
import { StreamRefusedError } from '../../subgraph-client/streams/stream-refused-error.ts';
import { prepareRequest } from '../../subgraph-client/subgraph-client.ts';
import type { OperationAnswer } from '../answer.ts';
import type { CompiledOperation, StreamSource } from '../compiled-operation.ts';
import { type ExecutionScope, readAnswer } from '../fetch/call-subgraph.ts';
import { compileRootMerge } from '../fetch/fetch-root.ts';
import { toClientErrors } from '../fetch/subgraph-error.ts';
import { compileVariables } from '../fetch/variables-text.ts';
import { type FindGivers, Run } from '../run.ts';
import { compilePlans } from './compile-plan.ts';

interface SubscriptionParts {
  readonly plans: readonly PlanNode[];
  readonly findGivers: FindGivers;
  readonly finish: (run: Run) => OperationAnswer;
}

/** The first fetch opens the stream; the rest of the plan joins each event with the other subgraphs. */
export function compileSubscription(
  { plans, findGivers, finish }: SubscriptionParts,
  scope: ExecutionScope,
): Pick<CompiledOperation, 'execute' | 'stream'> {
  const { primary, rest } = splitSubscription(plans);
  const client = scope.client(primary.service);
  const request = prepareRequest(primary.request);
  const writeVariables = compileVariables(primary.request.variables);
  const merge = compileRootMerge(primary, scope);
  const join = compilePlans(rest, scope);
  const refusal = ({ errors = [] }: SubgraphResponse, context: RequestContext) => {
    const readable = toClientErrors(errors, { service: primary.service, context }, scope.exposure);
    return refuseWith(
      400,
      readable.map(({ shown }) => shown),
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
              if (neverRan(event)) throw refusal(event, context);
              yield event;
            }
          } catch (cause) {
            throw cause instanceof StreamRefusedError ? refusal(cause.response, context) : cause;
          }
        },
        async answer(event, context) {
          // What the event tells of has happened: queries that it sets off must see it.
          scope.sharing.fence();
          const run = new Run(variables, context);
          run.findGivers = findGivers;
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
  throw refuse(500, 'PLANNING_FAILED', 'This subscription cannot be planned.');
}
