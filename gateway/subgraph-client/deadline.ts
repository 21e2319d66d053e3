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
export function withDeadline<T>(
  service: string,
  { timers, timeoutMs }: Deadlines,
  outer: Cancellation | undefined,
  call: (cancellation: Cancellation) => Promise<T>,
): Promise<T> {
  if (outer?.aborted) return Promise.reject(new SubgraphCallError('REQUEST_ABORTED', service));
  return new Promise<T>((resolve, reject) => {
    const cancellation = new Cancellation();
    const stop = (code: 'SUBGRAPH_TIMEOUT' | 'REQUEST_ABORTED') => {
      release();
      reject(new SubgraphCallError(code, service));
      cancellation.cancel();
    };
    const cancelTimer = timers.after(timeoutMs, () => stop('SUBGRAPH_TIMEOUT'));
    const forget = outer?.onCancel(() => stop('REQUEST_ABORTED'));
    const release = () => {
      cancelTimer();
      forget?.();
    };
    call(cancellation).then(
      (value) => {
        release();
        resolve(value);
      },
      (cause: unknown) => {
        release();
        reject(cause);
      },
    );
  });
}
