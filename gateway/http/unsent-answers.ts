import type { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Runtime } from '../../runtime/runtime.ts';
import type { HttpConfig } from '../config.ts';
import type { EncodedBody } from './answer-body.ts';
import { http2StreamOf } from './http2-stream.ts';

/** What a client takes counts from so many bytes on: one byte now and then would hold an answer for ever. */
const pieceBytes = 65_536;
/** An answer up to this size leaves whole: it takes less time, and the system mostly has room for it. */
export const wholeBytes = 131_072;

/** Node adds a text to the head, which copies both: from this size on the head goes before it, in the same write. */
const copiedBytes = 8192;

/** Something of which bytes wait in this process. */
interface Unsent {
  /** Absent where they wait at a WebSocket, whose pings tell who does not read. */
  readonly response: ServerResponse | undefined;
  /** What it costs to keep, the pieces that were sent included. */
  readonly bytes: number;
  /** Monotonic milliseconds at which its client last took a piece. */
  since: number;
  /** It does not wait any more. */
  readonly over: () => void;
  /** Ends the connection, over HTTP/2 the stream. */
  readonly cutOff: () => void;
}

/**
 * Sends answers, and gives up those that nobody takes: a client that asks for much and reads nothing would hold its answer
 * in memory for as long as it likes.
 *
 * A large answer leaves piece by piece, the next when the system has taken the last. A piece that is not taken within
 * `sendTimeoutMs` ends the connection, over HTTP/2 the stream. So do answers that wait and are more than `maxUnsentBytes`
 * together, those at WebSockets among them: first the one whose client has taken nothing for the longest time. What the
 * system takes at once, as it does most answers, costs nothing here.
 */
export class UnsentAnswers {
  readonly #config: Pick<HttpConfig, 'sendTimeoutMs' | 'maxUnsentBytes'>;
  readonly #runtime: Pick<Runtime, 'clock' | 'timers' | 'log'>;
  /** The one whose client took something the longest ago is first. */
  readonly #waiting = new Set<Unsent>();
  readonly #counted = new WeakSet<Duplex>();
  #bytes = 0;
  #isWatching = false;

  constructor(
    config: Pick<HttpConfig, 'sendTimeoutMs' | 'maxUnsentBytes'>,
    runtime: Pick<Runtime, 'clock' | 'timers' | 'log'>,
  ) {
    this.#config = config;
    this.#runtime = runtime;
  }

  /** Ends `response`, whose head is written, with its body. */
  send(response: ServerResponse, { content, charset, byteLength }: EncodedBody): void {
    if (byteLength > wholeBytes) {
      const bytes = typeof content === 'string' ? Buffer.from(content, charset) : content;
      this.#sendPieces(response, this.#wait(response, bytes.length), bytes, () => response.end());
      return;
    }
    if (byteLength > copiedBytes && response.req.httpVersionMajor < 2) {
      response.cork();
      response.flushHeaders();
    }
    response.end(content, charset);
    if (response.writableLength > 0) this.#wait(response, byteLength);
  }

  /** Ends `response` with the last words of a stream. */
  end(response: ServerResponse, words: string): void {
    response.end(words);
    if (response.writableLength > 0 && !isGone(response)) this.#wait(response, response.writableLength);
  }

  /** Counts what waits at the socket of a WebSocket until it has been read. Asked for after each message. */
  count(socket: Duplex, cutOff: () => void): void {
    if (socket.writableLength <= wholeBytes || this.#counted.has(socket)) return;
    this.#counted.add(socket);
    this.#add({
      bytes: socket.writableLength,
      on: socket,
      events: ['drain', 'close'],
      cutOff,
      afterwards: () => this.#counted.delete(socket),
    });
  }

  /** Sends a part of an answer. Resolves when the next may follow: the client has taken this one, or is gone. */
  write(response: ServerResponse, part: string): Promise<void> | undefined {
    const bytes = Buffer.from(part);
    if (isGone(response) || (bytes.length <= wholeBytes && response.write(bytes))) return undefined;
    return new Promise((resolve) => {
      const unsent = this.#wait(response, bytes.length, resolve);
      if (bytes.length > wholeBytes) this.#sendPieces(response, unsent, bytes, unsent.over);
      else response.once('drain', unsent.over);
    });
  }

  #sendPieces(response: ServerResponse, unsent: Unsent, bytes: Buffer, done: () => void): void {
    let sent = 0;
    const next = () => {
      this.#taken(unsent);
      while (sent < bytes.length && !isGone(response)) {
        const piece = bytes.subarray(sent, sent + pieceBytes);
        sent += piece.length;
        if (!response.write(piece)) return void response.once('drain', next);
      }
      done();
    };
    next();
  }

  #wait(response: ServerResponse, bytes: number, afterwards?: () => void): Unsent {
    const cutOff = () => {
      const stream = http2StreamOf(response);
      if (stream) stream.close(constants.NGHTTP2_CANCEL);
      (stream ?? response.req.socket).destroy();
    };
    return this.#add({ response, bytes, on: response, events: ['finish', 'close'], cutOff, afterwards });
  }

  #add({ on, events, afterwards, ...what }: Addition): Unsent {
    const { bytes } = what;
    const over = () => {
      for (const event of events) on.off(event, over);
      if (this.#waiting.delete(unsent)) this.#bytes -= bytes;
      afterwards?.();
    };
    const unsent: Unsent = { response: undefined, ...what, since: this.#runtime.clock.monotonic(), over };
    for (const event of events) on.once(event, over);
    this.#waiting.add(unsent);
    this.#bytes += bytes;
    this.#makeRoom();
    if (!this.#isWatching) this.#watch();
    return unsent;
  }

  #taken(unsent: Unsent): void {
    if (!this.#waiting.delete(unsent)) return;
    unsent.since = this.#runtime.clock.monotonic();
    this.#waiting.add(unsent);
  }

  /** A single answer may be as large as it is. */
  #makeRoom(): void {
    for (const unsent of this.#waiting) {
      if (this.#bytes <= this.#config.maxUnsentBytes || this.#waiting.size === 1) return;
      this.#giveUp(unsent, 'too much waits for slow clients');
    }
  }

  /** One look now and then at all of them, as long as there are any. */
  #watch(): void {
    const { sendTimeoutMs } = this.#config;
    this.#isWatching = this.#waiting.size > 0;
    if (!this.#isWatching) return;
    this.#runtime.timers.after(Math.max(10, Math.min(1000, sendTimeoutMs / 4)), () => {
      const now = this.#runtime.clock.monotonic();
      for (const unsent of [...this.#waiting]) {
        if (now - unsent.since < sendTimeoutMs) break;
        if (!unsent.response) continue;
        if (isGone(unsent.response)) unsent.over();
        else if (hasItsTurn(unsent.response)) this.#giveUp(unsent, 'its client does not take it');
        else this.#taken(unsent);
      }
      this.#watch();
    });
  }

  #giveUp({ bytes, over, cutOff }: Unsent, reason: string): void {
    this.#runtime.log.debug('answer given up', { reason, bytes });
    cutOff();
    over();
  }
}

interface Addition extends Pick<Unsent, 'bytes' | 'cutOff'> {
  readonly response?: ServerResponse;
  /** What says by any of the events that nothing waits any more. */
  readonly on: EventEmitter;
  readonly events: readonly string[];
  readonly afterwards: (() => void) | undefined;
}

const isGone = (response: ServerResponse): boolean =>
  http2StreamOf(response)?.destroyed ?? (response.destroyed || response.req.socket.destroyed);

/** Of several requests that a client sent at once on one connection, the answers follow one another. */
const hasItsTurn = (response: ServerResponse): boolean => response.socket !== null;
