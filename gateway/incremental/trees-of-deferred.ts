import { Kind, type SelectionSetNode } from 'graphql';
import type { OperationParts } from '../planning/operation-parts.ts';
import { type KeyTree, nestTree, treeOfSelections } from './key-tree.ts';
import { deferOf, withoutDeferred, withoutDeferredIn } from './resolve-defer.ts';

/** What each deferred fragment of an operation asks for itself, from the root on, whatever the types. */
export function treesOfDeferred(parts: OperationParts): readonly KeyTree[] {
  const now = withoutDeferred(parts).fragments;
  const trees: KeyTree[] = [];
  const collect = (set: SelectionSetNode, keys: readonly string[]) => {
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) {
        if (node.selectionSet) collect(node.selectionSet, [...keys, (node.alias ?? node.name).value]);
        continue;
      }
      const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : parts.fragments.get(node.name.value);
      if (!fragment) continue;
      if (deferOf(node)) trees.push(nestTree(keys, treeOfSelections([withoutDeferredIn(fragment.selectionSet)], now)));
      collect(fragment.selectionSet, keys);
    }
  };
  collect(parts.operation.selectionSet, []);
  return trees;
}
