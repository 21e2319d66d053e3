/** The code that an error of Node, of a library or of our own has; undefined where it has none, and is likely a fault. */
export const errorCode = (cause: unknown): string | undefined =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
