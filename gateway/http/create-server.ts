import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createSecureServer, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ConfigValueError, type GatewayConfig, type TlsConfig } from '../config.ts';
import type { HttpHandler } from '../http-handler.ts';

/** The server of the gateway, whichever protocol it speaks. */
export interface WebServer {
  readonly http: Server;
  readonly scheme: 'http' | 'https';
  /** Ends connections that have no request; HTTP/2 sessions end with the last of theirs. */
  closeIdle(): void;
  closeAll(): void;
}

/** @throws ConfigValueError the certificate or key cannot be read */
export function createWebServer(config: GatewayConfig, handle: HttpHandler): WebServer {
  const http = config.tls ? createTlsServer(config, config.tls, handle) : createPlainServer(config, handle);
  const sessions = new Set<ServerHttp2Session>();
  http.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  const unused = trackUnused(http, config.tls !== undefined);
  return {
    http,
    scheme: config.tls ? 'https' : 'http',
    closeIdle() {
      http.closeIdleConnections?.();
      for (const session of sessions) session.close();
      for (const socket of unused) socket.destroySoon();
    },
    closeAll() {
      http.closeAllConnections?.();
      for (const session of sessions) session.destroy();
      for (const socket of unused) socket.destroy();
    },
  };
}

/**
 * Connections without a request under way. Node counts one that never had a request among the busy ones: a browser that
 * opened it in advance would hold a stop up.
 */
function trackUnused(http: Server, isTls: boolean): ReadonlySet<Socket> {
  const unused = new Set<Socket>();
  const opened = (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  };
  // Requests over TLS name the decrypted socket, whose end closes the other one. HTTP/2 sessions end by themselves.
  if (isTls) http.on('secureConnection', (socket: TLSSocket) => void (socket.alpnProtocol === 'h2' || opened(socket)));
  else http.on('connection', opened);
  http.on('request', (request, response) => {
    if (request.httpVersionMajor >= 2) return;
    const { socket } = request;
    unused.delete(socket);
    response.once('close', () => {
      if (!socket.destroyed) unused.add(socket);
    });
  });
  http.on('upgrade', ({ socket }) => unused.delete(socket));
  return unused;
}

function createPlainServer(config: GatewayConfig, handle: HttpHandler): Server {
  return createServer(timeoutsOf(config), (request, response) => void handle(request, response));
}

/** The compatibility API of `node:http2` has the shape of `node:http`, and plain HTTP/1.1 clients are served by the latter. */
function createTlsServer(config: GatewayConfig, tls: TlsConfig, handle: HttpHandler): Server {
  const options = { ...timeoutsOf(config), cert: readPem(tls.certFile), key: readPem(tls.keyFile), allowHTTP1: true };
  const server = createSecureServer(options) as unknown as Server;
  // An idle session ends like an idle connection. Sockets of HTTP/1.1 report here, too, and have timeouts of their own.
  server.timeout = config.http.keepAliveTimeoutMs;
  server.on('timeout', (idle: ServerHttp2Session | Socket) => {
    if ('close' in idle) idle.close();
  });
  return server.on('request', (request, response) => void handle(request, response));
}

function timeoutsOf({ http }: GatewayConfig) {
  const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs } = http;
  return {
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // Node looks for slow requests this often: its default of 30 s would let the limits above slip.
    connectionsCheckingInterval: Math.max(100, Math.min(1000, headersTimeoutMs / 2)),
  };
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    throw new ConfigValueError(`${file} cannot be read (${reason}). Correct tls.certFile and tls.keyFile.`);
  }
}
