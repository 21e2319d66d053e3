import type { Logger } from '../runtime/logger.ts';
import type { Timers } from '../runtime/timers.ts';
import { PostgresClient, type PostgresClientConfig } from './postgres-client.ts';
import { briefly } from './postgres-errors.ts';

const firstRetryMs = 50;
const longestRetryMs = 2_000;

export interface PostgresListenerOptions {
  readonly config: PostgresClientConfig;
  readonly timers: Timers;
  readonly log: Logger;
}

/**
 * One connection that hears the commits of every process, for all stores of this one.
 *
 * States: idle (nobody listens yet), connecting, listening, waiting (lost; connects again after a delay that doubles),
 * closed. After every connect all channels are called once, because what was said meanwhile is gone.
 */
export class PostgresListener {
  readonly #options: PostgresListenerOptions;
  readonly #channels = new Map<string, (processId: number | undefined) => void>();
  #state: 'idle' | 'connecting' | 'listening' | 'waiting' | 'closed' = 'idle';
  #client: PostgresClient | undefined;
  #delayMs = firstRetryMs;
  #cancelRetry: () => void = () => undefined;

  constructor(options: PostgresListenerOptions) {
    this.#options = options;
  }

  /** @param heard called with the server process that notified, or undefined when something may have been missed */
  listen(channel: string, heard: (processId: number | undefined) => void): void {
    this.#channels.set(channel, heard);
    if (this.#state === 'idle') void this.#connect();
    if (this.#state === 'listening') this.#send(channel);
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#cancelRetry();
    await this.#client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    this.#state = 'connecting';
    const client = new PostgresClient(this.#options.config);
    this.#client = client;
    client.on('error', (error) => this.#onLost(client, error));
    client.on('end', () => this.#onLost(client, new Error('connection ended')));
    client.on('notification', ({ channel, processId }) => this.#channels.get(channel)?.(processId));
    try {
      await client.connect();
    } catch (error) {
      this.#onLost(client, error);
      return;
    }
    if (this.#state !== 'connecting') return void client.end().catch(() => undefined);
    this.#state = 'listening';
    this.#delayMs = firstRetryMs;
    for (const channel of this.#channels.keys()) this.#send(channel);
  }

  /** Calls the channel only once the server listens: what is committed after that is heard. */
  #send(channel: string): void {
    this.#client?.query(`listen ${channel}`).then(
      () => this.#channels.get(channel)?.(undefined),
      () => undefined, // the connection is lost, and #onLost sees to it
    );
  }

  #onLost(client: PostgresClient, error: unknown): void {
    if (this.#client !== client || this.#state === 'closed') return;
    this.#client = undefined;
    this.#state = 'waiting';
    this.#options.log.warn('commit notifications interrupted', { problem: briefly(error) });
    this.#cancelRetry = this.#options.timers.after(this.#delayMs, () => void this.#connect());
    this.#delayMs = Math.min(2 * this.#delayMs, longestRetryMs);
  }
}
