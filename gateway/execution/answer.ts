import type { GraphQLFormattedError } from 'graphql';
import type { PlanNode } from '../planning/plan.ts';
import type { ResponsePath } from './failure.ts';
import type { ConsultedSource } from './run.ts';

/** A finished answer: `data` is JSON text, so that it is encoded once however often it is sent. */
export interface OperationAnswer {
  readonly data: string;
  readonly errors: readonly GraphQLFormattedError[];
  readonly sources: readonly ConsultedSource[];
  /** What was run for it, for who may see plans. */
  readonly plans?: readonly PlanNode[];
  /** The whole response, put together when it is first sent: equal queries may share an answer. */
  body?: string;
}

/** A place of the answer for which more is coming. */
export interface PendingPart {
  readonly id: string;
  readonly path: ResponsePath;
  readonly label: string | undefined;
}

export interface FinishedPart extends PendingPart {
  /** JSON text; `null` where a null reached the edge of the fragment. */
  readonly data: string;
  readonly errors: readonly GraphQLFormattedError[];
}

/** Parts that have become ready together. */
export interface IncrementalBatch {
  readonly finished: readonly FinishedPart[];
  /** What was found to be deferred inside of them. */
  readonly pending: readonly PendingPart[];
  readonly sources: readonly ConsultedSource[];
  readonly hasNext: boolean;
}

/** An answer in parts. Where nothing is pending the first part is all. */
export interface IncrementalAnswer {
  readonly first: OperationAnswer;
  readonly pending: readonly PendingPart[];
  /** The rest, as it becomes ready; ends early when the request is cancelled. */
  batches(): AsyncGenerator<IncrementalBatch, void>;
}

/** An answer of which nothing is put off. */
export const wholeAnswer = (first: OperationAnswer): IncrementalAnswer => ({
  first,
  pending: [],
  batches: nothingFollows,
});

async function* nothingFollows(): ReturnType<IncrementalAnswer['batches']> {}
