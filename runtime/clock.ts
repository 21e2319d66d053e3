/** Wall-clock time for records, monotonic time for deadlines and durations. */
export interface Clock {
  /** Milliseconds since the epoch. May jump either way; never decides order. */
  now(): number;
  /** Milliseconds that only grow. Its zero is arbitrary. */
  monotonic(): number;
}

/** @returns the instant as ISO 8601 in UTC with milliseconds, the form in which Andon stores and prints times */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
