import { type DocumentNode, visit } from 'graphql';
import type { SubgraphTypes } from '../supergraph/subgraph-types.ts';

/** Names that planners make up, and `disentangle`. */
const madeUp = /^_(?:internal_qp_alias|selected)_|__alias_\d+$/;

/**
 * Whether the client gives a field a name under which a planner may read something else of the same object: a key, a
 * requirement or the type (`id: name`). Planners take what stands under the name for what they asked for, or put what
 * they asked for in the place of it.
 */
export function hasMistakableAlias(document: DocumentNode, { isNeeded }: Pick<SubgraphTypes, 'isNeeded'>): boolean {
  let found = false;
  visit(document, {
    Field({ name, alias }) {
      if (!alias || alias.value === name.value) return;
      found ||= alias.value === '__typename' || madeUp.test(alias.value) || isNeeded(alias.value);
    },
  });
  return found;
}
