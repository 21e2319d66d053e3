import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { forwardedTo } from '../request/forwarded-headers.ts';
import { EventQueue } from './event-queue.ts';
import type { SubgraphResponse } from './local-subgraph.ts';
import { readResponse } from './read-response.ts';
import type { StreamAttempt } from './stream-attempt.ts';
import { StreamRefusedError } from './stream-refused-error.ts';
import { SubgraphCallError } from './subgraph-call-error.ts';

/** A connection on which the subgraph does not answer a ping within half of this is dead. */
const pingIntervalMs = 10_000;

/** Of the only operation on its connection. */
const operationId = '1';

/** Events over `graphql-transport-ws`, on a connection of their own: authority is per connection. */
export async function* subscribeOverWebSocket({
  options,
  url,
  call,
  outcome,
}: StreamAttempt): AsyncGenerator<SubgraphResponse> {
  const { service, tls, authorize, deadlines, runtime, config, forwarding } = options;
  const { maxResponseBytes: maxPayload } = config;
  const forwarded = forwardedTo(forwarding, call.context.forwarded);
  const attempted: WebSocket[] = [];
  class SubgraphSocket extends WebSocket {
    constructor(address: string, protocols: string[]) {
      const { timeoutMs: handshakeTimeout } = deadlines;
      const headers = { 'x-request-id': call.context.requestId, ...forwarded };
      super(address, protocols, { handshakeTimeout, maxPayload, perMessageDeflate: false, headers, ...tls });
      attempted.push(this);
    }
  }
  const authorization = authorize(call);
  // Servers look for headers in either place.
  const connectionParams = { ...(authorization !== undefined && { authorization }), ...forwarded };
  const events = new EventQueue<unknown>();
  let cancelPong: () => void = () => undefined;
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: SubgraphSocket,
    retryAttempts: 0,
    connectionAckWaitTimeout: deadlines.timeoutMs,
    keepAlive: pingIntervalMs,
    generateID: () => operationId,
    on: {
      opened: (socket) => events.throttle(socket as WebSocket),
      connected: () => outcome('answered'),
      message: (message) => {
        // The library tells of the end a moment later, and meanwhile of what comes after it.
        if (message.type === 'complete' && message.id === operationId) events.complete();
      },
      ping: (received) => {
        if (received) return;
        cancelPong = runtime.timers.after(pingIntervalMs / 2, () => {
          // What is not read cannot be heard.
          if (!events.isThrottled) client.terminate();
        });
      },
      pong: (received) => {
        if (received) cancelPong();
      },
    },
    ...(Object.keys(connectionParams).length > 0 && { connectionParams }),
  });
  const { operation: query, operationName } = call.request;
  const variables: Record<string, unknown> = JSON.parse(call.variables);
  const unsubscribe = client.subscribe(
    { query, ...(operationName !== undefined && { operationName }), variables },
    events,
  );
  const forget = call.context.cancellation?.onCancel(() => events.complete());
  try {
    for await (const event of events.read()) yield readResponse(service, event);
  } catch (cause) {
    if (cause instanceof SubgraphCallError) throw cause;
    // The protocol's `error` message: the subgraph refused the operation and says why.
    if (Array.isArray(cause)) throw new StreamRefusedError(service, readResponse(service, { errors: cause }));
    // Asked again it would say the same.
    if (isTooLarge(cause) || isGarbage(cause))
      throw new SubgraphCallError('SUBGRAPH_MALFORMED_RESPONSE', service, { cause });
    // A close code of the protocol is an answer, too.
    outcome(isProtocolClose(cause) ? 'answered' : 'failed');
    throw new SubgraphCallError('SUBGRAPH_UNAVAILABLE', service, { cause });
  } finally {
    cancelPong();
    forget?.();
    unsubscribe();
    // One that is not read, or not open yet, would not hear that the other side lets go of it, too.
    for (const socket of attempted) {
      if (events.isThrottled || socket.readyState === WebSocket.CONNECTING) socket.terminate();
    }
    // It says so, too, when the connection that it closes never came about.
    Promise.resolve(client.dispose()).catch(() => undefined);
  }
}

/** As `ws` tells of a message that is longer than `maxPayload`. */
const isTooLarge = (cause: unknown): boolean =>
  typeof cause === 'object' &&
  cause !== null &&
  'error' in cause &&
  cause.error instanceof Error &&
  'code' in cause.error &&
  cause.error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';

/** The library tells of the connection by events and of close codes with the code; a message that it cannot read it throws. */
const isGarbage = (cause: unknown): boolean => cause instanceof Error && !('code' in cause);

const isProtocolClose = (cause: unknown): boolean =>
  typeof cause === 'object' && cause !== null && 'code' in cause && Number(cause.code) >= 4400 && cause.code !== 4504;
