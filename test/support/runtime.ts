import { systemClock } from '../../runtime/clock.ts';
import { noCrashPoints } from '../../runtime/crash-points.ts';
import { createIds } from '../../runtime/ids.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { systemTimers, type Timers } from '../../runtime/timers.ts';

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Keeps silent but for what a test listens to. */
export const logWith = (heard: Partial<Logger>): Logger => ({ ...silent, ...heard });

/** Every time limit is so many times as long: what a test asks must not be given up because the machine is busy. */
export const patientTimers: Timers = {
  ...systemTimers,
  after: (delayMs, run) => systemTimers.after(30 * delayMs, run),
};

/** The real clock, timers and ids, and no log; `overrides` replaces what a test owns. */
export function testRuntime(overrides: Partial<Runtime> = {}): Runtime {
  return {
    clock: systemClock,
    timers: systemTimers,
    ids: createIds(systemClock),
    log: silent,
    crashPoints: noCrashPoints,
    ...overrides,
  };
}
