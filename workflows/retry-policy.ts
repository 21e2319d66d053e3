import type { ProblemKind, StepProblem } from './problem.ts';

export interface RetryRule {
  /** Before the second attempt; every further one waits twice as long. */
  readonly firstDelayMs: number;
  readonly ceilingMs: number;
  /** Attempts after which a person is told. */
  readonly exceptionAfter: number;
  /** Attempts after which it is left to that person. Null: it goes on by itself for as long as it takes. */
  readonly giveUpAfter: number | null;
}

/**
 * Which problem is tried again, how soon, and when a person is told. 0.5 + 1 + 2 + 4 + 8 seconds: a system that does not
 * answer is an exception after 15 seconds, the alert limit of restrictions (S1).
 */
export const retryTable: Readonly<Record<ProblemKind, RetryRule>> = {
  PENDING: { firstDelayMs: 250, ceilingMs: 15_000, exceptionAfter: 7, giveUpAfter: null },
  UNAVAILABLE: { firstDelayMs: 500, ceilingMs: 30_000, exceptionAfter: 6, giveUpAfter: null },
  VERSION_CONFLICT: { firstDelayMs: 100, ceilingMs: 5_000, exceptionAfter: 6, giveUpAfter: null },
  INTERLOCKED: { firstDelayMs: 1_000, ceilingMs: 60_000, exceptionAfter: 4, giveUpAfter: null },
  NOT_YET: { firstDelayMs: 500, ceilingMs: 5_000, exceptionAfter: 4, giveUpAfter: 4 },
  REFUSED: { firstDelayMs: 0, ceilingMs: 0, exceptionAfter: 1, giveUpAfter: 1 },
  BROKEN: { firstDelayMs: 1_000, ceilingMs: 30_000, exceptionAfter: 3, giveUpAfter: 5 },
};

/** What becomes of an instance after its `attempts`-th attempt has met `problem`. */
export interface NextStep {
  readonly retryAfterMs: number | null;
  readonly raise: boolean;
}

export function afterAttempt(problem: Pick<StepProblem, 'kind'>, attempts: number): NextStep {
  const { firstDelayMs, ceilingMs, exceptionAfter, giveUpAfter } = retryTable[problem.kind];
  const givesUp = giveUpAfter !== null && attempts >= giveUpAfter;
  // 2 ** 30 milliseconds are above every ceiling; a larger exponent would only overflow.
  const delayMs = Math.min(firstDelayMs * 2 ** Math.min(attempts - 1, 30), ceilingMs);
  return { retryAfterMs: givesUp ? null : delayMs, raise: attempts >= exceptionAfter };
}
