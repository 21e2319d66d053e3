import type { RequestError } from '../request/request-error.ts';
import type { OperationSize } from './measure.ts';

/** How much one operation may ask for. Checked before validation, over every transport. */
export interface OperationLimits {
  /**
   * Levels of nested fields, and of the values written for their arguments. With the fragments around them there may be
   * eight times as many. @default 25
   */
  readonly maxDepth: number;
  /** Fields, each fragment counted as often as it is spread. @default 2000 */
  readonly maxFields: number;
  /** Aliased fields. @default 100 */
  readonly maxAliases: number;
  /** Fields of the root type. @default 30 */
  readonly maxRootFields: number;
  /** Directives. @default 100 */
  readonly maxDirectives: number;
  /** Tokens of the document, checked while it is parsed. @default 10000 */
  readonly maxTokens: number;
  /**
   * What an operation may be estimated to cost, by `@cost` and `@listSize` in the schema: about the objects that it may
   * return. 0 is no limit. @default 1000000
   */
  readonly maxCost: number;
  /** Objects that a list is taken to have where the schema does not say. @default 10 */
  readonly listSize: number;
  /** What happens above `maxCost`: the operation is refused, or answered and named once in the log. @default enforce */
  readonly costMode: 'enforce' | 'measure';
}

/** @returns why the operation is refused, or undefined */
export type SizeLimit = (size: OperationSize, limits: OperationLimits) => RequestError | undefined;
