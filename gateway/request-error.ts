import { GraphQLError } from 'graphql';

/** A request that was refused before it ran. `status` is the HTTP status; other transports send the errors alone. */
export class RequestError extends Error {
  readonly status: number;
  readonly errors: readonly GraphQLError[];

  constructor(status: number, errors: readonly GraphQLError[]) {
    super(errors.map(({ message }) => message).join(' '));
    this.name = 'RequestError';
    this.status = status;
    this.errors = errors;
  }
}

/** @returns a refusal with one error that carries `code` and says what to do */
export function refuse(status: number, code: string, message: string): RequestError {
  return new RequestError(status, [new GraphQLError(message, { extensions: { code } })]);
}

/** The same errors, each with `code` unless it has its own. */
export function withCode(errors: readonly GraphQLError[], code: string): GraphQLError[] {
  return errors.map((error) => {
    if (error.extensions['code'] !== undefined) return error;
    const extensions = { ...error.extensions, code };
    return new GraphQLError(error.message, {
      nodes: error.nodes ?? null,
      source: error.source ?? null,
      positions: error.positions ?? null,
      path: error.path ?? null,
      extensions,
    });
  });
}
