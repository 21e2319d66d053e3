import type { SubgraphResponse } from '../local-subgraph.ts';

/** The subgraph answered a subscription with errors in place of a stream. */
export class StreamRefusedError extends Error {
  readonly response: SubgraphResponse;

  constructor(service: string, response: SubgraphResponse) {
    super(`"${service}" refused the subscription.`);
    this.name = 'StreamRefusedError';
    this.response = response;
  }
}
