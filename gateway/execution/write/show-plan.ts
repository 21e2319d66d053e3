import type { OperationAnswer } from '../answer.ts';
import type { CompiledOperation, Variables } from '../compiled-operation.ts';
import type { ShownPlan } from './answer-writer.ts';

export interface PlanRequest {
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
  /** The value of `apollo-expose-query-plan`. */
  readonly header: string | undefined;
}

/** By `"extensions": {"queryPlan": true}`, or by the header that Apollo's tools send. */
export const asksForPlan = ({ extensions, header }: PlanRequest): boolean =>
  extensions?.['queryPlan'] === true || header === 'true';

/** What was done for an answer, for who may see it. */
export function showPlan(
  { cost }: CompiledOperation,
  variables: Variables,
  { plans = [] }: OperationAnswer,
): ShownPlan {
  return { queryPlan: plans, ...(cost && { cost: cost(variables) }) };
}
