import type { FragmentDefinitionNode } from 'graphql';
import { execute, type FieldNode, type GraphQLSchema, Kind, type OperationDefinitionNode } from 'graphql';
import type { ResponseObject } from './response-data.ts';

/** Answers the selected `__schema` and `__type` fields from the public schema. */
export type Introspect = (variables: Readonly<Record<string, unknown>>) => ResponseObject;

export function compileIntrospection(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  fields: readonly FieldNode[],
): Introspect | undefined {
  if (fields.length === 0) return undefined;
  const selectionSet = { kind: Kind.SELECTION_SET, selections: fields } as const;
  const document = {
    kind: Kind.DOCUMENT,
    definitions: [{ ...operation, directives: [], selectionSet }, ...fragments.values()],
  } as const;
  return (variableValues) => {
    const result = execute({ schema, document, variableValues });
    return 'then' in result ? {} : { ...result.data };
  };
}
