import { drawFraction, type Ids } from '../../runtime/ids.ts';

const firstMs = 100;
const longestMs = 5_000;

/**
 * Milliseconds before a source is asked again: twice as long each time, up to five seconds, and by chance between half of
 * that and all of it, so that those who lost it together do not come back together.
 * @param attempt 0 for the first repetition
 */
export function reconnectDelayMs(attempt: number, ids: Ids): number {
  const ceiling = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 16));
  return ceiling * (0.5 + 0.5 * drawFraction(ids));
}
