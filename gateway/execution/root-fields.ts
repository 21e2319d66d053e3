import type { FieldNode, GraphQLObjectType } from 'graphql';
import type { OperationParts } from '../planning/operation-parts.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';
import { selectFields } from './select-fields.ts';

/** The selected fields of the root type. */
export function rootFieldsOf(
  { operation, fragments, rootType }: OperationParts & { readonly rootType: GraphQLObjectType },
  { schema }: Pick<Supergraph, 'schema'>,
): FieldNode[] {
  return [...selectFields({ schema, fragments }, rootType, [operation.selectionSet]).values()].flat();
}
