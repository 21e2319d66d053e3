import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { SubgraphCallError } from '../execution/subgraph-error.ts';
import type { AdmittedCall, CircuitBreaker } from './circuit-breaker.ts';
import type { SubgraphResponse } from './local-subgraph.ts';
import { readResponse } from './read-response.ts';
import type { RemoteOptions } from './remote.ts';
import { StreamRefusedError } from './stream-refused-error.ts';
import type { SubgraphCall } from './subgraph-client.ts';

/** A connection on which the subgraph does not answer a ping within half of this is dead. */
const pingIntervalMs = 10_000;
/** Events that wait to be taken, before the subgraph is made to wait with more. */
const maxWaiting = 64;

type Subscribe = (call: SubgraphCall) => Promise<AsyncIterable<SubgraphResponse>>;

/**
 * Streams over `graphql-transport-ws` at the subgraph's own address, one connection each: authority is per connection. The
 * circuit breaker counts a connection like a call, from the attempt to the acknowledgement.
 */
export function createRemoteSubscribe(options: RemoteOptions, breaker: CircuitBreaker): Subscribe {
  const { service, url, deadlines, config } = options;
  class SubgraphSocket extends WebSocket {
    constructor(address: string, protocols: string[]) {
      const { maxResponseBytes: maxPayload } = config;
      super(address, protocols, { handshakeTimeout: deadlines.timeoutMs, maxPayload, perMessageDeflate: false });
    }
  }
  const address = url.replace(/^http/, 'ws');
  return async (call) => {
    const admitted = breaker.admit();
    if (!admitted) throw new SubgraphCallError('SUBGRAPH_CIRCUIT_OPEN', service);
    return streamEvents(options, { address, socketClass: SubgraphSocket, admitted, call });
  };
}

interface Connection {
  readonly address: string;
  /** A class of WebSockets with the limits of this gateway. */
  readonly socketClass: unknown;
  readonly admitted: AdmittedCall;
  readonly call: SubgraphCall;
}

async function* streamEvents(
  options: RemoteOptions,
  { address, socketClass, admitted, call }: Connection,
): AsyncGenerator<SubgraphResponse> {
  const { service, authorize, deadlines, runtime } = options;
  const { cancellation } = call.context;
  const authorization = authorize(call);
  const outcome = onlyOnce(admitted);
  const events = new EventQueue();
  let cancelPong: () => void = () => undefined;
  const client = createClient({
    url: address,
    webSocketImpl: socketClass,
    retryAttempts: 0,
    connectionAckWaitTimeout: deadlines.timeoutMs,
    keepAlive: pingIntervalMs,
    on: {
      opened: (socket) => events.throttle(socket as WebSocket),
      connected: () => outcome('answered'),
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
    ...(authorization !== undefined && { connectionParams: { authorization } }),
  });
  const { operation: query, operationName } = call.request;
  const variables: Record<string, unknown> = JSON.parse(call.variables);
  const unsubscribe = client.subscribe(
    { query, ...(operationName !== undefined && { operationName }), variables },
    events,
  );
  const forget = cancellation?.onCancel(() => {
    outcome('abandoned');
    events.complete();
  });
  try {
    for await (const event of events.read()) yield readResponse(service, event);
  } catch (cause) {
    if (cause instanceof SubgraphCallError) throw cause;
    // The protocol's `error` message: the subgraph refused the operation and says why.
    if (Array.isArray(cause)) throw new StreamRefusedError(service, readResponse(service, { errors: cause }));
    // A close code of the protocol is an answer, too.
    outcome(isProtocolClose(cause) ? 'answered' : 'failed');
    throw new SubgraphCallError('SUBGRAPH_UNAVAILABLE', service, { cause });
  } finally {
    outcome('abandoned');
    cancelPong();
    forget?.();
    unsubscribe();
    void client.dispose();
  }
}

function onlyOnce(admitted: AdmittedCall): (outcome: keyof AdmittedCall) => void {
  let isTold = false;
  return (outcome) => {
    if (isTold) return;
    isTold = true;
    admitted[outcome]();
  };
}

const isProtocolClose = (cause: unknown): boolean =>
  typeof cause === 'object' && cause !== null && 'code' in cause && Number(cause.code) >= 4400 && cause.code !== 4504;

/** What has arrived and waits to be taken. Where that is too much the socket is not read. */
class EventQueue {
  readonly #waiting: unknown[] = [];
  #end: { readonly cause?: unknown } | undefined;
  #wake: () => void = () => undefined;
  #socket: Pick<WebSocket, 'pause' | 'resume'> | undefined;

  get isThrottled(): boolean {
    return this.#waiting.length >= maxWaiting;
  }

  throttle(socket: Pick<WebSocket, 'pause' | 'resume'>): void {
    this.#socket = socket;
  }

  next(event: unknown): void {
    this.#waiting.push(event);
    if (this.#waiting.length >= maxWaiting) this.#socket?.pause();
    this.#wake();
  }

  error(cause: unknown): void {
    this.#end ??= { cause };
    this.#wake();
  }

  complete(): void {
    this.#end ??= {};
    this.#wake();
  }

  async *read(): AsyncGenerator<unknown> {
    for (;;) {
      if (this.#waiting.length > 0) {
        yield this.#waiting.shift();
        if (this.#waiting.length === 0) this.#socket?.resume();
      } else if (this.#end) {
        if ('cause' in this.#end) throw this.#end.cause;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
