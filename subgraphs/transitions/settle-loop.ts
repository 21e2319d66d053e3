import { loggedReason } from '../../runtime/logged-reason.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { TransitionExecutor } from './transition-executor.ts';

/** First wait after a round that left something open, and the longest; every open round doubles it. */
const retryDelaysMs = { idle: 1000, first: 250, longest: 30_000 };

/**
 * Completes intents that have no outcome: those that a crash left behind, at once, and those whose system did not
 * answer, again and again until it does.
 *
 * @returns ends the loop, after those that are being completed: however many wait, a stop does not wait for them
 */
export function startSettling(executors: readonly TransitionExecutor[], { timers, log }: Runtime): () => Promise<void> {
  const stop = new AbortController();
  const running = (async () => {
    let delayMs = retryDelaysMs.first;
    while (!stop.signal.aborted) {
      const complete = await settleAll(executors, stop.signal).catch((error: unknown) => {
        log.error('settling failed', loggedReason(error));
        return false;
      });
      delayMs = complete ? retryDelaysMs.first : Math.min(delayMs * 2, retryDelaysMs.longest);
      await timers.sleep(complete ? retryDelaysMs.idle : delayMs, stop.signal);
    }
  })();
  return () => {
    stop.abort();
    return running;
  };
}

async function settleAll(executors: readonly TransitionExecutor[], signal: AbortSignal): Promise<boolean> {
  const rounds = await Promise.all(executors.map((executor) => executor.settleUnsettled(signal)));
  return rounds.every(Boolean);
}
