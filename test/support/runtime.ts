import { noCrashPoints } from '../../runtime/crash-points.ts';
import { createIds } from '../../runtime/ids.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Timers } from '../../runtime/timers.ts';
import { steadyClock, steadyTimers } from './steady-time.ts';

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Keeps silent but for what a test listens to. */
export const logWith = (heard: Partial<Logger>): Logger => ({ ...silent, ...heard });

/** Every time limit is so many times as long: what a test asks must not be given up because the machine is busy. */
export const patientTimers: Timers = {
  ...steadyTimers,
  after: (delayMs, run) => steadyTimers.after(30 * delayMs, run),
};

/**
 * No test waits for seconds: what is due after more than these is a deadline, perhaps for another process, which a busy
 * machine may stop while time passes in this one.
 */
const unhurriedTimers: Timers = {
  ...steadyTimers,
  after: (delayMs, run) => steadyTimers.after(delayMs < 3000 ? delayMs : 30 * delayMs, run),
};

/** Real time that no stall of the machine counts in, patience with deadlines, real ids, and no log; `overrides` replaces what a test owns. */
export function testRuntime(overrides: Partial<Runtime> = {}): Runtime {
  return {
    clock: steadyClock,
    timers: unhurriedTimers,
    ids: createIds(steadyClock),
    log: silent,
    crashPoints: noCrashPoints,
    ...overrides,
  };
}
