import type { ServerResponse } from 'node:http';
import type { Runtime } from '../../runtime/runtime.ts';
import type { SubscriptionsConfig } from '../config.ts';

export interface HttpStreamOptions {
  readonly response: ServerResponse;
  readonly contentType: string;
  /** Sent now and then, so that neither proxies nor the client take silence for a dead connection. */
  readonly heartbeat: string;
  readonly config: SubscriptionsConfig;
  readonly runtime: Runtime;
}

/**
 * A response that stays open. `open` until the gateway ends it, the client leaves, or the client does not keep up and is
 * cut off, to come back with its cursor; `closed` then, where whatever is still written is dropped.
 */
export class HttpStream {
  readonly #options: HttpStreamOptions;
  #state: 'open' | 'closed' = 'open';
  #cancelHeartbeat: () => void = () => undefined;

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
    this.#awaitHeartbeat();
  }

  onClose(run: () => void): void {
    this.#options.response.on('close', () => {
      this.#stop();
      run();
    });
  }

  write(text: string): void {
    if (this.#state === 'closed') return;
    const { response, config } = this.#options;
    response.write(text);
    if (response.writableLength <= config.maxQueuedBytes) return;
    this.#stop();
    response.destroy();
  }

  end(text = ''): void {
    if (this.#state === 'closed') return;
    this.#stop();
    this.#options.response.end(text);
  }

  #stop(): void {
    this.#state = 'closed';
    this.#cancelHeartbeat();
  }

  #awaitHeartbeat(): void {
    const { runtime, config, heartbeat } = this.#options;
    this.#cancelHeartbeat = runtime.timers.after(config.pingIntervalMs, () => {
      this.write(heartbeat);
      if (this.#state === 'open') this.#awaitHeartbeat();
    });
  }
}
