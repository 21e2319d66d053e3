/** Wall-clock time for records, monotonic time for deadlines and durations. */
export interface Clock {
  /** Milliseconds since the epoch. May jump either way; never decides order. */
  now(): number;
  /** Milliseconds that only grow. Its zero is arbitrary. */
  monotonic(): number;
}

/** @returns the instant as ISO 8601 in UTC with milliseconds, the form in which Andon stores and prints times */
export function isoTime(epochMs: number): string {
  if (epochMs !== last.epochMs) last = { epochMs, text: new Date(epochMs).toISOString() };
  return last.text;
}

/** Within one millisecond it is asked for many times. */
let last = { epochMs: Number.NaN, text: '' };

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
