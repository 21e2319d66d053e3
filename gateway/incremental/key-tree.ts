import { type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';
import type { Shape } from '../execution/fetch/shape.ts';
import type { Requirement } from '../planning/plan.ts';

/** Response keys, and those below them, whatever the types: what a part of a plan gives, or a part of an answer needs. */
export type KeyTree = ReadonlyMap<string, KeyTree>;

export function treeOfSelections(
  sets: readonly SelectionSetNode[],
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): KeyTree {
  const below = new Map<string, SelectionSetNode[]>();
  const collect = (set: SelectionSetNode) => {
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) {
        const key = node.alias?.value ?? node.name.value;
        below.set(key, [...(below.get(key) ?? []), ...(node.selectionSet ? [node.selectionSet] : [])]);
      } else {
        const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
        if (fragment) collect(fragment.selectionSet);
      }
    }
  };
  for (const set of sets) collect(set);
  // What an object is decides which of its fields are written: some subgraph has to say it.
  if (sets.length > 0) below.set('__typename', []);
  return new Map([...below].map(([key, inner]) => [key, treeOfSelections(inner, fragments)]));
}

export function treeOfShapes(shapes: readonly Shape[]): KeyTree {
  return mergeTrees(shapes.map(({ key, children }) => new Map([[key, treeOfShapes(children)]])));
}

/** What has to be known of an entity before a subgraph can be asked about it. */
export function treeOfRequirements(requires: readonly Requirement[]): KeyTree {
  const trees = requires.map((requirement): KeyTree => {
    const below = treeOfRequirements(requirement.selections);
    if (requirement.kind === 'types') return below;
    return new Map([requirement.name, requirement.alias ?? requirement.name].map((key) => [key, below]));
  });
  return mergeTrees([new Map([['__typename', emptyTree]]), ...trees]);
}

/** The tree with `tree` at the end of `keys`. */
export function nestTree(keys: readonly string[], tree: KeyTree): KeyTree {
  return keys.reduceRight<KeyTree>((inner, key) => new Map([[key, inner]]), tree);
}

export function treeAt(tree: KeyTree, keys: readonly string[]): KeyTree | undefined {
  return keys.reduce<KeyTree | undefined>((inner, key) => inner?.get(key), tree);
}

const emptyTree: KeyTree = new Map();

export function mergeTrees(trees: readonly KeyTree[]): KeyTree {
  const merged = new Map<string, KeyTree>();
  for (const tree of trees) {
    for (const [key, below] of tree) {
      const known = merged.get(key);
      merged.set(key, known ? mergeTrees([known, below]) : below);
    }
  }
  return merged;
}
