import type { SystemCommand } from './posting.ts';
import { checkRow, checkState } from './reference-checks.ts';
import { refuse, type Verdict } from './reference-posting.ts';

/** Thrown by a requirement before anything has changed; `withRefusals` makes it the verdict. */
class RefusedError extends Error {
  readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    super('refused' in verdict ? verdict.refused.message : 'refused');
    this.name = 'RefusedError';
    this.verdict = verdict;
  }
}

/** Carries out a command whose checks are written as requirements. All of them come before the first change. */
export async function withRefusals(carryOut: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await carryOut();
  } catch (error) {
    if (error instanceof RefusedError) return error.verdict;
    throw error;
  }
}

export function requireThat(holds: boolean, code: string, message: string, remediation: string | null = null): void {
  if (!holds) throw new RefusedError(refuse(code, message, remediation));
}

export function requireRow<Row>(row: Row | undefined, what: string): Row {
  if (row !== undefined) return row;
  throw new RefusedError(refuse('NOT_FOUND', `${what} does not exist.`, 'Check the number.'));
}

/** The row's state allows the command, and nobody has changed it since the guards saw it. */
export function requireUnchanged(
  command: SystemCommand,
  row: { readonly state: string; readonly version: number },
  allowed: readonly string[],
): void {
  const verdict = checkRow(command, 'It', row) ?? checkState(command, 'It', row.state, allowed);
  if (verdict) throw new RefusedError(verdict);
}
