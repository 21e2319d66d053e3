import { errorCode } from './error-code.ts';
import type { LogFields } from './logger.ts';

/**
 * What the log says of an error. One with a code is about the network, a file or a supergraph, and its sentence says
 * everything: where in this process it was noticed helps nobody. Any other is ours, and is told with its stack.
 */
export function loggedReason(cause: unknown): LogFields {
  const code = errorCode(cause);
  return cause instanceof Error && code !== undefined ? { code, problem: cause.message } : { cause };
}
