import type { PlanNode } from './plan.ts';

export interface Planner {
  /**
   * Plans one operation that is valid against the public schema and selects no introspection field.
   * @throws PlanningError
   */
  plan(operation: string, signal?: AbortSignal): Promise<PlanNode | undefined>;
}

/** The planner found no way to answer, or would need something that this engine does not run. */
export class PlanningError extends Error {
  readonly code: 'PLANNING_FAILED' | 'DEFER_NOT_SUPPORTED';

  constructor(code: PlanningError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PlanningError';
    this.code = code;
  }
}
