import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { DocumentNode, ExecutionResult, FormattedExecutionResult } from 'graphql';
import { GraphQLError, GraphQLSchema, parse } from 'graphql';
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { InternalCall } from '../../auth/internal-token.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { LocalSubgraph, SubgraphRequest } from './local-subgraph.ts';
import { isExposed } from './mask-errors.ts';
import { parseOperation } from './serve-http.ts';

/** A connection on which nothing is heard for two of these is dead. */
const pingIntervalMs = 15_000;
/** Longer delays overflow a timer; tokens that live longer are checked again then. */
const longestTimerMs = 2_000_000_000;

export interface WebSocketEndpointOptions {
  readonly subgraph: LocalSubgraph;
  /** @throws an exposed error for anything but an internal token for this subgraph */
  readonly verify: (authorization: string | undefined) => InternalCall;
  /** Larger messages are refused. Bytes. */
  readonly messageLimit: number;
  readonly runtime: Runtime;
}

export interface WebSocketEndpoint {
  /** Takes over a connection that asks to become a WebSocket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends every subscription: clients are told to come back elsewhere (1001). */
  close(): void;
  /** Cuts whoever has not gone. */
  terminate(): void;
}

interface Extra {
  readonly socket: WebSocket;
  call?: InternalCall;
}

/**
 * Subscriptions of a gateway over graphql-transport-ws. The internal token comes in the payload of `connection_init` as
 * `authorization`; each connection is one client's, and ends with the token of that client (4401).
 */
export function createWebSocketEndpoint(options: WebSocketEndpointOptions): WebSocketEndpoint {
  const { messageLimit, runtime } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: messageLimit, handleProtocols });
  const protocol = createProtocol(options);

  function open(socket: WebSocket) {
    const stopPings = keepAlive(socket, runtime);
    socket.on('error', (error) => runtime.log.warn('subgraph socket failed', { cause: error }));
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => sendText(socket, text),
        close: (code, reason) => socket.close(code, reason),
        onMessage(handle) {
          socket.on('message', (message) => {
            handle(String(message)).catch((error: unknown) => {
              runtime.log.error('subgraph message failed', { cause: error });
              socket.close(CloseCode.InternalServerError, 'INTERNAL');
            });
          });
        },
      },
      { socket },
    );
    socket.once('close', (code, reason) => {
      stopPings();
      closed(code, String(reason)).catch((error: unknown) =>
        runtime.log.error('subgraph close failed', { cause: error }),
      );
    });
  }

  return {
    upgrade: (request, socket, head) => sockets.handleUpgrade(request, socket, head, open),
    close() {
      for (const socket of sockets.clients) socket.close(1001, 'DRAINING');
      sockets.close();
    },
    terminate() {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

function createProtocol({ subgraph, verify, runtime }: WebSocketEndpointOptions) {
  return makeServer<{ authorization?: unknown }, Extra>({
    onConnect({ connectionParams, extra }) {
      const authorization = connectionParams?.authorization;
      try {
        extra.call = verify(typeof authorization === 'string' ? authorization : undefined);
      } catch (error) {
        if (!isExposed(error)) throw error;
        runtime.log.warn('subgraph token refused', { code: error.code });
        extra.socket.close(CloseCode.Unauthorized, error.code);
        return false;
      }
      closeAtExpiry(extra.socket, extra.call.principal.expiresAt, runtime);
      return true;
    },
    onSubscribe({ extra }, _id, payload) {
      const operation = parseOperation(payload);
      const document = operation && parseDocument(operation.query);
      if (!operation || !extra.call) return [refusal('The message holds no GraphQL request.', 'BAD_REQUEST')];
      if (!document) return [refusal('The query is no GraphQL document.', 'GRAPHQL_PARSE_FAILED')];
      // The library takes the kind of operation from the document; what is run is the request.
      return {
        schema: noSchema,
        document,
        operationName: operation.operationName,
        contextValue: { ...operation, principal: extra.call.principal, requestId: extra.call.requestId },
      };
    },
    execute: ({ contextValue }) => subgraph.execute(contextValue as SubgraphRequest) as Promise<ExecutionResult>,
    subscribe: ({ contextValue }) =>
      subgraph.subscribe(contextValue as SubgraphRequest) as Promise<AsyncIterable<ExecutionResult> | ExecutionResult>,
    // The errors are formatted already.
    onNext: (_context, _id, _payload, _args, response) => response as FormattedExecutionResult,
  });
}

const noSchema = new GraphQLSchema({});

function parseDocument(query: string): DocumentNode | null {
  try {
    return parse(query, { noLocation: true });
  } catch {
    return null;
  }
}

function refusal(message: string, code: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

/** Resolves when the text has been handed to the network, so that a slow reader slows its own events down. */
function sendText(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState !== socket.OPEN) return resolve();
    socket.send(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** @returns a function that stops the pings */
function keepAlive(socket: WebSocket, { timers }: Runtime): () => void {
  let isAlive = true;
  let cancel = timers.after(pingIntervalMs, beat);
  socket.on('pong', () => {
    isAlive = true;
  });
  function beat() {
    if (!isAlive) {
      socket.terminate();
      return;
    }
    isAlive = false;
    socket.ping();
    cancel = timers.after(pingIntervalMs, beat);
  }
  return () => cancel();
}

function closeAtExpiry(socket: WebSocket, expiresAt: number, runtime: Runtime): void {
  const remainingMs = expiresAt - runtime.clock.now();
  if (remainingMs <= 0) {
    socket.close(CloseCode.Unauthorized, 'TOKEN_EXPIRED');
    return;
  }
  const cancel = runtime.timers.after(Math.min(remainingMs, longestTimerMs), () =>
    closeAtExpiry(socket, expiresAt, runtime),
  );
  socket.once('close', cancel);
}
