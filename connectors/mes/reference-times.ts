import { refuse } from '../reference-refusal.ts';

/** The clocks of terminals differ: what one reports may lie so far before what another one has reported. */
const clockSkewMs = 5 * 60 * 1000;

/**
 * When something ended that has begun, as it is said.
 *
 * @returns the beginning, where only clocks make the end come before it: those of two terminals differ, or ours was ahead then
 *   and nobody could give a time that fits
 * @throws what the MES refuses: an end before the beginning
 */
export function endOf(
  what: string,
  startedAt: string | null,
  { occurredAt, recordedAt }: { readonly occurredAt: string; readonly recordedAt: string },
): string {
  if (startedAt === null || occurredAt >= startedAt) return occurredAt;
  const earlyMs = Date.parse(startedAt) - Date.parse(occurredAt);
  if (earlyMs <= clockSkewMs || recordedAt <= startedAt) return startedAt;
  throw refuse(
    'DATES_INVALID',
    `${what} began at ${startedAt}; it cannot have ended before.`,
    'Give a later meta.occurredAt, or leave it out.',
  );
}
