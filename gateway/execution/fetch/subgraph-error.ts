import type { GraphQLFormattedError } from 'graphql';
import type { Logger } from '../../../runtime/logger.ts';
import type { RequestContext } from '../../request/request-context.ts';
import { isFinal } from '../../subgraph-client/mutation-outcome.ts';
import { afterMutation, type SubgraphCallError, sentenceOf } from '../../subgraph-client/subgraph-call-error.ts';
import { Failure, type FieldError } from '../failure.ts';

const retryable = new Set<string>([
  'SUBGRAPH_UNAVAILABLE',
  'SUBGRAPH_TIMEOUT',
  'SUBGRAPH_CIRCUIT_OPEN',
  'SUBGRAPH_OVERLOADED',
  'GATEWAY_OVERLOADED',
  'SUBGRAPH_LOST_OBJECT',
]);

type CallError = Pick<SubgraphCallError, 'code' | 'service' | 'message' | 'mayHaveRun'>;

/** @param context of the request, where it may have a mutation */
export function callErrorToFieldError(error: CallError, context?: RequestContext): FieldError {
  const { code, service, message, mayHaveRun } = error;
  const mayRepeat = retryable.has(code) && !mayHaveRun;
  const isTooLate = mayRepeat && context !== undefined && isFinal(context);
  return {
    message: isTooLate ? afterMutation(message) : message,
    extensions: { code, service, retryable: mayRepeat && !isTooLate },
    below: [],
  };
}

/** What fields get of a call that failed so. Made without an Error, whose stack takes long to read: plans prepare some. */
export function callFailure(code: SubgraphCallError['code'], service: string): Failure {
  return new Failure([callErrorToFieldError({ code, service, message: sentenceOf(code, service), mayHaveRun: false })]);
}

/** Extensions that help an attacker and nobody else. */
const internalExtensions = new Set(['stacktrace', 'stack', 'exception', 'originalError', 'debug', 'trace']);
/** Codes that frameworks give to errors which nobody meant for a client. */
const unmeantCodes = new Set<unknown>([
  'INTERNAL_SERVER_ERROR',
  'INTERNAL_ERROR',
  'UNEXPECTED',
  'DOWNSTREAM_SERVICE_ERROR',
]);

export interface ErrorExposure {
  /** Whether messages of errors without a meaningful code are replaced by a sentence that reveals nothing. */
  readonly maskUnknown: boolean;
  /** Where what they said is told. */
  readonly log: Logger;
  /** Counts what that subgraph sent and does not fit the schema. Absent where nothing is counted. */
  readonly misfitted?: ((service: string) => void) | undefined;
}

/** Whose errors these are. */
export interface ErrorSource {
  readonly service: string;
  readonly context: RequestContext;
}

/** Characters of a message that the log keeps. */
const maxLogged = 500;

/** An error as a subgraph told it, and as clients may read it. */
export interface ReadableError {
  readonly error: GraphQLFormattedError;
  readonly shown: FieldError;
}

/** Errors of one answer of a subgraph; what clients may not read is for the log. */
export function toClientErrors(
  errors: readonly GraphQLFormattedError[],
  source: ErrorSource,
  exposure: ErrorExposure,
): readonly ReadableError[] {
  const { service, context } = source;
  const readable = errors.map((error) => ({ error, shown: toClientError(error, source, exposure) }));
  const masked = readable.filter(({ error, shown }) => error.message !== shown.message);
  if (masked[0]) {
    const first = masked[0].error;
    const message = typeof first.message === 'string' ? first.message.slice(0, maxLogged) : undefined;
    const { requestId } = context;
    const fields = { subgraph: service, requestId, errors: masked.length, message, path: first.path };
    exposure.log.warn('errors of a subgraph masked', fields);
  }
  return readable;
}

/** With the code it gave, else masked: then with the id under which the log has what it said. */
function toClientError(
  error: GraphQLFormattedError,
  { service, context }: ErrorSource,
  exposure: ErrorExposure,
): FieldError {
  const given = typeof error.extensions === 'object' && error.extensions !== null ? error.extensions : {};
  const shown = Object.fromEntries(Object.entries(given).filter(([name]) => !internalExtensions.has(name)));
  const isMeant = typeof given['code'] === 'string' && !unmeantCodes.has(given['code']);
  const mayRead = (isMeant || !exposure.maskUnknown) && typeof error.message === 'string';
  return {
    message: mayRead ? error.message : `"${service}" could not answer this field.`,
    extensions: {
      ...(mayRead ? shown : { requestId: context.requestId }),
      code: isMeant ? given['code'] : 'SUBGRAPH_ERROR',
      service,
      retryable: given['retryable'] === true && !isFinal(context),
    },
    below: [],
  };
}
