import {
  type ASTVisitor,
  type DirectiveNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type ValidationContext,
  type ValidationRule,
  visit,
} from 'graphql';

const name = 'defer';

export const isDefer = (node: DirectiveNode) => node.name.value === name;

export const argumentOf = ({ arguments: given = [] }: DirectiveNode, argument: string) =>
  given.find((node) => node.name.value === argument)?.value;

/** What the specification asks beyond the arguments' types, and graphql-js 16 does not know. */
export const deferRules: readonly ValidationRule[] = [refuseAtRoot, refuseInSubscriptions, refuseUnclearLabels];

/** Root fields of a mutation run one after the other: none can come later. */
function refuseAtRoot(context: ValidationContext): ASTVisitor {
  const schema = context.getSchema();
  const serial = new Set([schema.getMutationType(), schema.getSubscriptionType()]);
  return {
    Directive(node) {
      const parent = context.getParentType();
      if (!parent || !isDefer(node) || ![...serial].some((type) => type?.name === parent.name)) return;
      context.reportError(
        new GraphQLError(`@defer cannot be used on the root type "${parent.name}".`, { nodes: node }),
      );
    },
  };
}

function refuseInSubscriptions(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(operation: OperationDefinitionNode) {
      if (operation.operation !== 'subscription') return;
      const used = [operation, ...context.getRecursivelyReferencedFragments(operation)];
      for (const part of used) {
        visit(part, {
          Directive(node) {
            const condition = isDefer(node) && argumentOf(node, 'if');
            if (condition === false || condition?.kind === Kind.VARIABLE) return;
            if (condition?.kind === Kind.BOOLEAN && !condition.value) return;
            const message = 'Events of a subscription come whole. Remove @defer, or set "if" to false.';
            context.reportError(new GraphQLError(message, { nodes: node }));
          },
        });
      }
    },
  };
}

function refuseUnclearLabels(context: ValidationContext): ASTVisitor {
  const known = new Set<string>();
  return {
    Directive(node) {
      const label = isDefer(node) ? argumentOf(node, 'label') : undefined;
      if (!label || label.kind === Kind.NULL) return;
      if (label.kind !== Kind.STRING) {
        context.reportError(new GraphQLError('The label of @defer must be written as a string.', { nodes: node }));
      } else if (known.has(label.value)) {
        context.reportError(new GraphQLError(`Two @defer have the label "${label.value}".`, { nodes: node }));
      } else known.add(label.value);
    },
  };
}
