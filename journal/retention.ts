import { isoTime } from '../runtime/clock.ts';
import { loggedReason } from '../runtime/logged-reason.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Database } from '../storage/database.ts';
import { pruneEvents } from './prune-events.ts';
import type { JournalTables } from './tables.ts';

const dayMs = 86_400_000;
const intervalMs = 3_600_000;

export interface RetentionOptions {
  readonly database: Database<JournalTables>;
  /** How long events are kept, in days; null: for ever. */
  readonly days: number | null;
  /** The position up to which everybody who must not miss an event has taken it. */
  readonly takenUpTo: () => Promise<string>;
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'log'>;
}

/**
 * Forgets what is older than it has to be kept, now and every hour: events only. Audit entries, commands and interlocks
 * stay. Several processes may do it at the same time. @returns ends it, after the round that is running
 */
export function startRetention({ database, days, takenUpTo, runtime }: RetentionOptions): () => Promise<void> {
  if (days === null) return async () => undefined;
  const { clock, timers, log } = runtime;
  const stop = new AbortController();
  const running = (async () => {
    while (!stop.signal.aborted) {
      try {
        const recordedBefore = isoTime(clock.now() - days * dayMs);
        await pruneEvents(database, { recordedBefore, upTo: await takenUpTo(), signal: stop.signal });
      } catch (error) {
        log.warn('journal not pruned', loggedReason(error)); // it can wait for the next round
      }
      await timers.sleep(intervalMs, stop.signal);
    }
  })();
  return () => {
    stop.abort();
    return running;
  };
}
