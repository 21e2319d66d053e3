import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from './error-code.ts';

/**
 * Makes a folder that only its owner may enter, and those above it that are missing. What exists stays as it is.
 *
 * Not by the `recursive` of Node 20: where a parent exists and takes no entries, as /proc does, that one never returns.
 *
 * @throws the error of the operating system; ENOTDIR where something else has the name
 */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') {
      requireDirectory(path);
      return;
    }
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    makeDirectory(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

function requireDirectory(path: string): void {
  if (statSync(path).isDirectory()) return;
  throw Object.assign(new Error(`${path} is a file, not a folder`), { code: 'ENOTDIR' });
}
