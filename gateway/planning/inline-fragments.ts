import { type DocumentNode, Kind, type SelectionSetNode } from 'graphql';
import { fragmentsOf } from './plannable.ts';

/** The operations of a document, with what its fragments say in the places of their spreads. */
export function inlineFragments(document: DocumentNode): DocumentNode {
  const fragments = fragmentsOf(document);
  if (fragments.size === 0) return document;
  const inline = (set: SelectionSetNode): SelectionSetNode => ({
    ...set,
    selections: set.selections.flatMap((node) => {
      if (node.kind !== Kind.FRAGMENT_SPREAD) {
        return [node.selectionSet ? { ...node, selectionSet: inline(node.selectionSet) } : node];
      }
      const fragment = fragments.get(node.name.value);
      if (!fragment) return [];
      const { typeCondition } = fragment;
      const directives = node.directives ?? [];
      return [{ kind: Kind.INLINE_FRAGMENT, typeCondition, directives, selectionSet: inline(fragment.selectionSet) }];
    }),
  });
  const operations = document.definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION ? [{ ...node, selectionSet: inline(node.selectionSet) }] : [],
  );
  return { kind: Kind.DOCUMENT, definitions: operations };
}
