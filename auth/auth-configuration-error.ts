/** The settings or key files of authentication cannot be used: start-up stops. The message says what to change. */
export class AuthConfigurationError extends Error {
  override readonly name = 'AuthConfigurationError';
  readonly code = 'AUTH_CONFIGURATION';
}
