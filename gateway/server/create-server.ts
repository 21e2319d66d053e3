import { createServer, type IncomingMessage, maxHeaderSize, type Server, type ServerResponse } from 'node:http';
import { constants, createSecureServer, type SecureServerOptions, type ServerHttp2Session } from 'node:http2';
import { Duplex } from 'node:stream';
import { loggedReason } from '../../runtime/logged-reason.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { SeldomWarning } from '../../runtime/seldom-warning.ts';
import { ConfigValueError, type GatewayConfig, type TlsConfig } from '../config.ts';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import { readCertificates, readPem } from '../read-pem.ts';
import { refuse } from '../request/request-error.ts';
import { allowedMethods } from './allowed-methods.ts';
import { ConnectionLimit } from './connection-limit.ts';
import { Connections } from './connections.ts';
import { http2StreamOf } from './http2-stream.ts';
import { answerMalformed, tookTooLong } from './malformed-requests.ts';
import type { OfferedUpgrade } from './pass-over-upgrade.ts';
import { refuseOnSocket } from './refuse-on-socket.ts';
import { refuseOnStream } from './refuse-on-stream.ts';
import { readSessionsAsStreams } from './session-stream.ts';

/** Answers one request. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The server of the gateway, whichever protocol it speaks. */
export interface WebServer {
  readonly http: Server;
  readonly scheme: 'http' | 'https';
  /** Connections and requests that have come so far. */
  readonly arrived: number;
  /** Whether there was no room for the connection that the request came on. */
  isSurplus(request: IncomingMessage): boolean;
  /** Hands over the connections on which a WebSocket is asked for. */
  onWebSocket(open: (upgrade: OfferedUpgrade) => void): void;
  /** Lets each answer say that its connection ends after it. */
  announceEnd(): void;
  /** Ends each connection that has no request, the others with the last of theirs. */
  endConnections(): void;
  closeAll(): void;
}

/** @throws ConfigValueError the certificate or key cannot be read */
export function createWebServer(
  config: GatewayConfig,
  handle: HttpHandler,
  runtime: Pick<Runtime, 'timers' | 'clock' | 'log'>,
  answers: AnswerWriter,
): WebServer {
  const http = config.tls
    ? createTlsServer(config, config.tls, { handle, answers, ...runtime })
    : createPlainServer(config, handle);
  const limit = new ConnectionLimit(http, config.http.maxConnections, runtime);
  const sessions = new Set<ServerHttp2Session>();
  http.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  const connections = new Connections(http, config.tls !== undefined, runtime.timers);
  answerMalformed(http, { connections, timers: runtime.timers, answers });
  // What a client expects besides 100-continue may be passed over (RFC 9110, 10.1.1); Node would refuse it without a word.
  http.on('checkExpectation', (request, response) => void http.emit('request', request, response));
  // What is refused for its headers is refused before its body is sent (RFC 9110, 10.1.1): who reads it asks for it.
  http.on('checkContinue', (request, response) => {
    request.once('resume', () => {
      if (!response.headersSent && !isOver(response)) response.writeContinue();
    });
    http.emit('request', request, response);
  });
  http.on('connect', (_, to) => refuseTunnel(answers, to));
  return {
    http,
    scheme: config.tls ? 'https' : 'http',
    get arrived() {
      return connections.arrived;
    },
    isSurplus: (request) => limit.isSurplus(request),
    onWebSocket: (open) => connections.onWebSocket(open),
    announceEnd: () => connections.announceEnd(),
    endConnections() {
      for (const session of sessions) session.close();
      connections.end();
    },
    closeAll() {
      http.closeAllConnections?.();
      for (const session of sessions) session.destroy();
      connections.destroy();
    },
  };
}

/** Over HTTP/2 nothing more can be said then, and Node throws where it is tried. */
function isOver(response: ServerResponse): boolean {
  const stream = http2StreamOf(response);
  return stream !== undefined && (stream.closed || stream.destroyed);
}

/** Node closes the connection without a word, and over HTTP/2 hands over a response. */
function refuseTunnel(answers: AnswerWriter, to: Duplex | ServerResponse): void {
  if (to instanceof Duplex) {
    to.once('finish', () => to.destroy());
    refuseOnSocket(answers, to, noTunnel(), ['connection: close', `allow: ${allowedMethods}`]);
  } else refuseOnStream(answers, to, noTunnel(), { allow: allowedMethods });
}

const noTunnel = () => refuse(405, 'METHOD_NOT_ALLOWED', 'This is no proxy. Send GraphQL requests with GET or POST.');

function createPlainServer(config: GatewayConfig, handle: HttpHandler): Server {
  return createServer(timeoutsOf(config), (request, response) => void handle(request, response));
}

interface TlsServerOptions extends Pick<Runtime, 'timers' | 'clock' | 'log'> {
  readonly handle: HttpHandler;
  readonly answers: AnswerWriter;
}

/**
 * What clients over HTTP/2 are told beforehand. Headers have as much room as over HTTP/1.1: a request with more is reset. Node
 * would set no limit, and nghttp2 end the session at 130 KB, with everything else on it. Nor would it limit how much runs at
 * once on one connection, while the number of connections has a limit.
 */
const sessionSettings = { maxHeaderListSize: maxHeaderSize, maxConcurrentStreams: 1000 };

/** The compatibility API of `node:http2` has the shape of `node:http`, and plain HTTP/1.1 clients are served by the latter. */
function createTlsServer(
  config: GatewayConfig,
  tls: TlsConfig,
  { handle, answers, timers, ...runtime }: TlsServerOptions,
): Server {
  const { headersTimeoutMs, requestTimeoutMs } = config.http;
  const own = 'tls.certFile and tls.keyFile';
  const keys = { cert: readPem(tls.certFile, own), key: readPem(tls.keyFile, own) };
  const options = {
    ...keys,
    ...clientCertificates(tls),
    allowHTTP1: true,
    handshakeTimeout: headersTimeoutMs,
    settings: sessionSettings,
  };
  const server = createSecure(options, tls);
  readSessionsAsStreams(server);
  // Node takes these as options of `node:http` only, and has defaults of minutes here.
  Object.assign(server, timeoutsOf(config));
  // An idle session ends like an idle connection.
  server.timeout = config.http.keepAliveTimeoutMs;
  const refused = new SeldomWarning('connections failed in the TLS handshake', runtime);
  server.on('tlsClientError', (cause: Error) => refused.tell(loggedReason(cause)));
  return server.on('request', (request, response) => {
    const stream = http2StreamOf(response);
    // Node has no limit for the time that the body of a stream takes.
    if (stream && !stream.endAfterHeaders) {
      const cancel = timers.after(requestTimeoutMs, () => {
        if (response.headersSent) return stream.close(constants.NGHTTP2_CANCEL);
        refuseOnStream(answers, response, tookTooLong());
        // The answer is whole, and nobody waits for the rest of the request (RFC 9113, 8.1).
        stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR));
      });
      request.once('end', cancel).once('close', cancel);
    }
    void handle(request, response);
  });
}

function clientCertificates({ clientCaFile }: TlsConfig): SecureServerOptions {
  if (clientCaFile === undefined) return {};
  return { ca: readCertificates(clientCaFile, 'tls.clientCaFile'), requestCert: true, rejectUnauthorized: true };
}

/** @throws ConfigValueError */
function createSecure(options: SecureServerOptions, { certFile, keyFile }: TlsConfig): Server {
  try {
    return createSecureServer(options) as unknown as Server;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigValueError(
      `${certFile} and ${keyFile} are no certificate with its key (${reason}). Name PEM files as tls.certFile and tls.keyFile.`,
    );
  }
}

function timeoutsOf({ http }: GatewayConfig) {
  const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs } = http;
  return {
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // Node would refuse without a word what `checkHost` refuses with a code.
    requireHostHeader: false,
    // Node looks for slow requests this often: its default of 30 s would let the limits above slip.
    connectionsCheckingInterval: Math.max(100, Math.min(1000, headersTimeoutMs / 2)),
  };
}
