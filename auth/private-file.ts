import { randomUUID } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../runtime/error-code.ts';
import { makeDirectory } from '../runtime/make-directory.ts';
import { AuthConfigurationError } from './auth-configuration-error.ts';

/**
 * Reads a file that only its owner may read, and makes it with `content()` when it does not exist.
 *
 * Several processes may start on one folder at the same time: the file appears complete and at once, through a hard
 * link, so that all of them read what the first has written.
 *
 * @throws AuthConfigurationError
 */
export async function readOrCreatePrivateFile(path: string, content: () => string): Promise<string> {
  try {
    return await readOrCreate(path, content);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const remedy = 'Set ANDON_DATA_DIR to a folder that this user owns.';
    throw new AuthConfigurationError(`${path} cannot be read or made (${why}). ${remedy}`, { cause });
  }
}

async function readOrCreate(path: string, content: () => string): Promise<string> {
  const found = await readIfExists(path);
  if (found !== null) return found;
  makeDirectory(dirname(path));
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, content(), { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(draft, path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  return readFile(path, 'utf8');
}

async function readIfExists(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
