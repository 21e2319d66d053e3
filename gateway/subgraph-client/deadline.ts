import type { Logger } from '../../runtime/logger.ts';
import type { Timers } from '../../runtime/timers.ts';
import { Cancellation } from '../request/cancellation.ts';
import type { RequestContext } from '../request/request-context.ts';
import { SubgraphCallError } from './subgraph-call-error.ts';

export interface Deadlines {
  readonly timers: Timers;
  /** Milliseconds that one call may take, its retry included. */
  readonly timeoutMs: number;
  readonly log: Logger;
}

/**
 * Runs `call` with a cancellation that fires at the deadline or when the client has gone, and answers then even if `call`
 * does not listen. @throws SubgraphCallError
 */
export function withDeadline<T>(
  service: string,
  { timers, timeoutMs, log }: Deadlines,
  { cancellation: outer, requestId }: Pick<RequestContext, 'cancellation' | 'requestId'>,
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
    const cancelTimer = timers.after(timeoutMs, () => {
      log.warn('subgraph call timed out', { subgraph: service, timeoutMs, requestId });
      stop('SUBGRAPH_TIMEOUT');
    });
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
