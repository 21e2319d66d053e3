import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import type { Runtime } from '../../runtime/runtime.ts';
import type { SubscriptionsConfig } from '../config.ts';
import { http2StreamOf } from '../server/http2-stream.ts';
import { onceClosed } from '../server/once-closed.ts';
import { onceDrained } from '../server/once-drained.ts';
import { cutOff, type UnsentAnswers, wholeBytes } from '../server/unsent-answers.ts';

export interface HttpStreamOptions {
  readonly response: ServerResponse;
  readonly contentType: string;
  /** Sent now and then, so that neither proxies nor the client take silence for a dead connection. */
  readonly heartbeat: string;
  readonly config: SubscriptionsConfig;
  readonly unsent: UnsentAnswers;
  readonly runtime: Runtime;
  /** The last words to a client that does not keep up. */
  tooSlow(): string;
}

/**
 * A response that stays open. `open` until the gateway ends it, the client leaves, or the client does not keep up and is
 * told to come back with its cursor; `closed` then, where whatever is still written is dropped, and a client that does
 * not even read what was sent before is cut off.
 *
 * A large message leaves in pieces, and what is written meanwhile waits behind it. Only that tells whether the client keeps
 * up: a message may be as large as it is.
 */
export class HttpStream {
  readonly #options: HttpStreamOptions;
  #state: 'open' | 'closed' = 'open';
  #cancelHeartbeat: () => void = () => undefined;
  readonly #closed: (() => void)[] = [];
  #large: { readonly behind: string[]; behindLength: number; readonly relieved: (() => void)[] } | undefined;
  readonly #holdBehind: (bytes: number) => void;
  #lastWords: string | undefined;
  #isGone = false;

  constructor(options: HttpStreamOptions) {
    this.#options = options;
    const { response, contentType, unsent } = options;
    this.#holdBehind = unsent.hold(() => cutOff(response));
    response.writeHead(200, {
      'content-type': contentType,
      'cache-control': 'no-cache, no-transform',
      // Proxies such as nginx would hold events back.
      'x-accel-buffering': 'no',
      // Nothing follows on this connection; HTTP/2 knows no such header.
      ...(response.req.httpVersionMajor < 2 && { connection: 'close' }),
    });
    this.#awaitHeartbeat();
    // It may have gone while its operation was being prepared.
    onceClosed(response, () => {
      this.#isGone = true;
      this.#holdBehind(0);
      this.#stop();
    });
  }

  /** Calls `run` when nothing can be written any more. */
  onClose(run: () => void): void {
    if (this.#state === 'closed') run();
    else this.#closed.push(run);
  }

  write(text: string): void {
    if (this.#state === 'closed') return;
    const { response, config } = this.#options;
    this.#send(text);
    const waiting = this.#large?.behindLength ?? response.writableLength;
    if (waiting > config.maxQueuedBytes) this.end(this.#options.tooSlow());
  }

  isCongested(): boolean {
    if (this.#state !== 'open') return false;
    return this.#large !== undefined || writableOf(this.#options.response).writableNeedDrain;
  }

  onceRelieved(run: () => void): void {
    if (this.#large) this.#large.relieved.push(run);
    else onceDrained(writableOf(this.#options.response), run);
  }

  end(text = ''): void {
    if (this.#state === 'closed') return;
    if (this.#large) this.#lastWords = text;
    else this.#options.unsent.end(this.#options.response, text);
    this.#stop();
  }

  #send(text: string): void {
    const { response, unsent } = this.#options;
    if (this.#large) {
      this.#large.behind.push(text);
      this.#large.behindLength += text.length;
      this.#holdBehind(this.#large.behindLength);
    } else if (text.length <= wholeBytes) {
      response.write(text);
      unsent.count(writableOf(response), () => cutOff(response));
    } else {
      const taken = unsent.write(response, text);
      if (!taken) return;
      this.#large = { behind: [], behindLength: 0, relieved: [] };
      void taken.then(() => this.#largeTaken());
    }
  }

  #largeTaken(): void {
    const { behind, relieved } = this.#large ?? { behind: [], relieved: [] };
    this.#large = undefined;
    this.#holdBehind(0);
    if (this.#isGone) return;
    for (const text of behind) this.#send(text);
    for (const run of relieved) {
      if (this.isCongested()) this.onceRelieved(run);
      else run();
    }
    if (this.#large || this.#lastWords === undefined) return;
    this.#options.unsent.end(this.#options.response, this.#lastWords);
  }

  #stop(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelHeartbeat();
    for (const run of this.#closed.splice(0)) run();
  }

  #awaitHeartbeat(): void {
    const { runtime, config, heartbeat } = this.#options;
    this.#cancelHeartbeat = runtime.timers.after(config.pingIntervalMs, () => {
      this.write(heartbeat);
      if (this.#state === 'open') this.#awaitHeartbeat();
    });
  }
}

/** The compatibility API of HTTP/2 does not say whether its stream is full. */
const writableOf = (response: ServerResponse): Writable => http2StreamOf(response) ?? response;
