import { type FieldNode, Kind, type SelectionSetNode } from 'graphql';
import { clientKey, isSelectedKey } from '../../planning/selected-keys.ts';
import type { ResponsePath } from '../failure.ts';
import type { SelectionScope } from '../select-fields.ts';

/**
 * The steps of a subgraph's path, from an object on, as far as the client selected them: what failed may be a key that
 * only the planner asked for. Its name is no place of the answer, and clients may not be meant to know it.
 */
export type SelectedSteps = (steps: ResponsePath) => ResponsePath;

interface StepScope extends SelectionScope {
  /** Whether what the client selected stands under keys of its own: see `disentangle`. @default false */
  readonly isDisentangled?: boolean;
}

/** @param selected what the client selected of the object itself; any type's further down, where nobody told the type */
export function compileSelectedSteps(
  scope: StepScope,
  selected: (key: string) => readonly FieldNode[] | undefined,
): SelectedSteps {
  return (steps) => {
    let find = selected;
    for (const [index, step] of steps.entries()) {
      if (typeof step === 'number') continue;
      const isOther = scope.isDisentangled === true && !isSelectedKey(step);
      const nodes = isOther ? [] : (find(clientKey(step)) ?? []);
      if (nodes.length === 0) return steps.slice(0, index);
      find = ofAnyType(
        scope,
        nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
      );
    }
    return steps;
  };
}

export const ofAnyType =
  (scope: SelectionScope, sets: readonly SelectionSetNode[]) =>
  (key: string): readonly FieldNode[] =>
    nodesOf(scope, sets, key);

/** The fields with that response key, of objects of any type. */
function nodesOf(scope: SelectionScope, sets: readonly SelectionSetNode[], key: string): FieldNode[] {
  return sets.flatMap(({ selections }) =>
    selections.flatMap((node) => {
      if (node.kind === Kind.FIELD) return (node.alias ?? node.name).value === key ? [node] : [];
      const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : scope.fragments.get(node.name.value);
      return fragment ? nodesOf(scope, [fragment.selectionSet], key) : [];
    }),
  );
}
