import type { Duplex } from 'node:stream';
import pg from 'pg';
import type { Timers } from '../runtime/timers.ts';

/** How long a server may take to say goodbye. */
const goodbyeMs = 1_000;

export interface PostgresClientConfig extends pg.ClientConfig {
  readonly timers: Timers;
}

/**
 * A connection that can be ended whatever its server does. The driver waits until the server has closed its side, and one
 * that is stopped, or out of reach, never does.
 */
export class PostgresClient extends pg.Client {
  readonly #timers: Timers;

  constructor(config: PostgresClientConfig) {
    super(config);
    this.#timers = config.timers;
  }

  override end(): Promise<void>;
  override end(done: (error: Error) => void): void;
  override end(done?: (error: Error) => void): Promise<void> | undefined {
    // Looked up when it is needed: TLS puts another stream in the place of the first.
    const cut = () =>
      (this as unknown as { readonly connection: { readonly stream: Duplex } }).connection.stream.destroy();
    this.once('end', this.#timers.after(goodbyeMs, cut));
    if (!done) return super.end();
    super.end(done);
    return undefined;
  }
}
