/** What kept a step from being done. The retry table has a row for each. */
export type ProblemKind =
  /** The transition is recorded and its system has not answered for certain. The same key again follows it. */
  | 'PENDING'
  /** A system, a subgraph or the gateway could not be asked. */
  | 'UNAVAILABLE'
  /** Somebody else changed the same thing at the same moment. */
  | 'VERSION_CONFLICT'
  /** An interlock forbids it for now. */
  | 'INTERLOCKED'
  /** Refused in this state; another workflow or a person may be about to change it. */
  | 'NOT_YET'
  /** Refused for a reason that only a person can remove. */
  | 'REFUSED'
  /** Neither: a defect of a rule, a schema that does not fit. */
  | 'BROKEN';

export interface ProblemDetails {
  readonly kind: ProblemKind;
  readonly step: string;
  readonly code: string;
  /** The system whose rule or absence it is. */
  readonly system: string | null;
  readonly message: string;
  readonly remediation: string | null;
}

/** Why an attempt ended early. Its message is for the person who reads the exception. */
export class StepProblem extends Error {
  override readonly name = 'StepProblem';
  readonly kind: ProblemKind;
  readonly step: string;
  readonly code: string;
  readonly system: string | null;
  readonly remediation: string | null;

  constructor({ kind, step, code, system, message, remediation }: ProblemDetails, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.step = step;
    this.code = code;
    this.system = system;
    this.remediation = remediation;
  }
}

/** @returns `error` itself when it is a problem of a step; anything else is a defect of ours, and masked */
export function toProblem(error: unknown): StepProblem {
  if (error instanceof StepProblem) return error;
  const details: ProblemDetails = {
    kind: 'BROKEN',
    step: 'react',
    code: 'INTERNAL',
    system: 'ANDON',
    message: 'Andon could not work out what has to follow. The log has the details under the correlation id.',
    remediation: 'Report it with the correlation id, then try again.',
  };
  return new StepProblem(details, { cause: error });
}
