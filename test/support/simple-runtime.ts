import { systemClock } from '../../runtime/clock.ts';
import { noCrashPoints } from '../../runtime/crash-points.ts';
import { createIds } from '../../runtime/ids.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { systemTimers } from '../../runtime/timers.ts';

const silent = () => undefined;

/** The real runtime, without logs: for tests whose subject is neither time nor chance. */
export const simpleRuntime: Runtime = {
  clock: systemClock,
  timers: systemTimers,
  ids: createIds(systemClock),
  log: { debug: silent, info: silent, warn: silent, error: silent },
  crashPoints: noCrashPoints,
};
