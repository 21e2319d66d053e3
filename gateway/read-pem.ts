import { readFileSync } from 'node:fs';
import { errorCode } from '../runtime/error-code.ts';
import { ConfigValueError } from './config.ts';

/** @param options names of the options that may be wrong @throws ConfigValueError */
export function readPem(file: string, options: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new ConfigValueError(`${file} cannot be read (${errorCode(cause) ?? 'unreadable'}). Correct ${options}.`);
  }
}
