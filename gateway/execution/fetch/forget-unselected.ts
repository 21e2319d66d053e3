import { isSelectedKey } from '../../planning/selected-keys.ts';
import { Failure } from '../failure.ts';

/** Removes every value of a disentangled operation that no client selected, and keeps what was selected. */
export function forgetUnselected(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Failure) return;
  if (Array.isArray(value)) {
    for (const item of value) forgetUnselected(item);
    return;
  }
  const object = value as Record<string, unknown>;
  for (const key in object) {
    if (isSelectedKey(key)) forgetUnselected(object[key]);
    else if (key !== '__typename') delete object[key];
  }
}
