import type { PlanNode } from '../plan.ts';

export interface Planner {
  /**
   * Plans one operation that is valid against the public schema and selects no introspection field.
   * @param draw from 0 up to 100: fields with `@override(label: "percent(N)")` have moved where it is below N.
   *   @default 100, so that none has
   * @param signal ends the work, where the planner can be stopped
   * @throws PlanningError
   */
  plan(operation: string, draw?: number, signal?: AbortSignal): Promise<PlanNode | undefined>;
  /** The percentages that the supergraph names. */
  readonly overridePercentages: readonly number[];
}
