import type { Timers } from '../../runtime/timers.ts';
import { SubgraphCallError } from '../execution/subgraph-error.ts';

export interface Deadlines {
  readonly timers: Timers;
  /** Milliseconds that one call may take, its retry included. */
  readonly timeoutMs: number;
}

/**
 * Runs `call` with a signal that aborts at the deadline or when the client has gone, and answers then even if `call`
 * does not listen. @throws SubgraphCallError
 */
export async function withDeadline<T>(
  service: string,
  { timers, timeoutMs }: Deadlines,
  outer: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (outer?.aborted) throw new SubgraphCallError('REQUEST_ABORTED', service);
  const controller = new AbortController();
  let stop: (code: 'SUBGRAPH_TIMEOUT' | 'REQUEST_ABORTED') => void = () => undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = (code) => {
      reject(new SubgraphCallError(code, service));
      controller.abort();
    };
  });
  const cancelTimer = timers.after(timeoutMs, () => stop('SUBGRAPH_TIMEOUT'));
  const onAbort = () => stop('REQUEST_ABORTED');
  outer?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([call(controller.signal), stopped]);
  } finally {
    cancelTimer();
    outer?.removeEventListener('abort', onAbort);
  }
}
