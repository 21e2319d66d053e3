import {
  type DirectiveNode,
  type FragmentSpreadNode,
  type InlineFragmentNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { eachDirective } from '../planning/each-directive.ts';
import type { OperationParts } from '../planning/operation-parts.ts';
import type { Conditions } from '../planning/resolve-conditions.ts';
import { argumentOf, isDefer } from './defer-rules.ts';

type FragmentUse = FragmentSpreadNode | InlineFragmentNode;

/** The @defer of a fragment, if it has one. */
export const deferOf = (node: FragmentUse): DirectiveNode | undefined => node.directives?.find(isDefer);

export function labelOf(directive: DirectiveNode): string | undefined {
  const label = argumentOf(directive, 'label');
  return label?.kind === Kind.STRING ? label.value : undefined;
}

/** @returns whether anything may be deferred, and the variables that decide what */
export function readDefer(parts: OperationParts): { hasDefer: boolean; variables: string[] } {
  const variables = new Set<string>();
  let hasDefer = false;
  eachDirective(parts, (node) => {
    if (!isDefer(node)) return;
    hasDefer = true;
    const condition = argumentOf(node, 'if');
    if (condition?.kind === Kind.VARIABLE) variables.add(condition.name.value);
  });
  return { hasDefer, variables: [...variables] };
}

/** Every @defer that stays is one that applies. */
export function resolveDefer(parts: OperationParts, conditions: Conditions): OperationParts {
  return mapFragments(parts, (node, directive) => {
    const condition = argumentOf(directive, 'if');
    const applies =
      condition?.kind === Kind.VARIABLE
        ? conditions[condition.name.value] === true
        : condition?.kind !== Kind.BOOLEAN || condition.value;
    return applies ? node : withoutDirective(node);
  });
}

/** The same operation with nothing deferred. */
export function withoutDefer(parts: OperationParts): OperationParts {
  return readDefer(parts).hasDefer ? mapFragments(parts, withoutDirective) : parts;
}

/** What is left for the first part of the answer: the operation without what is deferred. */
export function withoutDeferred(parts: OperationParts): OperationParts {
  return mapFragments(parts, () => undefined);
}

/** The same for one selection set. */
export function withoutDeferredIn(set: SelectionSetNode): SelectionSetNode {
  return mapSet(set, () => undefined);
}

type MapFragment = (node: FragmentUse, directive: DirectiveNode) => FragmentUse | undefined;

const withoutDirective = (node: FragmentUse): FragmentUse => ({
  ...node,
  directives: (node.directives ?? []).filter((directive) => !isDefer(directive)),
});

function mapFragments({ operation, fragments }: OperationParts, map: MapFragment): OperationParts {
  return {
    operation: { ...operation, selectionSet: mapSet(operation.selectionSet, map) },
    fragments: new Map(
      [...fragments].map(([name, node]) => [name, { ...node, selectionSet: mapSet(node.selectionSet, map) }]),
    ),
  };
}

function mapSet(set: SelectionSetNode, map: MapFragment): SelectionSetNode {
  return { ...set, selections: set.selections.flatMap((node) => mapSelection(node, map) ?? []) };
}

function mapSelection(node: SelectionNode, map: MapFragment): SelectionNode | undefined {
  const directive = node.kind === Kind.FIELD ? undefined : deferOf(node);
  const mapped = node.kind !== Kind.FIELD && directive ? map(node, directive) : node;
  if (!mapped || mapped.kind === Kind.FRAGMENT_SPREAD || !mapped.selectionSet) return mapped;
  return { ...mapped, selectionSet: mapSet(mapped.selectionSet, map) };
}
