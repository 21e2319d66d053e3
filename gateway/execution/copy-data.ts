import { Failure } from './failure.ts';
import type { ResponseObject } from './response-data.ts';

/** A copy that later merges may change without changing the original. Failures are immutable enough to be shared. */
export function copyData(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Failure) return value;
  if (Array.isArray(value)) return value.map(copyData);
  // V8 copies an object whole; field by field it would have to find each one's place again.
  const copy: ResponseObject = { ...(value as ResponseObject) };
  for (const key in copy) {
    const member = copy[key];
    if (typeof member === 'object' && member !== null) copy[key] = copyData(member);
  }
  return copy;
}

/** Whether sharing the object between two places could matter: only objects below it can be merged into. */
export function holdsObjects(value: ResponseObject): boolean {
  for (const key in value) {
    if (typeof value[key] === 'object' && value[key] !== null) return true;
  }
  return false;
}
