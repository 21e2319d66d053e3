import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';

/** Makes identifiers that are unique across processes and sort by the time of their making. */
export interface Ids {
  /** @returns 26 characters of Crockford's base 32, as in the ULID specification: 48 bits of time, 80 of chance */
  next(): string;
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** @returns a number from 0 up to 1, of the chance in a new id: its last six characters are 30 bits */
export function drawFraction(ids: Ids): number {
  let value = 0;
  for (const letter of ids.next().slice(-6)) value = value * 32 + Math.max(0, alphabet.indexOf(letter));
  return value / 32 ** 6;
}

/** Source: https://github.com/ulid/spec. Monotonicity within a millisecond is not promised: order comes from the journal. */
export function createIds(clock: Clock, random: (size: number) => Uint8Array = pooledRandomBytes()): Ids {
  const letters = Buffer.alloc(26);
  let writtenTime = Number.NaN;
  return {
    next() {
      const time = clock.now();
      if (time !== writtenTime) writeTime(letters, time);
      writtenTime = time;
      const chance = random(16);
      for (let i = 0; i < 16; i += 1) letters[10 + i] = alphabet.charCodeAt((chance[i] as number) % 32);
      return letters.toString('latin1');
    },
  };
}

/** Once for all ids of one millisecond: every request gets an id. */
function writeTime(letters: Buffer, time: number): void {
  let rest = time;
  for (let i = 9; i >= 0; i -= 1) {
    letters[i] = alphabet.charCodeAt(rest % 32);
    rest = Math.floor(rest / 32);
  }
}

/** Asking the system for chance costs more than the rest of an id, so it is asked for a store of it. */
function pooledRandomBytes(): (size: number) => Uint8Array {
  let pool = randomBytes(0);
  let used = 0;
  return (size) => {
    if (used + size > pool.length) {
      pool = randomBytes(Math.max(size, 4096));
      used = 0;
    }
    used += size;
    return pool.subarray(used - size, used);
  };
}
