import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql';
import type { TypeIndex } from '../../supergraph/load-supergraph.ts';
import { parseRequest } from '../parse-request.ts';
import type { EntityFetchNode, FetchNode, Rewrite } from '../plan.ts';
import type { Giver } from './coverage.ts';

export interface Fetched {
  readonly fetch: FetchNode | EntityFetchNode;
  readonly document: DocumentNode;
  readonly service: string;
  /** The fields whose objects are the entities. */
  readonly roots: readonly FieldNode[];
  readonly isOfEntities: boolean;
  readonly selections: readonly SelectionNode[];
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** The shape of what stands at each response path: a subgraph refuses two different ones. */
  readonly shapes: Map<string, string>;
  /** New keys by the paths of the old ones. */
  readonly renamed: ReadonlyMap<string, string>;
}

export function readFetch(fetch: FetchNode | EntityFetchNode, rewrites: readonly Rewrite[], rootKey?: string): Fetched {
  const document = parseRequest(fetch.request.operation);
  const { definitions } = document;
  const fragments = new Map<string, FragmentDefinitionNode>();
  let operation: OperationDefinitionNode | undefined;
  for (const node of definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
    else if (node.kind === Kind.OPERATION_DEFINITION) operation = node;
  }
  const all = operation?.selectionSet.selections ?? [];
  const roots = all.flatMap((node) =>
    node.kind === Kind.FIELD && (node.alias ?? node.name).value === rootKey ? [node] : [],
  );
  const selections = rootKey === undefined ? all : roots.flatMap(({ selectionSet }) => selectionSet?.selections ?? []);
  const renamed = new Map(
    rewrites.flatMap((rewrite) => {
      if (rewrite.kind !== 'rename') return [];
      const keys = rewrite.path.flatMap((step) => (step.kind === 'key' ? [step.name] : []));
      return [[(keys[0] === rootKey ? keys.slice(1) : keys).join('/'), rewrite.to] as const];
    }),
  );
  return {
    fetch,
    document,
    service: fetch.service,
    roots,
    isOfEntities: rootKey !== undefined,
    selections,
    fragments,
    shapes: new Map(),
    renamed,
  };
}

export const giverOf = (
  { fetch, document, service }: Fetched,
  field: FieldNode,
  types: ReadonlySet<string>,
): Giver => ({
  fetch,
  document,
  service,
  field,
  types,
});

export function* fieldsFor(
  fetched: Fetched,
  selections: readonly SelectionNode[],
  type: string,
  types: TypeIndex,
): Generator<FieldNode> {
  for (const node of selections) {
    if (node.kind === Kind.FIELD) {
      yield node;
      continue;
    }
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fetched.fragments.get(node.name.value);
    const condition = fragment?.typeCondition?.name.value;
    if (!fragment || (condition !== undefined && !types.possible(condition).has(type))) continue;
    yield* fieldsFor(fetched, fragment.selectionSet.selections, type, types);
  }
}
