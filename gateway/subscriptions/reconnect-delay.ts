import type { Ids } from '../../runtime/ids.ts';

const firstMs = 100;
const longestMs = 5_000;
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * Milliseconds before a source is asked again: twice as long each time, up to five seconds, and by chance between half of
 * that and all of it, so that those who lost it together do not come back together.
 * @param attempt 0 for the first repetition
 */
export function reconnectDelayMs(attempt: number, ids: Ids): number {
  const ceiling = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 16));
  return ceiling * (0.5 + 0.5 * fractionOf(ids.next()));
}

/** The last four characters of an id are 20 bits of chance. */
function fractionOf(id: string): number {
  let value = 0;
  for (const character of id.slice(-4)) value = value * 32 + Math.max(0, alphabet.indexOf(character));
  return value / 32 ** 4;
}
