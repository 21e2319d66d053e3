import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Runtime } from '../../runtime/runtime.ts';
import { Turns } from '../../runtime/turns.ts';
import type { GatewayConfig } from '../config.ts';
import { noRoomForConnections } from '../server/connection-limit.ts';
import type { WebServer } from '../server/create-server.ts';
import { onceDrained } from '../server/once-drained.ts';
import { bringIntoOriginForm } from '../server/origin-form.ts';
import type { UnsentAnswers } from '../server/unsent-answers.ts';
import { Connection, type ConnectionServices } from './connection.ts';
import { closeCodes, subprotocol } from './protocol.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { createFrameEncoder } from './text-frame.ts';
import { upgradeRefusalOf, wrongHandshake } from './upgrade-refusal.ts';

export interface WebSocketServices extends ConnectionServices {
  readonly unsent: UnsentAnswers;
}

export interface WebSocketOptions {
  readonly web: Pick<WebServer, 'onWebSocket' | 'isSurplus'>;
  readonly services: WebSocketServices;
  readonly config: GatewayConfig;
}

export interface WebSocketTransport {
  /** Ends every connection that owes no answer, the others after it, with a code that asks the client to come back. */
  drain(): void;
  /** Ends every connection at once, also one whose client does not answer to its end. */
  closeAll(): void;
}

/** `graphql-transport-ws` on the path of the HTTP endpoint: subscriptions, queries and mutations. */
export function serveWebSocket({ web, services, config }: WebSocketOptions): WebSocketTransport {
  const connections = new Map<WebSocket, Connection>();
  const { answers } = services;
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: config.limits.maxBodyBytes,
    clientTracking: false,
    autoPong: false,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });
  // Of what it finds wrong with a handshake, the headers that only it reads are left.
  server.on('wsClientError', ({ message }, socket) =>
    refuseUpgrade(answers, socket, wrongHandshake(`${message}. Correct it.`)),
  );
  const encode = createFrameEncoder();
  const turns = new Turns();
  web.onWebSocket(({ request, socket, head }) => {
    bringIntoOriginForm(request);
    const refusal = web.isSurplus(request) ? noRoomForConnections() : upgradeRefusalOf(request, config);
    if (refusal) return refuseUpgrade(answers, socket, refusal);
    server.handleUpgrade(request, socket, head, (accepted) => {
      if (accepted.protocol !== subprotocol) {
        return accepted.close(closeCodes.subprotocolNotAcceptable, 'Subprotocol not acceptable');
      }
      connections.set(accepted, connect(services, request, accepted, { raw: socket, encode }));
      takeTurns(accepted, socket, turns);
      accepted.on('close', () => connections.delete(accepted));
    });
  });
  const stopPings = keepAlive(connections, config.subscriptions.pingIntervalMs, services.runtime);
  return {
    drain() {
      stopPings();
      for (const connection of connections.values()) connection.drain();
    },
    closeAll() {
      for (const [socket, connection] of connections) {
        connection.cut();
        socket.terminate();
      }
    },
  };
}

function connect(
  services: WebSocketServices,
  request: IncomingMessage,
  socket: WebSocket,
  { raw, encode }: { readonly raw: Duplex; readonly encode: (text: string) => Buffer },
): Connection {
  const connection = new Connection({
    socket: {
      // `ws` would make a frame for each client: without extensions the same bytes do for all.
      send: (text) => {
        if (socket.readyState !== socket.OPEN) return;
        raw.write(encode(text));
        services.unsent.count(raw, () => socket.terminate());
      },
      close: (code, reason) => socket.close(code, shortened(reason)),
      queuedBytes: () => socket.bufferedAmount,
      isCongested: () => raw.writableNeedDrain,
      onceRelieved: (run) => onceDrained(raw, run),
    },
    services,
    upgradeCredentials: request.headers.authorization,
    upgradeForwarded: services.readForwarded(request.headers),
  });
  socket.on('message', (data, isBinary) => connection.receive(isBinary ? '' : String(data)));
  socket.on('ping', (data) => {
    // One who sends pings and takes no answers would fill the memory with pongs.
    if (socket.bufferedAmount > services.config.maxQueuedBytes) socket.terminate();
    else if (socket.readyState === socket.OPEN) socket.pong(data);
  });
  socket.on('close', () => connection.closed());
  socket.on('error', (cause) => services.runtime.log.debug('socket failed', { cause }));
  return connection;
}

/**
 * So many bytes of one socket are read in one turn of the event loop, and then it waits for one of its own. libuv reads two
 * megabytes of whoever sends as fast as it can: as pings these are 300,000, and keep everybody else waiting for seconds.
 */
const bytesPerTurn = 65_536;

function takeTurns(socket: WebSocket, raw: Duplex, turns: Turns): void {
  let read = 0;
  raw.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read < bytesPerTurn) return;
    read = 0;
    socket.pause();
    void turns.next().then(() => socket.resume());
  });
}

/**
 * One round of pings for all: a socket that has not answered the last one is dead. Only its own bytes are an answer: pongs
 * can be sent by who reads nothing.
 */
function keepAlive(
  connections: ReadonlyMap<WebSocket, Connection>,
  intervalMs: number,
  { timers, ids }: Runtime,
): () => void {
  const waiting = new WeakSet<WebSocket>();
  let cancel: () => void = () => undefined;
  const round = () => {
    const token = Buffer.from(ids.next());
    for (const socket of connections.keys()) {
      if (waiting.has(socket)) socket.terminate();
      else {
        waiting.add(socket);
        const answer = (data: Buffer) => {
          if (!data.equals(token)) return;
          waiting.delete(socket);
          socket.off('pong', answer);
        };
        socket.on('pong', answer);
        socket.ping(token);
      }
    }
    cancel = timers.after(intervalMs, round);
  };
  cancel = timers.after(intervalMs, round);
  return () => cancel();
}

/** A close reason has 123 bytes at most (RFC 6455, 5.5.1). */
function shortened(reason: string): string {
  const bytes = Buffer.from(reason);
  return bytes.length <= 123
    ? reason
    : `${bytes
        .subarray(0, 119)
        .toString('utf8')
        .replace(/\ufffd$/, '')}…`;
}
