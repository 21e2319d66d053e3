import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import type { Runtime } from '../../runtime/runtime.ts';
import type { SubscriptionsConfig } from '../config.ts';
import { onceDrained } from './once-drained.ts';

export interface HttpStreamOptions {
  readonly response: ServerResponse;
  readonly contentType: string;
  /** Sent now and then, so that neither proxies nor the client take silence for a dead connection. */
  readonly heartbeat: string;
  readonly config: SubscriptionsConfig;
  readonly runtime: Runtime;
  /** The last words to a client that does not keep up. */
  tooSlow(): string;
}

/** How long a client that did not keep up may take to read what it was sent before. */
const farewellMs = 30_000;

/**
 * A response that stays open. `open` until the gateway ends it, the client leaves, or the client does not keep up and is
 * told to come back with its cursor; `closed` then, where whatever is still written is dropped, and a client that does
 * not even read what was sent before is cut off.
 */
export class HttpStream {
  readonly #options: HttpStreamOptions;
  #state: 'open' | 'closed' = 'open';
  #cancelHeartbeat: () => void = () => undefined;
  readonly #closed: (() => void)[] = [];

  constructor(options: HttpStreamOptions) {
    this.#options = options;
    const { response, contentType } = options;
    response.writeHead(200, {
      'content-type': contentType,
      'cache-control': 'no-cache, no-transform',
      // Proxies such as nginx would hold events back.
      'x-accel-buffering': 'no',
      // Nothing follows on this connection; HTTP/2 knows no such header.
      ...(response.req.httpVersionMajor < 2 && { connection: 'close' }),
    });
    response.once('close', () => this.#stop());
    this.#awaitHeartbeat();
  }

  /** Calls `run` when nothing can be written any more. */
  onClose(run: () => void): void {
    if (this.#state === 'closed') run();
    else this.#closed.push(run);
  }

  write(text: string): void {
    if (this.#state === 'closed') return;
    const { response, config } = this.#options;
    response.write(text);
    if (response.writableLength <= config.maxQueuedBytes) return;
    const cancel = this.#options.runtime.timers.after(farewellMs, () => response.destroy());
    response.once('close', cancel);
    this.end(this.#options.tooSlow());
  }

  isCongested(): boolean {
    return this.#state === 'open' && writableOf(this.#options.response).writableNeedDrain;
  }

  onceRelieved(run: () => void): void {
    onceDrained(writableOf(this.#options.response), run);
  }

  end(text = ''): void {
    if (this.#state === 'closed') return;
    this.#options.response.end(text);
    this.#stop();
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
const writableOf = (response: ServerResponse & { readonly stream?: Writable }): Writable => response.stream ?? response;
