import { type DocumentNode, Kind, parse, print, type SelectionNode, type SelectionSetNode, visit } from 'graphql';
import type { EntityFetchNode, EntityGroup, PlanNode } from '../planning/plan.ts';
import { type KeyTree, keysOfPath, treeAt } from './key-tree.ts';

/**
 * The plan with each call about entities in two where only some of its fields are `wanted` first: a subgraph that is slow
 * with the others must not hold those up. The second call has the same representations, so it is about the same entities.
 */
export function splitFetches(node: PlanNode, wanted: KeyTree): PlanNode {
  switch (node.kind) {
    case 'entities':
      return splitEntityFetch(node, wanted);
    case 'sequence':
    case 'parallel':
      return { ...node, nodes: node.nodes.map((child) => splitFetches(child, wanted)) };
    default:
      return node;
  }
}

function splitEntityFetch(node: EntityFetchNode, wanted: KeyTree): PlanNode {
  // What the planner renames afterwards has other keys in the request than in the answer.
  if (node.groups.some(({ outputRewrites }) => outputRewrites.length > 0)) return node;
  const isWanted = new Map(node.groups.map((group) => [group.alias, keysWantedOf(group, wanted)]));
  const document = parse(node.request.operation, { noLocation: true });
  const first = partOf(node, document, (alias, key) => isWanted.get(alias)?.has(key) === true);
  const later = partOf(node, document, (alias, key) => isWanted.get(alias)?.has(key) !== true);
  return first && later ? { kind: 'parallel', nodes: [first, later] } : node;
}

function keysWantedOf({ paths }: EntityGroup, wanted: KeyTree): ReadonlySet<string> {
  return new Set(paths.flatMap((path) => [...(treeAt(wanted, keysOfPath(path))?.keys() ?? [])]));
}

/** @returns the call with the chosen fields of entities only; undefined where it would have none */
function partOf(
  node: EntityFetchNode,
  document: DocumentNode,
  isChosen: (alias: string, key: string) => boolean,
): EntityFetchNode | undefined {
  const kept = new Set<string>();
  const variables = new Set<string>();
  const definitions = document.definitions.map((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return definition;
    const selections = definition.selectionSet.selections.flatMap((root) => {
      if (root.kind !== Kind.FIELD || !root.selectionSet) return [];
      const alias = (root.alias ?? root.name).value;
      const selectionSet = filterFields(root.selectionSet, (key) => isChosen(alias, key));
      if (!selectionSet) return [];
      kept.add(alias);
      return [{ ...root, selectionSet }];
    });
    for (const selection of selections) visit(selection, { Variable: ({ name }) => void variables.add(name.value) });
    const used = (definition.variableDefinitions ?? []).filter(({ variable }) => variables.has(variable.name.value));
    return {
      ...definition,
      variableDefinitions: used,
      selectionSet: { kind: Kind.SELECTION_SET, selections } as const,
    };
  });
  // Fragments by name would need a look of their own; this planner writes none.
  if (kept.size === 0 || document.definitions.length > 1) return undefined;
  const request = {
    ...node.request,
    operation: print({ kind: Kind.DOCUMENT, definitions }),
    variables: node.request.variables.filter((name) => variables.has(name)),
  };
  return { ...node, request, groups: node.groups.filter(({ alias }) => kept.has(alias)) };
}

/** `__typename` stays beside what stays. */
function filterFields(set: SelectionSetNode, isChosen: (key: string) => boolean): SelectionSetNode | undefined {
  const selections = set.selections.flatMap((node): SelectionNode[] => {
    if (node.kind === Kind.FIELD) {
      const key = (node.alias ?? node.name).value;
      return key === '__typename' || isChosen(key) ? [node] : [];
    }
    if (node.kind === Kind.FRAGMENT_SPREAD) return [node];
    const selectionSet = filterFields(node.selectionSet, isChosen);
    return selectionSet ? [{ ...node, selectionSet }] : [];
  });
  const hasFields = selections.some((node) => node.kind !== Kind.FIELD || node.name.value !== '__typename');
  return hasFields ? { ...set, selections } : undefined;
}
