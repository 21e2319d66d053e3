import { closeSync, openSync } from 'node:fs';
import { errorCode } from '../runtime/error-code.ts';

/**
 * Makes an empty file that only its owner may read, where there is none: SQLite takes it for an empty database, and gives
 * the files that it makes beside it the same mode.
 *
 * A file that exists is not even opened: closing it would give up every lock that this process has on it
 * (https://sqlite.org/howtocorrupt.html, 2.2).
 */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}
