import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { SubgraphCallError } from '../execution/subgraph-error.ts';
import type { SubgraphResponse } from './local-subgraph.ts';
import { readResponse } from './read-response.ts';
import type { RemoteOptions } from './remote.ts';
import { StreamRefusedError } from './stream-refused-error.ts';
import type { SubgraphCall } from './subgraph-client.ts';

/** Streams over `graphql-transport-ws` at the subgraph's own address, one connection each: authority is per connection. */
export function createRemoteSubscribe(
  options: Pick<RemoteOptions, 'service' | 'url' | 'authorize'>,
): (call: SubgraphCall) => Promise<AsyncIterable<SubgraphResponse>> {
  const url = options.url.replace(/^http/, 'ws');
  return async (call) => streamEvents(url, options, call);
}

async function* streamEvents(
  url: string,
  { service, authorize }: Pick<RemoteOptions, 'service' | 'authorize'>,
  call: SubgraphCall,
): AsyncGenerator<SubgraphResponse> {
  const authorization = authorize(call);
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...(authorization !== undefined && { connectionParams: { authorization } }),
  });
  const { operation: query, operationName } = call.request;
  const events = client.iterate({ query, operationName, variables: JSON.parse(call.variables) });
  const stop = () => void client.dispose();
  const forget = call.context.cancellation?.onCancel(stop);
  try {
    for await (const event of events) yield readResponse(service, event);
  } catch (cause) {
    if (cause instanceof SubgraphCallError) throw cause;
    // The protocol's `error` message: the subgraph refused the operation and says why.
    if (Array.isArray(cause)) throw new StreamRefusedError(service, readResponse(service, { errors: cause }));
    throw new SubgraphCallError('SUBGRAPH_UNAVAILABLE', service, { cause });
  } finally {
    forget?.();
    await client.dispose();
  }
}
