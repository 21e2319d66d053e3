import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Http2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Runtime } from '../../runtime/runtime.ts';
import { http2StreamOf } from './http2-stream.ts';
import { asksForWebSocket, type OfferedUpgrade, passOverUpgrade } from './pass-over-upgrade.ts';

/**
 * The connections of HTTP/1 and what each has to answer. Node's own count takes one that never had a request
 * for busy: a browser that opened it in advance would hold a stop up. WebSockets leave the count.
 */
export class Connections {
  readonly #underWay = new Map<Socket, Set<ServerResponse>>();
  /** How many requests each session of HTTP/2 has under way, where there are some. */
  readonly #streams = new WeakMap<Http2Session, number>();
  /** Sessions that were quiet for as long as an idle one may be, with a request under way: a stream without events. */
  readonly #quiet = new WeakMap<Http2Session, () => void>();
  readonly #endAfterIdleTime: (session: Http2Session) => () => void;
  readonly #onceAnswered = new Map<Socket, () => void>();
  #openWebSocket: (upgrade: OfferedUpgrade) => void = ({ socket }) => void socket.destroy();
  #announcing = false;
  #ending = false;
  #arrived = 0;

  constructor(http: Server, isTls: boolean, timers: Runtime['timers']) {
    this.#endAfterIdleTime = (session) => timers.after(http.timeout, () => session.destroy());
    const opened = (socket: Socket) => {
      // One that offered another protocol in vain is opened anew.
      if (this.#underWay.has(socket)) return;
      this.#arrived += 1;
      this.#underWay.set(socket, new Set());
      socket.once('close', () => {
        for (const response of this.#underWay.get(socket) ?? []) closeIfBehind(response);
        this.#underWay.delete(socket);
        this.#onceAnswered.delete(socket);
      });
    };
    // Requests over TLS name the decrypted socket, whose end closes the other one. HTTP/2 sessions end by themselves.
    if (isTls)
      http.on('secureConnection', (socket: TLSSocket) => void (socket.alpnProtocol === 'h2' || opened(socket)));
    else http.on('connection', opened);
    // Who listens has to end what is idle.
    if (isTls) http.on('timeout', (idle: Http2Session | Socket) => this.#endIdle(idle));
    http.on('request', (request, response) => {
      this.#arrived += 1;
      const stream = http2StreamOf(response);
      if (stream) return this.#countStream(stream);
      const { socket } = request;
      if (this.#announcing) this.#leadOn(socket);
      this.#underWay.get(socket)?.add(response);
      response.once('close', () => this.#answered(socket, response));
    });
    http.on('upgrade', (request: IncomingMessage, _: Duplex, head: Buffer) => {
      const { socket } = request;
      const upgrade = { request, socket, head };
      this.#afterAnswers(socket, () => {
        if (!asksForWebSocket(request)) return passOverUpgrade(http, upgrade);
        this.#underWay.delete(socket);
        this.#openWebSocket(upgrade);
      });
    });
  }

  /** Hands over each connection on which a WebSocket is asked for, once what came before on it has been answered. */
  onWebSocket(open: (upgrade: OfferedUpgrade) => void): void {
    this.#openWebSocket = open;
  }

  get arrived(): number {
    return this.#arrived;
  }

  /**
   * Runs when the requests that came whole on this connection have been answered, with the response to the one that has
   * not, where its headers have.
   */
  onceAnswered(socket: Socket, run: (unread: ServerResponse | undefined) => void): void {
    const responses = [...(this.#underWay.get(socket) ?? [])];
    const last = responses.findLast(({ req }) => req.complete);
    const runNow = () => run(responses.find(({ req }) => !req.complete));
    if (last) last.once('close', runNow);
    else runNow();
  }

  /** Clients read from the last answer under way that none follows: the next request takes another connection. */
  announceEnd(): void {
    this.#announcing = true;
    for (const responses of this.#underWay.values()) {
      const last = [...responses].at(-1);
      if (last) last.shouldKeepAlive = false;
    }
  }

  end(): void {
    this.#ending = true;
    for (const [socket, { size }] of this.#underWay) if (size === 0) socket.destroySoon();
  }

  destroy(): void {
    for (const socket of this.#underWay.keys()) socket.destroy();
  }

  /** To the answer of the request that has come now, which was sent before the client could read of an end. */
  #leadOn(socket: Socket): void {
    for (const response of this.#underWay.get(socket) ?? []) response.shouldKeepAlive = true;
  }

  #endIdle(idle: Http2Session | Socket): void {
    if (!('close' in idle)) {
      if (this.#underWay.get(idle)?.size === 0) idle.destroySoon();
    } else if (this.#streams.has(idle)) this.#becameQuiet(idle);
    // An orderly end would wait for ever for headers that have not come whole: of those only Node's native part knows.
    else idle.destroy();
  }

  /** Node tells once only that a session is idle. */
  #becameQuiet(session: Http2Session): void {
    this.#quiet.set(session, () => undefined);
    session.once('close', () => this.#quiet.get(session)?.());
  }

  #countStream(stream: ServerHttp2Stream): void {
    const { session } = stream;
    if (!session) return;
    this.#quiet.get(session)?.();
    this.#streams.set(session, (this.#streams.get(session) ?? 0) + 1);
    stream.once('close', () => {
      const left = (this.#streams.get(session) ?? 0) - 1;
      if (left > 0) {
        this.#streams.set(session, left);
        return;
      }
      this.#streams.delete(session);
      if (this.#quiet.has(session) && !session.destroyed) this.#quiet.set(session, this.#endAfterIdleTime(session));
    });
  }

  #answered(socket: Socket, response: ServerResponse): void {
    const underWay = this.#underWay.get(socket);
    if (!underWay?.delete(response) || underWay.size > 0) return;
    this.#onceAnswered.get(socket)?.();
    if (this.#ending && this.#underWay.get(socket)?.size === 0) socket.destroySoon();
  }

  /** Requests that came before on this connection are answered before. */
  #afterAnswers(socket: Socket, run: () => void): void {
    if (this.#underWay.get(socket)?.size === 0) {
      run();
      return;
    }
    // Node has let go of the connection: nobody else would hear that it fails.
    const failed = () => socket.destroy();
    socket.on('error', failed);
    this.#onceAnswered.set(socket, () => {
      this.#onceAnswered.delete(socket);
      socket.off('error', failed);
      if (!socket.destroyed) run();
    });
  }
}

/**
 * Of requests that came at once on one connection, Node tells the one whose turn it is that the connection has closed: what
 * the others are about would run on for nobody.
 */
function closeIfBehind(response: ServerResponse): void {
  if (response.socket !== null) return;
  response.destroyed = true;
  response.emit('close');
}
