import { type DirectiveNode, Kind, type SelectionNode, type SelectionSetNode } from 'graphql';
import { eachDirective } from './each-directive.ts';
import type { OperationParts } from './operation-parts.ts';

/** Values of the variables that @skip and @include name. */
export type Conditions = Readonly<Record<string, boolean>>;

/** The variables that decide what an operation selects. */
export function conditionVariables(parts: OperationParts): readonly string[] {
  const names = new Set<string>();
  eachDirective(parts, (directive) => {
    const value = isCondition(directive) ? conditionOf(directive) : undefined;
    if (value?.kind === Kind.VARIABLE) names.add(value.name.value);
  });
  return [...names];
}

/**
 * The operation with every @skip and @include decided, so that plans and writers know none: one plan for each
 * combination that is really asked for is smaller than one plan for all of them. A selection set may end up empty.
 */
export function resolveConditions({ operation, fragments }: OperationParts, conditions: Conditions): OperationParts {
  const resolve = <T extends { readonly selectionSet: SelectionSetNode }>(node: T): T => ({
    ...node,
    selectionSet: resolveSet(node.selectionSet, conditions),
  });
  return {
    operation: resolve(operation),
    fragments: new Map([...fragments].map(([name, fragment]) => [name, resolve(fragment)])),
  };
}

function resolveSet(set: SelectionSetNode, conditions: Conditions): SelectionSetNode {
  const included = set.selections.filter((node) => (node.directives ?? []).every((d) => isMet(d, conditions)));
  return { ...set, selections: included.map((node) => resolveSelection(node, conditions)) };
}

function resolveSelection(node: SelectionNode, conditions: Conditions): SelectionNode {
  const directives = (node.directives ?? []).filter((directive) => !isCondition(directive));
  if (node.kind === Kind.FRAGMENT_SPREAD || !node.selectionSet) return { ...node, directives };
  return { ...node, directives, selectionSet: resolveSet(node.selectionSet, conditions) };
}

function isMet(directive: DirectiveNode, conditions: Conditions): boolean {
  if (!isCondition(directive)) return true;
  const value = conditionOf(directive);
  const flag =
    value?.kind === Kind.VARIABLE ? conditions[value.name.value] === true : value?.kind === Kind.BOOLEAN && value.value;
  return directive.name.value === 'include' ? flag : !flag;
}

const isCondition = ({ name }: DirectiveNode) => name.value === 'skip' || name.value === 'include';

const conditionOf = (directive: DirectiveNode) => directive.arguments?.find(({ name }) => name.value === 'if')?.value;
