import { SubgraphCallError } from '../subgraph-client/subgraph-call-error.ts';
import type { SubgraphClient } from '../subgraph-client/subgraph-client.ts';
import type { Metrics } from './metrics.ts';

/** The same subgraph, with its calls counted. */
export function measuredClient(client: SubgraphClient, metrics: Metrics): SubgraphClient {
  return {
    ...client,
    async execute(call) {
      const ended = metrics.callStarted(client.service);
      try {
        const response = await client.execute(call);
        ended(response.errors?.length ? 'errors' : 'ok');
        return response;
      } catch (cause) {
        ended(cause instanceof SubgraphCallError ? cause.code : 'failed');
        throw cause;
      }
    },
  };
}
