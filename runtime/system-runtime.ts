import { systemClock } from './clock.ts';
import { type CrashPoint, createKillAt, noCrashPoints } from './crash-points.ts';
import { createIds } from './ids.ts';
import { createJsonLogger, type LogLevel } from './logger.ts';
import type { Runtime } from './runtime.ts';
import { systemTimers } from './timers.ts';

export interface SystemRuntimeOptions {
  /** Least severe line that is written to stderr. */
  readonly logLevel: LogLevel;
  /** Test only: where the process kills itself. */
  readonly crashAt?: { readonly point: CrashPoint; readonly occurrence: number } | undefined;
}

/** The real surroundings: the machine's clock, timers and chance, and logs on stderr. */
export function createSystemRuntime({ logLevel, crashAt }: SystemRuntimeOptions): Runtime {
  return {
    clock: systemClock,
    timers: systemTimers,
    ids: createIds(systemClock),
    log: createJsonLogger(systemClock, logLevel, (line) => process.stderr.write(line)),
    crashPoints: crashAt ? createKillAt(crashAt.point, crashAt.occurrence) : noCrashPoints,
  };
}
