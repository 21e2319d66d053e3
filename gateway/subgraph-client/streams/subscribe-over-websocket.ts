import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { forwardedTo } from '../../request/forwarded-headers.ts';
import type { SubgraphResponse } from '../local-subgraph.ts';
import { readResponse } from '../read-response.ts';
import { SubgraphCallError } from '../subgraph-call-error.ts';
import { EventQueue } from './event-queue.ts';
import { readEvent } from './read-event.ts';
import type { StreamAttempt } from './stream-attempt.ts';
import { StreamRefusedError } from './stream-refused-error.ts';

/** A connection on which the subgraph does not answer a ping within half of this is dead. */
const pingIntervalMs = 10_000;

/** Of the only operation on its connection. */
const operationId = '1';

/** Events over `graphql-transport-ws`, on a connection of their own: authority is per connection. */
export async function* subscribeOverWebSocket(attempt: StreamAttempt): AsyncGenerator<SubgraphResponse> {
  const { options, url, call, outcome } = attempt;
  const { service, authorize, deadlines, runtime, forwarding } = options;
  const forwarded = forwardedTo(forwarding, call.context.forwarded);
  const attempted: WebSocket[] = [];
  const authorization = authorize(call);
  // Servers look for headers in either place.
  const connectionParams = { ...(authorization !== undefined && { authorization }), ...forwarded };
  const events = new EventQueue<unknown>();
  let cancelPong: () => void = () => undefined;
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: socketClassFor(attempt, forwarded, (socket) => attempted.push(socket)),
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
    for await (const event of events.read()) yield readEvent(service, event);
  } catch (cause) {
    const problem = problemOf(service, cause);
    // A close code of the protocol is an answer, too.
    if (problem !== cause && problem instanceof SubgraphCallError && problem.code === 'SUBGRAPH_UNAVAILABLE') {
      outcome(isProtocolClose(cause) ? 'answered' : 'failed');
    }
    throw problem;
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

/** A socket with the headers and bounds of this attempt. @param made hears of each: the library keeps them to itself */
function socketClassFor(
  { options: { deadlines, config, tls }, call }: StreamAttempt,
  forwarded: Readonly<Record<string, string>>,
  made: (socket: WebSocket) => void,
): new (
  address: string,
  protocols: string[],
) => WebSocket {
  return class SubgraphSocket extends WebSocket {
    constructor(address: string, protocols: string[]) {
      const headers = { 'x-request-id': call.context.requestId, ...forwarded };
      super(address, protocols, {
        handshakeTimeout: deadlines.timeoutMs,
        maxPayload: config.maxResponseBytes,
        perMessageDeflate: false,
        headers,
        ...tls,
      });
      made(this);
    }
  };
}

function problemOf(service: string, cause: unknown): SubgraphCallError | StreamRefusedError {
  if (cause instanceof SubgraphCallError) return cause;
  // The protocol's `error` message: the subgraph refused the operation and says why.
  if (Array.isArray(cause)) return new StreamRefusedError(service, readResponse(service, { errors: cause }));
  // Asked again it would say the same.
  if (isGarbage(cause))
    return new SubgraphCallError('SUBGRAPH_MALFORMED_RESPONSE', service, { cause: withoutValue(cause) });
  const code = isTooLarge(cause) ? 'SUBGRAPH_MALFORMED_RESPONSE' : 'SUBGRAPH_UNAVAILABLE';
  return new SubgraphCallError(code, service, { cause });
}

/** What was expected of a message. The library tells what came in its place with that, which may be anybody's data. */
function withoutValue(cause: Error): Error {
  if (cause instanceof SyntaxError) return new Error('a message is no JSON');
  return new Error(cause.message.replace(/(, but got| ").*$/s, ''));
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
const isGarbage = (cause: unknown): cause is Error => cause instanceof Error && !('code' in cause);

const isProtocolClose = (cause: unknown): boolean =>
  typeof cause === 'object' && cause !== null && 'code' in cause && Number(cause.code) >= 4400 && cause.code !== 4504;
