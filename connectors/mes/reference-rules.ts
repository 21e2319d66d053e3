import type { OperationState } from './port.ts';

interface Rule {
  readonly from: readonly OperationState[];
  readonly to: OperationState;
}

/**
 * The reference MES's own rules, which hold whoever asks. A dispatched operation is started, paused, resumed and ended
 * by people; a constraint holds it, or keeps it from being started, as long as any cause is left.
 */
export const operationRules = {
  startOperation: { from: ['ALLOWED_TO_START'], to: 'RUNNING' },
  pauseOperation: { from: ['RUNNING'], to: 'SUSPENDED' },
  resumeOperation: { from: ['SUSPENDED'], to: 'RUNNING' },
  completeOperation: { from: ['RUNNING'], to: 'ENDED' },
  abortOperation: {
    from: ['NOT_ALLOWED_TO_START', 'ALLOWED_TO_START', 'RUNNING', 'HELD', 'SUSPENDED'],
    to: 'ABORTED',
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** What a cause makes of an operation in each state. ENDED and ABORTED ones cannot be held any more. */
export const stateWhenHeld: Readonly<Partial<Record<OperationState, OperationState>>> = {
  NOT_ALLOWED_TO_START: 'NOT_ALLOWED_TO_START',
  ALLOWED_TO_START: 'NOT_ALLOWED_TO_START',
  RUNNING: 'HELD',
  HELD: 'HELD',
  SUSPENDED: 'HELD',
};

/** What becomes of a held operation when its last cause is gone: a person starts or resumes it. */
export const stateWhenFree: Readonly<Partial<Record<OperationState, OperationState>>> = {
  NOT_ALLOWED_TO_START: 'ALLOWED_TO_START',
  HELD: 'SUSPENDED',
};

/** Packaging may run while filling runs, but nothing begins before the step before it has. */
export const predecessorStates: readonly OperationState[] = ['RUNNING', 'ENDED'];
