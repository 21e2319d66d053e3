import { ClientError } from '../errors.ts';
import { type ConnectionArguments, pageRequest } from './connection.ts';

/**
 * A bounded part of what an entity has gathered over the years.
 *
 * @param rows all of them, the oldest first
 * @param after the id of the last row that the caller has
 * @returns the newest first, beginning behind `after`
 * @throws ClientError BAD_PAGE_SIZE, INVALID_CURSOR
 */
export function newestFirst<Row>(
  rows: readonly Row[],
  { first, after }: ConnectionArguments,
  idOf: (row: Row) => string,
): readonly Row[] {
  const size = pageRequest(first === undefined ? {} : { first }).first;
  const newest = rows.toReversed();
  if (after === null || after === undefined) return newest.slice(0, size);
  const last = newest.findIndex((row) => idOf(row) === after);
  if (last < 0)
    throw new ClientError(
      'INVALID_CURSOR',
      'after must be the id of something in this list. Read it again from its start.',
    );
  return newest.slice(last + 1, last + 1 + size);
}
