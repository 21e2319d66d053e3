import { type DocumentNode, type FieldNode, Kind, type SelectionSetNode } from 'graphql';
import type { SubgraphTypes } from '../supergraph/subgraph-types.ts';

/** Names that planners make up, and `disentangle`. */
const madeUp = /^_(?:internal_qp_alias|selected)_|__alias_\d+$/;

/**
 * Whether the client gives a field a name under which a planner may read something else of the same object: a key, a
 * requirement or the type (`id: name`). Planners take what stands under the name for what they asked for, or put what
 * they asked for in the place of it.
 */
export function hasMistakableAlias(document: DocumentNode, { isNeeded }: Pick<SubgraphTypes, 'isNeeded'>): boolean {
  const isMistakable = ({ name, alias }: FieldNode): boolean =>
    alias !== undefined &&
    alias.value !== name.value &&
    (alias.value === '__typename' || madeUp.test(alias.value) || isNeeded(alias.value));
  const holdsOne = ({ selections }: SelectionSetNode): boolean =>
    selections.some((node) => {
      if (node.kind === Kind.FIELD && isMistakable(node)) return true;
      return node.kind !== Kind.FRAGMENT_SPREAD && node.selectionSet !== undefined && holdsOne(node.selectionSet);
    });
  return document.definitions.some((node) => 'selectionSet' in node && holdsOne(node.selectionSet));
}
