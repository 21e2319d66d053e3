/** Every way in which a token is refused, and the sentence that its bearer reads. Nothing here is internal. */
const sentences = {
  MISSING_TOKEN:
    'There is no token. Send "authorization: Bearer <token>" as a header, or in the payload of connection_init.',
  MALFORMED_TOKEN: 'The Authorization header does not hold a JWT. Send "Bearer", one space, and the whole token.',
  BAD_SIGNATURE: 'The signature of the token is not valid. Get a new token from your identity provider.',
  TOKEN_REVOKED: 'The token has been taken back. Get a new one from your identity provider.',
  TOKEN_USED: 'The token has been used before, and works once. Sign a new one for each request.',
  TOKEN_EXPIRED: 'The token has expired. Get a new token and repeat the request.',
  TOKEN_NOT_YET_VALID: 'The token is not valid yet. Check the clock of the identity provider, or wait and repeat.',
  WRONG_ISSUER: 'The token comes from an issuer that Andon does not trust. Get one from your own identity provider.',
  WRONG_AUDIENCE: 'The token was issued for another service. Ask your identity provider for a token for Andon.',
  UNKNOWN_KEY:
    'The token is signed with a key that Andon does not know. Get a new token; if the key is new, repeat in 30 seconds.',
  INVALID_CLAIMS: 'The claims of the token do not say who may do what. Ask your administrator to correct them.',
} as const;

export type AuthenticationErrorCode = keyof typeof sentences;

/** A token that is refused: HTTP 401. Clients may read the code and the message. */
export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError';
  /** Tells every boundary that this message is written for clients. */
  readonly expose = true;
  readonly code: AuthenticationErrorCode;

  /** @param sentence replaces the sentence of the code where a more exact one helps */
  constructor(code: AuthenticationErrorCode, sentence: string = sentences[code]) {
    super(sentence);
    this.code = code;
  }
}
