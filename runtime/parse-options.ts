import { type ParseArgsConfig, parseArgs } from 'node:util';
import { errorCode } from './error-code.ts';
import { didYouMean } from './nearest-names.ts';
import { UsageError } from './usage-error.ts';

/** Reads a command line as `parseArgs` of Node does. @throws UsageError an option is not known; with the one that was probably meant */
export function parseOptions<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (cause) {
    const unknown = cause instanceof Error ? /^Unknown option '(-[^']*)'/.exec(cause.message)?.[1] : undefined;
    if (unknown === undefined || errorCode(cause) !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') throw cause;
    const known = Object.keys(config.options ?? {}).map((name) => `--${name}`);
    throw new UsageError(`Unknown option '${unknown}'.${didYouMean(unknown, known)}`);
  }
}
