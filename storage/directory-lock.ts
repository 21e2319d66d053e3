import Libsql from 'libsql';
import { errorCode } from '../runtime/error-code.ts';
import { DataDirectoryInUseError } from './errors.ts';

/**
 * Keeps a second process off a data directory: an exclusive transaction on a database of its own, which is a lock of the
 * operating system and so goes with the process, however it ends. @returns a function that lets go
 * @throws DataDirectoryInUseError
 */
export function lockDirectory(dataDir: string, lockFile: string): () => void {
  const lock = new Libsql(lockFile, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (errorCode(error)?.startsWith('SQLITE_BUSY')) {
      throw new DataDirectoryInUseError(dataDir, { cause: error });
    }
    throw error;
  }
  return () => lock.close();
}
