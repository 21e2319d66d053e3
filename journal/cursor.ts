import { InvalidCursorError } from './errors.ts';

/** @returns the position that a client's cursor stands for @throws InvalidCursorError when the text is no position */
export function parseCursor(cursor: string): number {
  const position = /^(0|[1-9]\d{0,15})$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (!Number.isSafeInteger(position)) throw new InvalidCursorError(cursor);
  return position;
}
