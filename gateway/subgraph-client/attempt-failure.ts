import { errorCode } from '../../runtime/error-code.ts';
import { loggedReason } from '../../runtime/logged-reason.ts';
import { UnpackError } from '../../runtime/unpack.ts';
import { noRoom } from './answer-room.ts';
import { NoRoomError } from './exchange.ts';
import type { RemoteOptions } from './remote-options.ts';
import { SubgraphCallError } from './subgraph-call-error.ts';
import type { SubgraphCall } from './subgraph-client.ts';

/** Why an attempt brought no GraphQL answer. */
export class StatusError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`HTTP status ${status}`);
    this.name = 'StatusError';
    this.status = status;
  }
}

/**
 * Failures that another attempt may heal, though the subgraph may have seen this one. Where several addresses refused,
 * Node wraps that in one AggregateError with the code of the first.
 */
const passingCodes: ReadonlySet<string | undefined> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** Without 429: who asks for less must not get more. */
const passingStatuses: ReadonlySet<number> = new Set([502, 503, 504]);

/** Whether another attempt may heal it. */
export function isWorthRepeating(cause: unknown): boolean {
  if (!(cause instanceof SubgraphCallError)) return passingCodes.has(errorCode(cause));
  return cause.cause instanceof StatusError && passingStatuses.has(cause.cause.status);
}

/** As fields get it; what the log has to tell is told. */
export function toCallError(options: RemoteOptions, call: SubgraphCall, cause: unknown): SubgraphCallError {
  if (cause instanceof SubgraphCallError) return cause;
  const { service, runtime } = options;
  if (cause instanceof NoRoomError) return noRoom(call.request.operationKind, service, { cause });
  const { requestId } = call.context;
  runtime.log.warn('subgraph call failed', { subgraph: service, requestId, ...loggedReason(cause) });
  const isUnreadable = cause instanceof UnpackError || errorCode(cause) === 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
  return new SubgraphCallError(isUnreadable ? 'SUBGRAPH_MALFORMED_RESPONSE' : 'SUBGRAPH_UNAVAILABLE', service, {
    cause,
  });
}

/** What a failure says of the subgraph: an answer that is refused or malformed is still an answer. */
export function outcomeOf(cause: unknown): 'answered' | 'failed' | 'abandoned' {
  const code = cause instanceof SubgraphCallError ? cause.code : undefined;
  if (code === 'SUBGRAPH_UNAVAILABLE' || code === 'SUBGRAPH_TIMEOUT') return 'failed';
  return code === 'REQUEST_ABORTED' || code === undefined ? 'abandoned' : 'answered';
}
