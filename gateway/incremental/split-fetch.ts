import { type DocumentNode, Kind, parse, print, type SelectionNode, type SelectionSetNode } from 'graphql';
import { inlineFragments } from '../planning/inline-fragments.ts';
import {
  type EntityFetchNode,
  type FetchNode,
  keysOfPath,
  type PlanNode,
  type PlannedRequest,
} from '../planning/plan.ts';
import { usedVariables } from '../planning/selections.ts';
import { type KeyTree, treeAt } from './key-tree.ts';

/** Calls that one call is made into at most. What would need more goes with the last. */
const maxCalls = 8;

/**
 * The plan with each call in several where its fields are for different parts of the answer: a subgraph that is slow with
 * some of them must not hold the others up. Fields of the root type are asked for apart, and so are those of entities: all
 * calls have the same representations, and so are about the same entities.
 * @param parts what each part of the answer needs, the first one first
 */
export function splitFetches(node: PlanNode, parts: readonly KeyTree[]): PlanNode {
  switch (node.kind) {
    case 'fetch':
      return splitRootFetch(node, parts);
    case 'entities':
      return splitEntityFetch(node, parts);
    case 'sequence':
    case 'parallel':
      return { ...node, nodes: node.nodes.map((child) => splitFetches(child, parts)) };
    default:
      return node;
  }
}

/** What a mutation does comes in one call: its fields run one after the other. */
function splitRootFetch(node: FetchNode, parts: readonly KeyTree[]): PlanNode {
  const { request, path, outputRewrites } = node;
  if (request.operationKind !== 'query' || path.length > 0 || outputRewrites.length > 0) return node;
  const document = inlineFragments(parse(request.operation, { noLocation: true }));
  const groups = groupKeys(topKeys(document).map((key) => ({ key, parts: partsWith(parts, [[]], key) })));
  if (groups.length < 2) return node;
  const calls = groups.map((keys) => selectIn(request, document, (set) => filterFields(set, (key) => keys.has(key))));
  return { kind: 'parallel', nodes: calls.map(({ request: own }) => ({ ...node, request: own })) };
}

function splitEntityFetch(node: EntityFetchNode, parts: readonly KeyTree[]): PlanNode {
  // What the planner renames afterwards has other keys in the request than in the answer.
  if (node.groups.some(({ outputRewrites }) => outputRewrites.length > 0)) return node;
  const document = inlineFragments(parse(node.request.operation, { noLocation: true }));
  const pathsOf = new Map(node.groups.map(({ alias, paths }) => [alias, paths.map(keysOfPath)]));
  const found = entityKeys(document).map(([alias, key]) => ({
    key: `${alias}.${key}`,
    parts: partsWith(parts, pathsOf.get(alias) ?? [], key),
  }));
  const groups = groupKeys(found);
  if (groups.length < 2) return node;
  const calls = groups.map((keys) =>
    selectIn(node.request, document, (set) => filterEntities(set, (alias, key) => keys.has(`${alias}.${key}`))),
  );
  const nodes = calls.map(({ request, kept }) => ({
    ...node,
    request,
    groups: node.groups.filter(({ alias }) => kept.has(alias)),
  }));
  return { kind: 'parallel', nodes };
}

export interface PlacedKey {
  readonly key: string;
  /** Numbers of the parts of the answer that need it. */
  readonly parts: readonly number[];
}

/** @returns keys that are asked for together, those of the first part first */
export function groupKeys(found: readonly PlacedKey[]): readonly ReadonlySet<string>[] {
  const groups = new Map<string, Set<string>>([['0', new Set()]]);
  for (const { key, parts } of found) {
    // What nobody is known to need is never late.
    const name = parts.includes(0) || parts.length === 0 ? '0' : parts.join();
    const isOneTooMany = !groups.has(name) && groups.size === maxCalls;
    const group = groups.get(isOneTooMany ? ([...groups.keys()].at(-1) ?? name) : name) ?? new Set();
    if (!isOneTooMany) groups.set(name, group);
    group.add(key);
  }
  return [...groups.values()].filter(({ size }) => size > 0);
}

function partsWith(parts: readonly KeyTree[], paths: readonly (readonly string[])[], key: string): readonly number[] {
  return parts.flatMap((tree, n) => (paths.some((path) => treeAt(tree, path)?.has(key)) ? [n] : []));
}

/** Stays beside what stays; somebody may also be asked for nothing else, who knows what an interface object is. */
const typenameKey = '__typename';
const isTypename = (node: SelectionNode) => node.kind === Kind.FIELD && node.name.value === typenameKey;

function keysIn(set: SelectionSetNode): string[] {
  return set.selections.flatMap((node) => {
    if (node.kind === Kind.INLINE_FRAGMENT) return keysIn(node.selectionSet);
    return node.kind === Kind.FIELD && !isTypename(node) ? [(node.alias ?? node.name).value] : [];
  });
}

function rootSet({ definitions }: DocumentNode): SelectionSetNode | undefined {
  const [only, ...others] = definitions;
  return only?.kind === Kind.OPERATION_DEFINITION && others.length === 0 ? only.selectionSet : undefined;
}

const topKeys = (document: DocumentNode): string[] => {
  const set = rootSet(document);
  return set ? keysIn(set) : [];
};

const entityKeys = (document: DocumentNode): (readonly [alias: string, key: string])[] =>
  (rootSet(document)?.selections ?? []).flatMap((root) => {
    if (root.kind !== Kind.FIELD || !root.selectionSet) return [];
    const alias = (root.alias ?? root.name).value;
    const keys = keysIn(root.selectionSet);
    return (keys.length > 0 ? keys : [typenameKey]).map((key) => [alias, key] as const);
  });

/** The request with what `select` leaves of its root selection, and the variables that are still used. */
function selectIn(
  request: PlannedRequest,
  document: DocumentNode,
  select: (set: SelectionSetNode) => SelectionSetNode | undefined,
): { readonly request: PlannedRequest; readonly kept: ReadonlySet<string> } {
  let variables: ReadonlySet<string> = new Set();
  const kept = new Set<string>();
  const definitions = document.definitions.map((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return definition;
    const selectionSet = select(definition.selectionSet) ?? definition.selectionSet;
    variables = usedVariables(selectionSet);
    for (const key of keysIn(selectionSet)) kept.add(key);
    const used = (definition.variableDefinitions ?? []).filter(({ variable }) => variables.has(variable.name.value));
    return { ...definition, variableDefinitions: used, selectionSet };
  });
  const operation = print({ kind: Kind.DOCUMENT, definitions });
  return {
    request: { ...request, operation, variables: request.variables.filter((name) => variables.has(name)) },
    kept,
  };
}

function filterEntities(
  set: SelectionSetNode,
  isChosen: (alias: string, key: string) => boolean,
): SelectionSetNode | undefined {
  const selections = set.selections.flatMap((root) => {
    if (root.kind !== Kind.FIELD || !root.selectionSet) return [];
    const alias = (root.alias ?? root.name).value;
    if (keysIn(root.selectionSet).length === 0) return isChosen(alias, typenameKey) ? [root] : [];
    const selectionSet = filterFields(root.selectionSet, (key) => isChosen(alias, key));
    return selectionSet && keysIn(selectionSet).length > 0 ? [{ ...root, selectionSet }] : [];
  });
  return selections.length > 0 ? { ...set, selections } : undefined;
}

function filterFields(set: SelectionSetNode, isChosen: (key: string) => boolean): SelectionSetNode | undefined {
  const selections = set.selections.flatMap((node): SelectionNode[] => {
    if (node.kind === Kind.FIELD) return isTypename(node) || isChosen((node.alias ?? node.name).value) ? [node] : [];
    if (node.kind === Kind.FRAGMENT_SPREAD) return [];
    const selectionSet = filterFields(node.selectionSet, isChosen);
    return selectionSet ? [{ ...node, selectionSet }] : [];
  });
  return selections.length > 0 ? { ...set, selections } : undefined;
}
