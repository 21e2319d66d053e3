import type { GraphQLFormattedError } from 'graphql';
import type { PlanNode } from '../../planning/plan.ts';
import type { OperationAnswer } from '../answer.ts';

/** What a client is shown in `extensions` that asks for it, where it may see it. */
export interface ShownPlan {
  readonly queryPlan: readonly PlanNode[];
  /** What the operation was estimated to cost; absent where that is not limited. */
  readonly cost?: number;
}

/** Hears of all errors that clients are told. */
export type ErrorsTold = (errors: readonly GraphQLFormattedError[]) => void;

/** Writes whatever clients are told, over each transport: the one place that every error passes. */
export class AnswerWriter {
  readonly #told: ErrorsTold | undefined;

  constructor(told?: ErrorsTold) {
    this.#told = told;
  }

  /** The JSON text of a whole response around data that is JSON text already. */
  response(answer: OperationAnswer, shown?: ShownPlan): string {
    if (answer.errors.length > 0) this.#told?.(answer.errors);
    if (shown) return joinParts(answer, shown);
    // Not in a WeakMap: V8 keeps the values of an old one alive until its next full collection.
    answer.body ??= joinParts(answer);
    return answer.body;
  }

  /** The JSON text of a response that has errors only: the operation never ran. */
  refusal(errors: readonly GraphQLFormattedError[]): string {
    return `{"errors":${this.errorList(errors)}}`;
  }

  /** The JSON text of the list alone. */
  errorList(errors: readonly GraphQLFormattedError[]): string {
    this.#told?.(errors);
    return JSON.stringify(errors);
  }
}

function joinParts({ data, errors, sources }: OperationAnswer, shown?: ShownPlan): string {
  const head = errors.length > 0 ? `{"errors":${JSON.stringify(errors)},"data":` : '{"data":';
  if (sources.length === 0 && !shown) return `${head}${data}}`;
  const extensions = { ...(sources.length > 0 && { sources }), ...shown };
  return `${head}${data},"extensions":${JSON.stringify(extensions)}}`;
}
