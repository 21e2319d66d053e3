import type { Timers } from '../../runtime/timers.ts';

/** Longest wait for what is good to know but must not keep a restriction from being placed. */
const patienceMs = 1000;
const parts = 10;

/** What was asked for; null when the answer fails or takes longer than a second. */
export async function orNull<T>(asked: Promise<T>, timers: Timers): Promise<T | null> {
  const answered = new AbortController();
  try {
    return await Promise.race([asked, patience(timers, answered.signal)]);
  } catch {
    return null;
  } finally {
    answered.abort();
    asked.catch(() => undefined);
  }
}

/** In parts, of which a stall of this process takes one: what nobody could answer meanwhile has not been left unanswered. */
async function patience(timers: Timers, signal: AbortSignal): Promise<null> {
  for (let part = 0; part < parts && !signal.aborted; part += 1) await timers.sleep(patienceMs / parts, signal);
  return null;
}
