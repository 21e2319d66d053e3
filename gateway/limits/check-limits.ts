import {
  type FragmentDefinitionNode,
  type FragmentSpreadNode,
  GraphQLError,
  type OperationDefinitionNode,
} from 'graphql';
import { RequestError, withCode } from '../request/request-error.ts';
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
  if (size.circle) throw containsItself(size.circle);
  for (const limit of limits) {
    const refusal = limit(size, allowed);
    if (refusal) throw refusal;
  }
}

/** As validation would, which is not asked: everything before it walks the fragments. */
function containsItself(spread: FragmentSpreadNode): RequestError {
  const message = `The fragment "${spread.name.value}" contains itself: it is spread within itself here. Leave this spread out.`;
  return new RequestError(400, withCode([new GraphQLError(message, { nodes: spread })], 'GRAPHQL_VALIDATION_FAILED'));
}

function measure(parsed: ParsedOperation): OperationSize {
  try {
    return measureOperation(parsed);
  } catch (cause) {
    throw isStackOverflow(cause) ? nestedTooDeep() : cause;
  }
}
