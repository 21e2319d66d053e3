export type Bindable = string | number | bigint | Uint8Array | null;

/**
 * The values that both dialects take and give back the same. SQLite has no boolean and no date; its driver ends the
 * whole process on a boolean, so this check is not a nicety.
 */
export function bindable(value: unknown): Bindable {
  if (value === null || typeof value === 'string' || typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (value instanceof Uint8Array) return value;
  const shown = typeof value === 'object' ? value.constructor?.name : String(value);
  throw new TypeError(
    `A query cannot bind ${shown}: bind text, a finite number, bytes or null (0 and 1 for booleans).`,
  );
}
