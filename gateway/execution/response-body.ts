import type { GraphQLFormattedError } from 'graphql';
import type { PlanNode } from '../planning/plan.ts';
import type { OperationAnswer } from './answer.ts';

/** What a client is shown in `extensions` that asks for it, where it may see it. */
export interface ShownPlan {
  readonly queryPlan: readonly PlanNode[];
  /** What the operation was estimated to cost; absent where that is not limited. */
  readonly cost?: number;
}

/** The JSON text of a whole response around data that is JSON text already. */
export function writeResponseBody(answer: OperationAnswer, shown?: ShownPlan): string {
  if (shown) return joinParts(answer, shown);
  // Not in a WeakMap: V8 keeps the values of an old one alive until its next full collection.
  answer.body ??= joinParts(answer);
  return answer.body;
}

function joinParts({ data, errors, sources }: OperationAnswer, shown?: ShownPlan): string {
  const head = errors.length > 0 ? `{"errors":${JSON.stringify(errors)},"data":` : '{"data":';
  if (sources.length === 0 && !shown) return `${head}${data}}`;
  const extensions = { ...(sources.length > 0 && { sources }), ...shown };
  return `${head}${data},"extensions":${JSON.stringify(extensions)}}`;
}

/** The JSON text of a response that has errors only: the operation never ran. */
export function writeErrorBody(errors: readonly GraphQLFormattedError[]): string {
  return JSON.stringify({ errors });
}
