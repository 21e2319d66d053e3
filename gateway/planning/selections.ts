import {
  type ASTNode,
  type InlineFragmentNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type VariableDefinitionNode,
  visit,
} from 'graphql';

export const setOf = (selections: readonly SelectionNode[]): SelectionSetNode => ({
  kind: Kind.SELECTION_SET,
  selections,
});

export const onType = (type: string, selections: readonly SelectionNode[]): InlineFragmentNode => ({
  kind: Kind.INLINE_FRAGMENT,
  typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type } },
  selectionSet: setOf(selections),
});

/** Of a client's variables those that it reads. */
export function usedDefinitions(
  node: ASTNode,
  variables: readonly VariableDefinitionNode[],
): readonly VariableDefinitionNode[] {
  const used = usedVariables(node);
  return variables.filter(({ variable }) => used.has(variable.name.value));
}

/** The names of the variables that it reads, whether it declares them or not. */
export function usedVariables(node: ASTNode): ReadonlySet<string> {
  const used = new Set<string>();
  visit(node, { VariableDefinition: () => false, Variable: ({ name }) => void used.add(name.value) });
  return used;
}
