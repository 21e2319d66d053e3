/** An error that a client may read: a code, and a sentence that says what to do. Everything else is masked. */
export class ClientError extends Error {
  readonly expose = true;
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClientError';
    this.code = code;
  }
}
