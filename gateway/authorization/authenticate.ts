import { GraphQLError } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import { errorCode } from '../../runtime/error-code.ts';
import { RequestError } from '../request/request-error.ts';

/** Verifies the raw Authorization value of a request; undefined where there was none. Throws errors with a `code`. */
export type Authenticate = (credentials: string | undefined) => Promise<Principal> | Principal;

/** A refusal of the credentials. `code` is UNAUTHENTICATED, TOKEN_EXPIRED …, as the verifier gave it. */
export class AuthenticationError extends RequestError {
  readonly code: string;

  constructor(code: string, message: string) {
    super(401, [new GraphQLError(message, { extensions: { code } })]);
    this.name = 'AuthenticationError';
    this.code = code;
  }
}

/**
 * The one place where transports learn who asks.
 * @returns undefined where the gateway runs without authentication
 * @throws AuthenticationError
 */
export async function authenticateRequest(
  authenticate: Authenticate | undefined,
  credentials: string | undefined,
): Promise<Principal | undefined> {
  if (!authenticate) return undefined;
  try {
    return await authenticate(credentials);
  } catch (cause) {
    const code = errorCode(cause);
    if (!(cause instanceof Error) || code === undefined) throw cause;
    throw new AuthenticationError(code, cause.message);
  }
}
