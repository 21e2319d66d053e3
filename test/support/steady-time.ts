import type { Clock } from '../../runtime/clock.ts';
import { systemTimers, type Timers } from '../../runtime/timers.ts';

/** How often the time is looked at: what passes between two looks beyond twice as much has not passed. */
const lookEveryMs = 20;
const mostMs = 2 * lookEveryMs;

let passedMs = performance.now();
let lookedAt = passedMs;

function look(): number {
  const now = performance.now();
  passedMs += Math.min(now - lookedAt, mostMs);
  lookedAt = now;
  return passedMs;
}
setInterval(look, lookEveryMs).unref();

/** Time that stands still while the machine does: a test that is stopped for ten seconds is no later than it was. */
export const steadyClock: Clock = { now: () => Date.now(), monotonic: look };

const startedAt = Date.now() - passedMs;

/** The date stands still with it, for what expires at one: only for tests that ask nobody else what time it is. */
export const steadyDate: Clock = { now: () => Math.floor(startedAt + look()), monotonic: look };

/** Deadlines in that time: what everybody in this process was kept from doing is not too late. */
export const steadyTimers: Timers = {
  after(delayMs, run) {
    // Longer than Node can wait: what it makes of that is what the product gets.
    if (delayMs >= 2 ** 31) return systemTimers.after(delayMs, run);
    const due = look() + delayMs;
    let cancel = systemTimers.after(delayMs, check);
    function check(): void {
      const leftMs = due - look();
      if (leftMs < 1) run();
      else cancel = systemTimers.after(leftMs, check);
    }
    return () => cancel();
  },
  async sleep(delayMs, signal) {
    const due = look() + delayMs;
    let leftMs = delayMs;
    do {
      await systemTimers.sleep(leftMs, signal);
      leftMs = due - look();
    } while (leftMs >= 1 && !signal?.aborted);
  },
};
