/** So many digits that text and number sort alike for as long as a plant runs; then the newest number is one index look-up. */
const digits = 8;

/** @param newest the highest number given so far, such as `MO-00000041`; null before the first */
export function nextNumber(prefix: string, newest: string | null): string {
  const last = newest === null ? 0 : Number(newest.slice(prefix.length + 1));
  return `${prefix}-${String(last + 1).padStart(digits, '0')}`;
}
