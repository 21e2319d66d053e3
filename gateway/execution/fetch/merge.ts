import type { TypeIndex } from '../../supergraph/load-supergraph.ts';
import { Failure } from '../failure.ts';
import { isResponseObject, ownValue, type ResponseObject } from '../response-data.ts';

/**
 * Merges what one subgraph answered into what others answered before, in place.
 *
 * Objects and lists of equal length merge member by member. A value replaces null and a failure; neither replaces a
 * value. `__typename` of an object type stays when a subgraph that knows the interface only (@interfaceObject) answers
 * with the interface's name.
 */
export function mergeInto(target: ResponseObject, source: ResponseObject, types: TypeIndex): void {
  for (const key in source) {
    const next = source[key];
    // To set this one would change what every object inherits. Clients cannot ask for it (`limitResponseNames`).
    if (key === '__proto__') continue;
    const known = ownValue(target, key);
    // Places that share an answer meet their own objects again.
    if (known === next) continue;
    if (known === undefined || known === null || known instanceof Failure) {
      if (known === undefined || next !== null) target[key] = next;
    } else if (typeof next === 'object') {
      mergeComposite(target, key, known, next, types);
    } else if (next !== undefined && (key !== '__typename' || keepsType(known, next, types))) {
      target[key] = next;
    }
  }
}

function keepsType(known: unknown, next: unknown, types: TypeIndex): boolean {
  return !(typeof known === 'string' && types.isObject(known)) || (typeof next === 'string' && types.isObject(next));
}

function mergeComposite(target: ResponseObject, key: string, known: unknown, next: object | null, types: TypeIndex) {
  if (next === null || next instanceof Failure) return;
  if (Array.isArray(next) && Array.isArray(known)) mergeLists(known, next, types);
  else if (isResponseObject(next) && isResponseObject(known)) mergeInto(known, next, types);
  else target[key] = next;
}

function mergeLists(known: unknown[], next: readonly unknown[], types: TypeIndex): void {
  for (const [index, item] of next.entries()) {
    const current = known[index];
    if (current === undefined || current === null || current instanceof Failure) {
      if (item !== null || current === undefined) known[index] = item;
    } else if (Array.isArray(current) && Array.isArray(item)) mergeLists(current, item, types);
    else if (isResponseObject(current) && isResponseObject(item) && !(item instanceof Failure)) {
      mergeInto(current, item, types);
    }
  }
}
