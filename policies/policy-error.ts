/** A policy or the schema of policies cannot be used: start-up stops. The message names the file, the line, the remedy. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code = 'POLICY';
  /** As it was given or found. */
  readonly file: string;
  /** From 1; null where the problem is not at one place. */
  readonly line: number | null;

  constructor({ file, line, problem }: { file: string; line: number | null; problem: string }, options?: ErrorOptions) {
    super(`${file}${line === null ? '' : `:${line}`}: ${problem}`, options);
    this.file = file;
    this.line = line;
  }
}
