/** Whether a value is a number that has lost its last digits when JSON was read (beyond 2^53), or had more than an ID has. */
export const hasLostDigits = (value: unknown): boolean => typeof value === 'number' && !Number.isSafeInteger(value);
