import type { GraphQLFormattedError } from 'graphql';
import { Failure, type FieldError } from '../failure.ts';
import type { ResponseObject } from '../response-data.ts';

/**
 * Puts an error of a subgraph into its answer, where its path says: at the first null on the way.
 * @returns false where the path leads to a value, or nowhere
 */
export function placeError(data: ResponseObject, path: GraphQLFormattedError['path'], error: FieldError): boolean {
  if (!Array.isArray(path) || path.length === 0) return false;
  let current: unknown = data;
  for (const [depth, step] of path.entries()) {
    if (typeof current !== 'object' || current === null) return false;
    const holder = current as Record<string | number, unknown>;
    if (!Object.hasOwn(holder, step)) return false;
    const next = holder[step];
    const located = { ...error, below: path.slice(depth + 1) };
    if (next instanceof Failure) Failure.add(next, located);
    else if (next === null) holder[step] = new Failure([located]);
    if (next === null || next instanceof Failure) return true;
    current = next;
  }
  return false;
}
