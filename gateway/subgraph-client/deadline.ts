import type { Timers } from '../../runtime/timers.ts';
import { Cancellation } from '../cancellation.ts';
import { SubgraphCallError } from '../execution/subgraph-error.ts';

export interface Deadlines {
  readonly timers: Timers;
  /** Milliseconds that one call may take, its retry included. */
  readonly timeoutMs: number;
}

/**
 * Runs `call` with a cancellation that fires at the deadline or when the client has gone, and answers then even if `call`
 * does not listen. @throws SubgraphCallError
 */
export async function withDeadline<T>(
  service: string,
  { timers, timeoutMs }: Deadlines,
  outer: Cancellation | undefined,
  call: (cancellation: Cancellation) => Promise<T>,
): Promise<T> {
  if (outer?.aborted) throw new SubgraphCallError('REQUEST_ABORTED', service);
  const cancellation = new Cancellation();
  let stop: (code: 'SUBGRAPH_TIMEOUT' | 'REQUEST_ABORTED') => void = () => undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = (code) => {
      reject(new SubgraphCallError(code, service));
      cancellation.cancel();
    };
  });
  const cancelTimer = timers.after(timeoutMs, () => stop('SUBGRAPH_TIMEOUT'));
  const forget = outer?.onCancel(() => stop('REQUEST_ABORTED'));
  try {
    return await Promise.race([call(cancellation), stopped]);
  } finally {
    cancelTimer();
    forget?.();
  }
}
