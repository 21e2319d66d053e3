import type { FragmentDefinitionNode, OperationDefinitionNode } from 'graphql';
import { refuse } from '../request-error.ts';
import { limitAliases } from './aliases.ts';
import { limitDepth } from './depth.ts';
import { limitDirectives } from './directives.ts';
import { limitFields } from './fields.ts';
import type { OperationLimits, SizeLimit } from './limit.ts';
import { measureOperation, type OperationSize, type ParsedOperation } from './measure.ts';
import { limitNumbers } from './numbers.ts';
import { isStackOverflow, nestedTooDeep } from './parse-document.ts';
import { limitResponseNames } from './response-names.ts';
import { limitRootFields } from './root-fields.ts';

const limits: readonly SizeLimit[] = [
  limitDepth,
  limitRootFields,
  limitAliases,
  limitDirectives,
  limitFields,
  limitResponseNames,
  limitNumbers,
];

/**
 * Refuses operations that would cost too much, before the costly checks of validation see them: validating the overlap
 * of fields alone takes exponential time on a deep and wide query. @throws RequestError
 */
export function checkLimits(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  allowed: OperationLimits,
): void {
  const size = measure({ operation, fragments });
  if (size.isCircular) throw refuse(400, 'GRAPHQL_VALIDATION_FAILED', 'A fragment must not contain itself.');
  for (const limit of limits) {
    const refusal = limit(size, allowed);
    if (refusal) throw refusal;
  }
}

function measure(parsed: ParsedOperation): OperationSize {
  try {
    return measureOperation(parsed);
  } catch (cause) {
    throw isStackOverflow(cause) ? nestedTooDeep() : cause;
  }
}
