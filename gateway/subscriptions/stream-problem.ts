import type { GraphQLFormattedError } from 'graphql';
import { callErrorToFieldError } from '../execution/fetch/subgraph-error.ts';
import { RequestError, refuse } from '../request/request-error.ts';
import { SubgraphCallError } from '../subgraph-client/subgraph-call-error.ts';

/** What a client is told of a source that has ended, though it was not to. */
export const endedError: GraphQLFormattedError = {
  message:
    'The source of this subscription ended it. Subscribe again, with your last cursor where the field takes one.',
  extensions: { code: 'SUBSCRIPTION_ENDED', retryable: true },
};

const passingCodes: ReadonlySet<string> = new Set([
  'SUBGRAPH_UNAVAILABLE',
  'SUBGRAPH_TIMEOUT',
  'SUBGRAPH_CIRCUIT_OPEN',
  'SUBGRAPH_OVERLOADED',
]);

/**
 * Whether asking again may help. A refusal stays one, however often the subgraph is asked, unless it says that it may be
 * repeated.
 * @param problem undefined where the source has just ended
 */
export function mayPass(problem: unknown): boolean {
  if (problem === undefined) return true;
  if (problem instanceof SubgraphCallError) return passingCodes.has(problem.code);
  return problem instanceof RequestError && problem.errors.every(({ extensions }) => extensions['retryable'] === true);
}

/** @returns what a client is told of it; undefined where it is our own, and no client's business */
export function explainProblem(problem: unknown): readonly GraphQLFormattedError[] | undefined {
  if (problem === undefined) return [endedError];
  if (problem instanceof RequestError) return problem.formatted;
  if (!(problem instanceof SubgraphCallError)) return undefined;
  const { message, extensions } = callErrorToFieldError(problem);
  return [{ message, extensions: { ...extensions } }];
}

/** The events come from another subgraph now, where nobody could go on after the last one. */
export const sourceChanged = (): RequestError =>
  refuse(400, 'SCHEMA_RELOAD', 'Its events come from another place now. Subscribe again, with your last cursor.');

/** What a client is told whose subscription could not be moved to the next supergraph. */
export function reloadError(cause: unknown): GraphQLFormattedError {
  const reasons = cause instanceof RequestError ? cause.message : 'It could not be planned again.';
  const message = `The schema was replaced, and this subscription cannot go on: ${reasons}`;
  return { message, extensions: { code: 'SCHEMA_RELOAD', retryable: !isRefusedForGood(cause) } };
}

/** What the new supergraph refuses in the operation it will refuse again. That its events come from another place it takes. */
const isRefusedForGood = (cause: unknown): boolean =>
  cause instanceof RequestError &&
  cause.status < 500 &&
  cause.errors.every(({ extensions }) => extensions['code'] !== 'SCHEMA_RELOAD');
