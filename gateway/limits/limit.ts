import type { RequestError } from '../request-error.ts';
import type { OperationSize } from './measure.ts';

/** How much one operation may ask for. Checked before validation, over every transport. */
export interface OperationLimits {
  /** Levels of nested fields, and of the values written for their arguments. @default 25 */
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
}

/** @returns why the operation is refused, or undefined */
export type SizeLimit = (size: OperationSize, limits: OperationLimits) => RequestError | undefined;
