import { GraphQLError, type GraphQLFormattedError } from 'graphql';

/** A request that was refused before it ran. `status` is the HTTP status; other transports send the errors alone. */
export class RequestError extends Error {
  readonly status: number;
  readonly errors: readonly GraphQLError[];

  constructor(status: number, errors: readonly GraphQLError[]) {
    const told = errors.map(shortened);
    super(told.map(({ message }) => message).join(' '));
    this.name = 'RequestError';
    this.status = status;
    this.errors = told;
  }

  /** As clients read them. */
  get formatted(): readonly GraphQLFormattedError[] {
    return this.errors.map((error) => error.toJSON());
  }
}

/** What a client sent comes back in messages, as a name or a value: enough of it to be recognised. */
const maxMessageLength = 2000;

function shortened(error: GraphQLError): GraphQLError {
  const { message, source, positions, path, extensions } = error;
  if (message.length <= maxMessageLength) return error;
  const half = maxMessageLength / 2;
  const short = `${message.slice(0, half)} … ${message.slice(-half)}`;
  return new GraphQLError(short, {
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    extensions,
  });
}

/** @returns a refusal with one error that carries `code` and says what to do */
export const refuse = (status: number, code: string, message: string): RequestError =>
  refuseWith(status, [{ message, extensions: { code } }]);

/** The same for what has no room at the moment: asked a little later, it may. */
export const refuseForNow = (code: string, message: string): RequestError =>
  refuseWith(503, [{ message, extensions: { code, retryable: true } }]);

/** The same for what others have found: the fields that are denied, the errors of a subgraph. */
export function refuseWith(
  status: number,
  told: readonly Pick<GraphQLFormattedError, 'message' | 'extensions'>[],
): RequestError {
  return new RequestError(
    status,
    told.map(({ message, extensions }) => new GraphQLError(message, { extensions })),
  );
}

/** What clients read of a failure of our own. The log has the rest, under this id. */
export const internalError = (requestId?: string): GraphQLFormattedError => ({
  message: 'The gateway failed to answer. Report the request id to its operator.',
  extensions: { code: 'INTERNAL', ...(requestId !== undefined && { requestId }) },
});

/** The same errors, each with `code` unless it has its own. */
export function withCode(errors: readonly GraphQLError[], code: string): GraphQLError[] {
  return errors.map(({ message, source, positions, path, extensions }) =>
    freed(
      new GraphQLError(message, {
        // Not the nodes: with them an error would keep the whole document that it was found in.
        source: source ?? null,
        positions: positions ?? null,
        path: path ?? null,
        extensions: { ...extensions, code: extensions['code'] ?? code },
      }),
    ),
  );
}

/**
 * A refusal that can be kept: it holds nothing but what it says. An error otherwise keeps the calls that led to it, with
 * everything that they were about, until somebody reads its stack: 90,000 bytes for a query of one field.
 */
export function keepable({ status, errors }: RequestError): RequestError {
  return freed(new RequestError(status, errors.map(freed)));
}

function freed<T extends Error>(error: T): T {
  error.stack = `${error.name}: ${error.message}`;
  return error;
}
