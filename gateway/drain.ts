import { readWhatHasArrived } from '../runtime/read-what-has-arrived.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { GatewayConfig } from './config.ts';
import type { WebServer } from './server/create-server.ts';

export interface DrainOptions {
  readonly web: WebServer;
  readonly sockets: { drain(): void; closeAll(): void };
  readonly streams: { drain(): void };
  /** Requests that are not answered. */
  readonly running: ReadonlySet<Promise<unknown>>;
  readonly config: GatewayConfig;
  readonly runtime: Runtime;
}

/**
 * Answers what runs and what still arrives, asks those who hold something open to come back, and cuts off whatever takes
 * longer than `http.drainTimeoutMs`.
 */
export async function drain({ web, sockets, streams, running, config, runtime }: DrainOptions): Promise<void> {
  runtime.crashPoints.reached('K22');
  const { timers, log } = runtime;
  web.announceEnd();
  if (web.http.listening) await readWhatHasArrived(web, { graceMs: config.http.drainGraceMs, timers });
  const closed = new Promise<void>((resolve) => {
    if (web.http.listening) web.http.close(() => resolve());
    else resolve();
  });
  sockets.drain();
  streams.drain();
  web.endConnections();
  const { drainTimeoutMs } = config.http;
  const cancel = timers.after(drainTimeoutMs, () => {
    log.warn('connections cut: their requests took longer than the drain', { requests: running.size, drainTimeoutMs });
    sockets.closeAll();
    web.closeAll();
  });
  while (running.size > 0) await Promise.allSettled(running);
  await closed;
  cancel();
}
