import type { GraphQLFormattedError } from 'graphql';
import type { OperationAnswer } from './execution/compiled-operation.ts';
import type { PlanNode } from './planning/plan.ts';

/**
 * The JSON text of a whole response around data that is JSON text already.
 * @param queryPlan the plan, where the client asked for it and may see it
 */
export function writeResponseBody(answer: OperationAnswer, queryPlan?: readonly PlanNode[]): string {
  if (queryPlan) return joinParts(answer, queryPlan);
  // Not in a WeakMap: V8 keeps the values of an old one alive until its next full collection.
  answer.body ??= joinParts(answer);
  return answer.body;
}

function joinParts({ data, errors, sources }: OperationAnswer, queryPlan?: readonly PlanNode[]): string {
  const head = errors.length > 0 ? `{"errors":${JSON.stringify(errors)},"data":` : '{"data":';
  if (sources.length === 0 && !queryPlan) return `${head}${data}}`;
  const extensions = { ...(sources.length > 0 && { sources }), ...(queryPlan && { queryPlan }) };
  return `${head}${data},"extensions":${JSON.stringify(extensions)}}`;
}

/** The JSON text of a response that has errors only: the operation never ran. */
export function writeErrorBody(errors: readonly GraphQLFormattedError[]): string {
  return JSON.stringify({ errors });
}
