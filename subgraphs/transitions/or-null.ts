import type { Timers } from '../../runtime/timers.ts';

/** Longest wait for what is good to know but must not keep a restriction from being placed. */
const patienceMs = 1000;

/** What was asked for; null when the answer fails or takes longer than a second. */
export async function orNull<T>(asked: Promise<T>, timers: Timers): Promise<T | null> {
  const answered = new AbortController();
  try {
    return await Promise.race([asked, timers.sleep(patienceMs, answered.signal).then(() => null)]);
  } catch {
    return null;
  } finally {
    answered.abort();
    asked.catch(() => undefined);
  }
}
