import { readWhatHasArrived } from '../runtime/read-what-has-arrived.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { GatewayConfig } from './config.ts';
import type { Tracer } from './request/span.ts';
import type { WebServer } from './server/create-server.ts';

export interface DrainOptions {
  readonly web: WebServer;
  readonly sockets: { drain(): void; closeAll(): void };
  readonly streams: { drain(): void };
  /** Requests that are not answered. */
  readonly running: ReadonlySet<Promise<unknown>>;
  /** How many streams are open. */
  readonly open: { readonly taken: number };
  readonly config: GatewayConfig;
  readonly runtime: Runtime;
  readonly tracer: Tracer | undefined;
  /** Ends what is needed until the last request is answered. */
  close(): Promise<void>;
}

/** Milliseconds that a stopping gateway gives its collector to take the last traces. */
const maxFlushMs = 2000;

/** Ends a gateway: its requests, then what they needed, then what told of them. */
export async function drain(options: DrainOptions): Promise<void> {
  const { running, open, config, tracer } = options;
  const { clock, log } = options.runtime;
  const startedAt = clock.monotonic();
  log.info('gateway stopping', { requests: running.size, streams: open.taken });
  await drainRequests(options);
  await options.close();
  const { drainGraceMs, drainTimeoutMs } = config.http;
  const leftMs = startedAt + drainGraceMs + drainTimeoutMs - clock.monotonic();
  await tracer?.close(Math.min(Math.max(leftMs, 0), maxFlushMs));
  log.info('gateway stopped', { afterMs: Math.round(clock.monotonic() - startedAt) });
}

/**
 * Answers what runs and what still arrives, asks those who hold something open to come back, and cuts off whatever takes
 * longer than `http.drainTimeoutMs`.
 */
async function drainRequests({ web, sockets, streams, running, config, runtime }: DrainOptions): Promise<void> {
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
