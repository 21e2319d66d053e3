import type { GraphQLFormattedError } from 'graphql';
import { GraphQLError } from 'graphql';
import type { Logger } from '../../runtime/logger.ts';

/** Anything thrown that says of itself that clients may read it: `ClientError`, the errors of connectors and tokens. */
interface ExposedError extends Error {
  readonly expose: true;
  readonly code: string;
  readonly system?: string;
  readonly retryable?: boolean;
}

export interface MaskingOptions {
  readonly subgraph: string;
  readonly requestId: string;
  readonly log: Logger;
}

/**
 * The errors of one response, as clients may read them. What does not say that it may be read becomes INTERNAL, and is
 * logged once with the request id, however many fields it has failed.
 */
export function maskErrors(errors: readonly unknown[], options: MaskingOptions): readonly GraphQLFormattedError[] {
  const logged = new Set<unknown>();
  return errors.map((error) => {
    const cause = rootCause(error);
    const path = error instanceof GraphQLError ? error.path : undefined;
    const at = path === undefined ? {} : { path };
    if (isExposed(cause)) return { message: cause.message, ...at, extensions: describe(cause) };
    // Without a path nothing has run yet: GraphQL itself refuses the variables, in words meant for whoever sent them.
    if (cause instanceof GraphQLError && path === undefined) {
      return { message: cause.message, extensions: { code: 'BAD_USER_INPUT' } };
    }
    if (!logged.has(cause)) logFailure(cause, path, options);
    logged.add(cause);
    return { message: internalMessage(options.requestId), ...at, extensions: { code: 'INTERNAL' } };
  });
}

function logFailure(error: unknown, path: GraphQLError['path'], { subgraph, requestId, log }: MaskingOptions): void {
  log.error('subgraph request failed', { subgraph, requestId, path: path?.join('.'), cause: error });
}

function internalMessage(requestId: string): string {
  return `Something went wrong inside Andon. Repeat the request; if it fails again, report the request id ${requestId}.`;
}

/** GraphQL wraps what resolvers throw, once for each level that passes it on. */
function rootCause(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError ? rootCause(error.originalError) : error;
}

export function isExposed(error: unknown): error is ExposedError {
  return (
    error instanceof Error &&
    'expose' in error &&
    error.expose === true &&
    'code' in error &&
    typeof error.code === 'string'
  );
}

function describe({ code, system, retryable }: ExposedError): Record<string, unknown> {
  return { code, ...(system === undefined ? {} : { system }), ...(retryable === undefined ? {} : { retryable }) };
}
