import {
  type ASTVisitor,
  GraphQLError,
  getNamedType,
  isInputObjectType,
  isNullableType,
  typeFromAST,
  type ValidationContext,
} from 'graphql';

/**
 * A variable for a field of a OneOf input object must not be nullable (specification 5.8.5). `graphql` 16.15 has this rule,
 * but forgets it where the input object must be given (`by: UserBy!`) or stands for a list of one.
 */
export function oneOfVariablesRule(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition: {
      leave(operation) {
        const definitions = operation.variableDefinitions ?? [];
        for (const { node, parentType } of context.getRecursiveVariableUsages(operation)) {
          const parent = getNamedType(parentType);
          if (parent === parentType || !isInputObjectType(parent) || !parent.isOneOf) continue;
          const name = node.name.value;
          const definition = definitions.find(({ variable }) => variable.name.value === name);
          const type = definition && typeFromAST(context.getSchema(), definition.type);
          if (!definition || !isNullableType(type)) continue;
          const message = `Variable "$${name}" is of type "${type}" but must be non-nullable to be used for OneOf Input Object "${parent}".`;
          context.reportError(new GraphQLError(message, { nodes: [definition, node] }));
        }
      },
    },
  };
}
