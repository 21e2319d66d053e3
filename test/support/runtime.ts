import { systemClock } from '../../runtime/clock.ts';
import { noCrashPoints } from '../../runtime/crash-points.ts';
import { createIds } from '../../runtime/ids.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { systemTimers } from '../../runtime/timers.ts';

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

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
