import type { Clock } from './clock.ts';
import type { CrashPoints } from './crash-points.ts';
import type { Ids } from './ids.ts';
import type { Logger } from './logger.ts';
import type { Timers } from './timers.ts';

/**
 * Everything that the core takes from its surroundings. Nothing in the core calls `Date.now`, `Math.random`,
 * `setTimeout` or `console` itself, so that a seeded simulation can drive the real code.
 */
export interface Runtime {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: Ids;
  readonly log: Logger;
  readonly crashPoints: CrashPoints;
}
