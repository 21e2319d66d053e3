import type { ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import type { Writable } from 'node:stream';
import type { Runtime } from '../../runtime/runtime.ts';
import { SeldomWarning } from '../../runtime/seldom-warning.ts';
import type { HttpConfig } from '../config.ts';
import { http2StreamOf } from './http2-stream.ts';

/** A body that is sent at once. */
export interface WholeBody {
  readonly content: string | Buffer;
  /** How a `content` that is text becomes bytes. */
  readonly charset: 'latin1' | 'utf8';
  readonly byteLength: number;
}

/** What a client takes counts from so many bytes on: one byte now and then would hold an answer for ever. */
const pieceBytes = 65_536;
/** An answer up to this size leaves whole: it takes less time, and the system mostly has room for it. */
export const wholeBytes = 131_072;

/** Node adds a text to the head, which copies both: from this size on the head goes before it, in the same write. */
const copiedBytes = 8192;

/** Who has been sent something a moment ago may be about to read it: only after so many milliseconds does it give way … */
const patienceMs = 1000;
/** … unless so many times as much waits as may. */
const patienceFactor = 4;

/** Something of which bytes wait in this process. */
interface Unsent {
  /** Absent where they wait for a stream: that may be slower, within limits of its own. */
  readonly response: ServerResponse | undefined;
  /** What it costs to keep, of an answer the pieces that were sent included. */
  bytes: number;
  /** Monotonic milliseconds at which its client last took a piece. */
  since: number;
  /** It does not wait any more. */
  readonly over: () => void;
  readonly cutOff: () => void;
}

/**
 * Sends answers, and gives up those that nobody takes: a client that asks for much and reads nothing would hold its answer
 * in memory for as long as it likes.
 *
 * A large answer leaves piece by piece, the next when the system has taken the last. A piece that is not taken within
 * `sendTimeoutMs` ends the connection, over HTTP/2 the stream. So does what waits and is more than `maxUnsentBytes` together,
 * at streams of all kinds, too: first the one whose client has taken nothing for the longest time, though not where that is
 * a moment only. What the system takes at
 * once, as it does most answers, costs nothing here.
 */
export class UnsentAnswers {
  readonly #config: Pick<HttpConfig, 'sendTimeoutMs' | 'maxUnsentBytes'>;
  readonly #runtime: Pick<Runtime, 'clock' | 'timers' | 'log'>;
  readonly #warning: SeldomWarning;
  /** The one whose client took something the longest ago is first. */
  readonly #waiting = new Set<Unsent>();
  readonly #streams = new WeakMap<Writable, (bytes: number) => void>();
  #bytes = 0;
  #isWatching = false;

  constructor(
    config: Pick<HttpConfig, 'sendTimeoutMs' | 'maxUnsentBytes'>,
    runtime: Pick<Runtime, 'clock' | 'timers' | 'log'>,
  ) {
    this.#config = config;
    this.#runtime = runtime;
    this.#warning = new SeldomWarning('slow clients lose their connections', runtime);
  }

  /** How much waits now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Ends `response`, whose head is written, with its body. */
  send(response: ServerResponse, { content, charset, byteLength }: WholeBody): void {
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
    // From here on it is an answer like others.
    this.#streams.get(http2StreamOf(response) ?? response)?.(0);
    response.end(words);
    if (response.writableLength > 0 && !isGone(response)) this.#wait(response, response.writableLength);
  }

  /** Counts what waits at a stream until its client has read it. Asked for after each message. */
  count(stream: Writable, cutOff: () => void): void {
    // Less than that is part of what a stream costs.
    if (!stream.writableNeedDrain) return;
    const hold = this.#streams.get(stream) ?? this.#holdUntilRead(stream, cutOff);
    hold(stream.writableLength);
  }

  #holdUntilRead(stream: Writable, cutOff: () => void): (bytes: number) => void {
    const hold = this.hold(cutOff);
    const read = () => {
      for (const event of ['drain', 'close']) stream.off(event, read);
      this.#streams.delete(stream);
      hold(0);
    };
    for (const event of ['drain', 'close']) stream.once(event, read);
    this.#streams.set(stream, hold);
    return hold;
  }

  /** @returns what is told how many bytes are kept for one client, whenever that changes. They may be too many at once */
  hold(cutOff: () => void): (bytes: number) => void {
    let held: Unsent | undefined;
    return (bytes) => {
      if (held && bytes > 0) this.#resize(held, bytes);
      else if (held) held.over();
      else if (bytes > 0) {
        const over = () => {
          this.#forget(held);
          held = undefined;
        };
        held = { response: undefined, bytes, since: this.#runtime.clock.monotonic(), over, cutOff };
        this.#add(held);
      }
    };
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
    const over = () => {
      response.off('finish', over).off('close', over);
      this.#forget(unsent);
      afterwards?.();
    };
    const since = this.#runtime.clock.monotonic();
    const unsent: Unsent = { response, bytes, since, over, cutOff: () => cutOff(response) };
    response.once('finish', over).once('close', over);
    this.#add(unsent);
    return unsent;
  }

  #add(unsent: Unsent): void {
    this.#waiting.add(unsent);
    this.#bytes += unsent.bytes;
    this.#makeRoom();
    if (!this.#isWatching) this.#watch();
  }

  #forget(unsent: Unsent | undefined): void {
    if (unsent && this.#waiting.delete(unsent)) this.#bytes -= unsent.bytes;
  }

  #resize(unsent: Unsent, bytes: number): void {
    const grown = bytes - unsent.bytes;
    unsent.bytes = bytes;
    this.#bytes += grown;
    if (grown < 0) this.#taken(unsent);
    else this.#makeRoom();
  }

  #taken(unsent: Unsent): void {
    if (!this.#waiting.delete(unsent)) return;
    unsent.since = this.#runtime.clock.monotonic();
    this.#waiting.add(unsent);
  }

  /** A single answer may be as large as it is. */
  #makeRoom(): void {
    const { maxUnsentBytes } = this.#config;
    if (this.#bytes <= maxUnsentBytes) return;
    const now = this.#runtime.clock.monotonic();
    for (const unsent of this.#waiting) {
      if (this.#bytes <= maxUnsentBytes || this.#waiting.size === 1) return;
      if (now - unsent.since < patienceMs && this.#bytes <= patienceFactor * maxUnsentBytes) return;
      this.#warning.tell({ clients: this.#waiting.size, maxUnsentBytes });
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
      this.#makeRoom();
      this.#watch();
    });
  }

  #giveUp({ bytes, over, cutOff }: Unsent, reason: string): void {
    this.#runtime.log.debug('answer given up', { reason, bytes });
    cutOff();
    over();
  }
}

/** Ends the connection, over HTTP/2 the stream: who reads nothing would not read an end, either. */
export function cutOff(response: ServerResponse): void {
  const stream = http2StreamOf(response);
  if (stream) stream.close(constants.NGHTTP2_CANCEL);
  (stream ?? response.req.socket).destroy();
}

const isGone = (response: ServerResponse): boolean =>
  http2StreamOf(response)?.destroyed ?? (response.destroyed || response.req.socket.destroyed);

/** Of several requests that a client sent at once on one connection, the answers follow one another. */
const hasItsTurn = (response: ServerResponse): boolean => response.socket !== null;
