import { getVariableValues, type OperationDefinitionNode } from 'graphql';
import { RequestError, withCode } from '../../request/request-error.ts';
import type { Supergraph } from '../../supergraph/load-supergraph.ts';
import type { CompiledOperation } from '../compiled-operation.ts';
import { createIdCheck } from './lost-ids.ts';

/** Variables as the specification coerces them, from what a client sent. */
export function createCoercion(
  operation: OperationDefinitionNode,
  { schema }: Supergraph,
): CompiledOperation['coerceVariables'] {
  const definitions = operation.variableDefinitions ?? [];
  if (definitions.length === 0) return () => ({});
  // `$constructor` has no value where nobody gave it one, though objects inherit something of that name.
  const isInherited = definitions.some(({ variable }) => variable.name.value in Object.prototype);
  const refuseLostIds = createIdCheck(definitions, schema);
  return (given) => {
    const { coerced, errors } = getVariableValues(schema, definitions, given, {
      maxErrors: 20,
      // A near miss must not tell the names of enum values and input fields to who may not introspect.
      hideSuggestions: true,
    });
    if (errors) throw new RequestError(400, withCode(errors, 'BAD_USER_INPUT'));
    refuseLostIds?.(given);
    return isInherited ? { __proto__: null, ...coerced } : coerced;
  };
}
