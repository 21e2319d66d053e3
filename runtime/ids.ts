import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';

/** Makes identifiers that are unique across processes and sort by the time of their making. */
export interface Ids {
  /** @returns 26 characters of Crockford's base 32, as in the ULID specification: 48 bits of time, 80 of chance */
  next(): string;
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Source: https://github.com/ulid/spec. Monotonicity within a millisecond is not promised: order comes from the journal. */
export function createIds(clock: Clock, random: (size: number) => Uint8Array = pooledRandomBytes()): Ids {
  return {
    next() {
      let time = clock.now();
      let id = '';
      for (let i = 0; i < 10; i += 1) {
        id = alphabet.charAt(time % 32) + id;
        time = Math.floor(time / 32);
      }
      for (const byte of random(16)) id += alphabet.charAt(byte % 32);
      return id;
    },
  };
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
