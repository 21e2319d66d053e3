import { loggedReason } from '../runtime/logged-reason.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Journal } from './journal.ts';

/** How often the journal is asked, and after how long without an answer it counts as away, in milliseconds. */
const pace = { intervalMs: 1_000, deadlineMs: 3_000 };

export interface JournalWatch {
  /** Why the journal cannot be used at the moment, for a person; undefined while it answers. */
  problem(): string | undefined;
  stop(): void;
}

/**
 * Asks the journal again and again, so that whoever wants to know need not.
 *
 * States: answering (as at the beginning), away (from the first question that fails or stays unanswered, until one is
 * answered), stopped.
 */
export function watchJournal(
  { events }: Pick<Journal, 'events'>,
  runtime: Pick<Runtime, 'timers' | 'log'>,
): JournalWatch {
  const { timers, log } = runtime;
  let isAway = false;
  let stopped = false;
  let cancel = timers.after(pace.intervalMs, () => void look());

  function found(answers: boolean, cause?: unknown): void {
    if (isAway === !answers || stopped) return;
    isAway = !answers;
    if (isAway) log.error('journal away', cause === undefined ? { problem: 'no answer in time' } : loggedReason(cause));
    else log.warn('journal back');
  }

  async function look(): Promise<void> {
    const cancelDeadline = timers.after(pace.deadlineMs, () => found(false));
    try {
      await events.head();
      found(true);
    } catch (cause) {
      found(false, cause);
    }
    cancelDeadline();
    if (!stopped) cancel = timers.after(pace.intervalMs, () => void look());
  }

  return {
    problem: () =>
      isAway ? 'The journal cannot be reached. Nothing is changed until its database answers again.' : undefined,
    stop() {
      stopped = true;
      cancel();
    },
  };
}
