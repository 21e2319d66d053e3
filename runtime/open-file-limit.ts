import { readFileSync } from 'node:fs';

/** @returns how many files and connections this process may have open; undefined where the system does not say (not Linux) */
export function openFileLimit(): number | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}
