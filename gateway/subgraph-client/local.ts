import type { Cancellation } from '../request/cancellation.ts';
import { type Deadlines, withDeadline } from './deadline.ts';
import type { LocalSubgraph, SubgraphRequest } from './local-subgraph.ts';
import { mutationAnswered, mutationSent, withOutcome } from './mutation-outcome.ts';
import { readResponse } from './read-response.ts';
import { StreamRefusedError } from './streams/stream-refused-error.ts';
import { SubgraphCallError } from './subgraph-call-error.ts';
import type { SubgraphCall, SubgraphClient } from './subgraph-client.ts';

interface LocalOptions extends Deadlines {
  /** See `isRepeatable`. */
  readonly idempotencyKey: string | undefined;
}

/** A subgraph in this process: no HTTP, no JSON on the way back, the same deadline and the same errors. */
export function createLocalClient(service: string, subgraph: LocalSubgraph, options: LocalOptions): SubgraphClient {
  const { idempotencyKey, ...deadlines } = options;
  const unavailable = (call: SubgraphCall, cause: unknown) => {
    deadlines.log.error('subgraph call failed', { subgraph: service, requestId: call.context.requestId, cause });
    return new SubgraphCallError('SUBGRAPH_UNAVAILABLE', service, { cause });
  };
  const ask = (call: SubgraphCall) =>
    withDeadline(service, deadlines, call.context, async (cancellation) => {
      const response = await subgraph.execute(toRequest(call, cancellation)).catch((cause: unknown) => {
        // Whoever ended it has answered and told of it: the deadline, or the client that went.
        throw cancellation.aborted ? cause : unavailable(call, cause);
      });
      return readResponse(service, response);
    });
  const mutate = async (call: SubgraphCall) => {
    mutationSent(call);
    try {
      const response = await ask(call);
      mutationAnswered(call, response, idempotencyKey);
      return response;
    } catch (cause) {
      throw withOutcome(cause, call, idempotencyKey);
    }
  };
  return {
    service,
    execute: (call) => (call.request.operationKind === 'mutation' ? mutate(call) : ask(call)),
    async subscribe(call) {
      const stream = await subgraph.subscribe(toRequest(call, call.context.cancellation)).catch((cause: unknown) => {
        throw unavailable(call, cause);
      });
      if (Symbol.asyncIterator in stream) return stream;
      throw new StreamRefusedError(service, stream);
    },
    close: async () => undefined,
  };
}

function toRequest(
  { request, variables, context }: SubgraphCall,
  cancellation: Cancellation | undefined,
): SubgraphRequest {
  return {
    query: request.operation,
    ...(request.operationName !== undefined && { operationName: request.operationName }),
    variables: JSON.parse(variables),
    principal: context.principal,
    requestId: context.requestId,
    ...(cancellation && { signal: cancellation.signal }),
  };
}
