import type { AdmittedCall } from '../circuit-breaker.ts';
import type { RemoteOptions } from '../remote-options.ts';
import type { SubgraphCall } from '../subgraph-client.ts';

/** One time that a subgraph is asked for events. */
export interface StreamAttempt {
  readonly options: RemoteOptions;
  /** The address of its events; http(s) and ws(s) mean the same. */
  readonly url: string;
  readonly call: SubgraphCall;
  /** Tells the circuit breaker what came of it; what is told first counts. */
  outcome(outcome: keyof AdmittedCall): void;
}
