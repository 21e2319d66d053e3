import type { AdmittedCall, CircuitBreaker } from '../circuit-breaker.ts';
import type { SubgraphResponse } from '../local-subgraph.ts';
import type { RemoteOptions } from '../remote-options.ts';
import { SubgraphCallError } from '../subgraph-call-error.ts';
import type { SubgraphCall } from '../subgraph-client.ts';
import type { StreamAttempt } from './stream-attempt.ts';
import { StreamWarnings } from './stream-warnings.ts';
import { subscribeOverEvents } from './subscribe-over-events.ts';
import { subscribeOverWebSocket } from './subscribe-over-websocket.ts';

type Subscribe = (call: SubgraphCall) => Promise<AsyncIterable<SubgraphResponse>>;

/**
 * Streams of one subgraph, each on a connection of its own, over the protocol that the configuration names. The circuit
 * breaker counts a connection like a call, from the attempt until the subgraph has taken it.
 */
export function createRemoteSubscribe(options: RemoteOptions, breaker: CircuitBreaker): Subscribe {
  const { service, config } = options;
  const url = config.subscriptionUrlBySubgraph[service] ?? options.url;
  const protocol = config.subscriptionProtocolBySubgraph[service] ?? config.subscriptionProtocol;
  const stream = protocol === 'sse' ? subscribeOverEvents : subscribeOverWebSocket;
  const warnings = new StreamWarnings({ subgraph: service, protocol, url }, options.runtime);
  return async (call) => {
    const admitted = breaker.admit();
    if (!admitted) throw new SubgraphCallError('SUBGRAPH_CIRCUIT_OPEN', service);
    return follow(stream, { options, url, call, outcome: onlyOnce(admitted) }, warnings);
  };
}

async function* follow(
  stream: (attempt: StreamAttempt) => AsyncGenerator<SubgraphResponse>,
  attempt: StreamAttempt,
  warnings: StreamWarnings,
): AsyncGenerator<SubgraphResponse> {
  const { call, outcome } = attempt;
  const { cancellation } = call.context;
  const forget = cancellation?.onCancel(() => outcome('abandoned'));
  try {
    if (!cancellation?.aborted) yield* stream(attempt);
  } catch (problem) {
    warnings.tell(problem, call.context.requestId);
    throw problem;
  } finally {
    forget?.();
    outcome('abandoned');
  }
}

function onlyOnce(admitted: AdmittedCall): StreamAttempt['outcome'] {
  let isTold = false;
  return (outcome) => {
    if (isTold) return;
    isTold = true;
    admitted[outcome]();
  };
}
