import { errorCode } from './error-code.ts';

/** For commands that print: when who reads their output has read enough and leaves, as `head` does, they end quietly. */
export function endWithReader(): void {
  process.stdout.on('error', (cause) => {
    if (errorCode(cause) !== 'EPIPE') throw cause;
    process.exit(0);
  });
}
