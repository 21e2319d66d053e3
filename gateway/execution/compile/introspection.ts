import {
  __InputValue,
  execute,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  print,
} from 'graphql';
import type { ResponseObject } from '../response-data.ts';

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

printDefaultsAsWritten();

/**
 * `graphql` 16 throws where the default value of a custom scalar is an object or a list, and whoever introspects would take
 * what has such a default for required. What its author wrote says it.
 */
function printDefaultsAsWritten(): void {
  const { defaultValue } = __InputValue.getFields();
  const resolve = defaultValue?.resolve;
  if (!defaultValue || !resolve) return;
  defaultValue.resolve = (input: GraphQLArgument | GraphQLInputField, ...rest) => {
    try {
      return resolve(input, ...rest);
    } catch {
      const written = input.astNode?.defaultValue;
      return written ? print(written) : null;
    }
  };
}
