import type { Timers } from '../../runtime/timers.ts';
import { Cancellation } from '../request/cancellation.ts';

export interface HedgeOptions {
  readonly timers: Timers;
  /** Milliseconds without an answer after which the second attempt is sent. */
  readonly afterMs: number;
  /** Whether a second attempt may be sent now. */
  mayHedge(): boolean;
}

/**
 * Sends a second, equal attempt where the first is late, takes the answer that comes first and cancels the other. Fails
 * when every attempt that was sent has failed. For reads only.
 */
export function hedge<T>(
  { timers, afterMs, mayHedge }: HedgeOptions,
  outer: Cancellation,
  attempt: (cancellation: Cancellation) => Promise<T>,
): Promise<T> {
  const sent: Cancellation[] = [];
  const cancelAll = () => {
    for (const cancellation of sent) cancellation.cancel();
  };
  const forget = outer.onCancel(cancelAll);
  return new Promise<T>((resolve, reject) => {
    let failed = 0;
    const send = () => {
      const cancellation = new Cancellation();
      sent.push(cancellation);
      attempt(cancellation).then(
        (answer) => {
          resolve(answer);
          finish();
        },
        (cause: unknown) => {
          failed += 1;
          if (failed < sent.length) return;
          reject(cause);
          finish();
        },
      );
    };
    const cancelTimer = timers.after(afterMs, () => {
      if (!outer.aborted && mayHedge()) send();
    });
    const finish = () => {
      cancelTimer();
      forget();
      cancelAll();
    };
    send();
  });
}
