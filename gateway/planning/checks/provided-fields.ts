import { type FieldNode, Kind, type SelectionNode } from 'graphql';
import type { TypeIndex } from '../../supergraph/load-supergraph.ts';
import type { SubgraphTypes } from '../../supergraph/subgraph-types.ts';

interface Scope {
  readonly types: TypeIndex;
  readonly subgraphTypes: SubgraphTypes;
}

/** A field of objects of one type, asked of one subgraph. */
export interface AskedField {
  readonly service: string;
  readonly type: string;
  readonly name: string;
  /** What the fields above it give along with their objects (@provides), as seen from these objects. */
  readonly provided: readonly SelectionNode[];
}

/** Whether the subgraph only refers to the field (@external), and does not provide it here either. */
export const isForeign = (scope: Scope, field: AskedField): boolean =>
  scope.subgraphTypes.isExternal(field.service, field.type, field.name) && providedFields(scope, field).length === 0;

/** What is given along with the objects of the field. */
export function providedBelow(scope: Scope, field: AskedField): readonly SelectionNode[] {
  const above = providedFields(scope, field).flatMap(({ selectionSet }) => selectionSet?.selections ?? []);
  const own = scope.subgraphTypes.providedBy(field.service, field.type, field.name);
  return above.length === 0 ? own : [...above, ...own];
}

/** A field set has fields and fragments on types. */
function providedFields({ types }: Scope, { type, name, provided }: AskedField): readonly FieldNode[] {
  const find = (nodes: readonly SelectionNode[]): readonly FieldNode[] =>
    nodes.flatMap((node): readonly FieldNode[] => {
      if (node.kind === Kind.FIELD) return node.name.value === name ? [node] : [];
      if (node.kind !== Kind.INLINE_FRAGMENT) return [];
      const condition = node.typeCondition?.name.value;
      const applies = condition === undefined || types.possible(condition).has(type);
      return applies ? find(node.selectionSet.selections) : [];
    });
  return find(provided);
}
