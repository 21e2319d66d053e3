/** Thrown by a reference system before it has changed anything; `createReferencePosting` makes it the posting. */
export class RefusedError extends Error {
  readonly code: string;
  readonly remediation: string | null;

  constructor(code: string, message: string, remediation: string | null) {
    super(message);
    this.name = 'RefusedError';
    this.code = code;
    this.remediation = remediation;
  }
}

export function refuse(code: string, message: string, remediation: string | null = null): RefusedError {
  return new RefusedError(code, message, remediation);
}
