import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { InternalTokens } from '../../auth/internal-token.ts';
import { UsedTokens } from '../../auth/used-tokens.ts';
import { type Arrivals, readWhatHasArrived } from '../../runtime/read-what-has-arrived.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Subgraph } from '../subgraph.ts';
import { createLocalSubgraph } from './local-subgraph.ts';
import { createHttpEndpoint, send, sendError } from './serve-http.ts';
import { createWebSocketEndpoint } from './serve-websocket.ts';

/** How long a stop goes on accepting what gateways have sent before they knew of it. */
const graceMs = 200;

/** A gateway's batch of references is the largest thing that is sent. */
const requestLimitBytes = 4 * 1024 * 1024;

export interface ServeOptions extends Pick<Subgraph, 'name' | 'schema' | 'createContext'> {
  /** Says who asks; anything else that comes with a request is not believed. */
  readonly internalTokens: Pick<InternalTokens, 'verify'>;
  readonly runtime: Runtime;
  /** Why operations cannot be answered at the moment, for `/health/ready`. @default never */
  readonly problem?: () => string | undefined;
  /** What whoever looks at `/health/ready` should know although it is ready. @default nothing */
  readonly note?: () => string | undefined;
  /** 0 takes a free one. */
  readonly port: number;
  /** @default '127.0.0.1' */
  readonly host?: string;
}

export interface ServedSubgraph {
  /** Where operations are sent, and where subscriptions connect with `ws:`. */
  readonly url: string;
  /**
   * Says that it is not ready any more, answers what still arrives for a moment, then ends subscriptions, takes no new
   * connections and lets what runs finish.
   *
   * @param deadlineMs what runs longer is cut off. @default 10000
   */
  drain(deadlineMs?: number): Promise<void>;
}

/** The address cannot be listened on. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'LISTEN';
}

/**
 * Serves one subgraph to gateways in other processes: `POST /graphql`, subscriptions on the same path, and
 * `GET /health/ready`. It is an internal address: no client's token opens it.
 *
 * @throws ListenError when the port is taken
 */
export async function serveSubgraph(options: ServeOptions): Promise<ServedSubgraph> {
  const { name, internalTokens, runtime, port, host = '127.0.0.1' } = options;
  const usedTokens = new UsedTokens(runtime.clock);
  const verify = (authorization: string | undefined, requestId?: string) => {
    const call = internalTokens.verify(authorization, name, requestId);
    usedTokens.use(call.tokenId);
    return call;
  };
  const subgraph = createLocalSubgraph({ ...options, log: runtime.log });
  const answerOperation = createHttpEndpoint({
    subgraph,
    verify,
    bodyLimit: requestLimitBytes,
    log: runtime.log,
  });
  const webSockets = createWebSocketEndpoint({
    subgraph,
    verify,
    messageLimit: requestLimitBytes,
    runtime,
  });
  const running = new Set<ServerResponse>();
  let isDraining = false;

  function answer(request: IncomingMessage, response: ServerResponse) {
    const path = request.url?.split('?', 1)[0];
    running.add(response);
    response.once('close', () => running.delete(response));
    if (isDraining) letGo(response);
    if (path === '/graphql') return void answerOperation(request, response);
    if (path === '/health/ready') {
      const reason = isDraining ? undefined : options.problem?.();
      const status = isDraining ? 'draining' : reason === undefined ? 'ready' : 'unavailable';
      const note = options.note?.();
      const said = { status, subgraph: name, ...(reason && { reason }), ...(note && { note }) };
      return send(response, status === 'ready' ? 200 : 503, said);
    }
    sendError(response, 404, { code: 'NOT_FOUND', message: 'There is nothing here. Send operations to /graphql.' });
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
    if (request.url === '/graphql' && !isDraining) return webSockets.upgrade(request, socket, head);
    socket.on('error', () => socket.destroy());
    socket.end(`HTTP/1.1 ${isDraining ? '503 Service Unavailable' : '404 Not Found'}\r\nconnection: close\r\n\r\n`);
  }

  const server = createServer(answer).on('upgrade', upgrade);
  const connections = trackConnections(server);
  const url = await listen(server, host, port);
  return {
    url,
    async drain(deadlineMs = 10_000) {
      isDraining = true;
      runtime.crashPoints.reached('K22');
      const cancel = runtime.timers.after(deadlineMs, () => {
        webSockets.terminate();
        server.closeAllConnections();
      });
      for (const response of running) letGo(response);
      await readWhatHasArrived(connections, { graceMs: Math.min(graceMs, deadlineMs), timers: runtime.timers });
      webSockets.close();
      await close(server, connections.open);
      cancel();
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    throw new ListenError(`${host}:${port} cannot be listened on. Free the port or choose another.`, { cause });
  }
  const { port: bound } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}/graphql`;
}

/** Whoever keeps a connection is answered once more, and told to open the next one elsewhere. */
function letGo(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}

interface Connections extends Arrivals {
  readonly open: ReadonlySet<Socket>;
}

function trackConnections(server: Server): Connections {
  const open = new Set<Socket>();
  let arrived = 0;
  server.on('connection', (socket: Socket) => {
    arrived += 1;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', () => {
    arrived += 1;
  });
  return {
    open,
    get arrived() {
      return arrived;
    },
  };
}

function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    // A connection that a client has opened in advance is not idle for Node, which would wait for it.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  });
}
