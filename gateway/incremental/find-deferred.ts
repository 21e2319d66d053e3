import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  isAbstractType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import type { ResponsePath } from '../execution/failure.ts';
import { isResponseObject, type ResponseObject, typenameOf } from '../execution/response-data.ts';
import { applies } from '../execution/select-fields.ts';
import type { Step } from '../execution/step.ts';
import { compileFragmentWriter, type FragmentWriter, type WriterScope } from '../execution/write/response-writer.ts';
import { selectedKey } from '../planning/selected-keys.ts';
import { type KeyTree, nestTree, treeOfSelections } from './key-tree.ts';
import { deferOf, labelOf, withoutDeferredIn } from './resolve-defer.ts';

/** A fragment of the document at one place of the answer's shape: what to run for it, and how to write it. */
export interface DeferredFragment {
  readonly label: string | undefined;
  readonly step: Step;
  readonly write: FragmentWriter;
  /** Finds what is deferred inside of it. */
  readonly find: FindDeferred | undefined;
}

/** A deferred fragment of one object. */
export interface DeferredObject {
  readonly fragment: DeferredFragment;
  readonly object: ResponseObject;
  readonly path: ResponsePath;
}

/**
 * Finds the objects whose fragments are still to come.
 * @param written what the client has got, so that nothing is sent for an object that it knows as null
 * @param merged the same place in what subgraphs said
 */
export type FindDeferred = (written: unknown, merged: unknown, path: ResponsePath, found: DeferredObject[]) => void;

export interface DeferScope {
  readonly schema: WriterScope['schema'];
  /** With their @defer. */
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Of the same operation without what is deferred. */
  readonly writer: WriterScope;
  stepFor(wanted: KeyTree): Step;
  /** See `createDeferSearch`. */
  hasDeferred(set: SelectionSetNode): boolean;
}

/** @returns undefined where nothing is deferred below */
export function compileFind(
  scope: DeferScope,
  type: GraphQLObjectType | GraphQLInterfaceType,
  sets: readonly SelectionSetNode[],
  keys: readonly string[] = [],
): FindDeferred | undefined {
  const { fields, deferred } = collectDeferred(scope, type, sets);
  const fragments = deferred.map(({ label, set }): DeferredFragment => {
    const now = withoutDeferredIn(set);
    return {
      label,
      step: scope.stepFor(nestTree(keys, treeOfSelections([now], scope.writer.fragments))),
      write: compileFragmentWriter(scope.writer, type, [now]),
      find: compileFind(scope, type, [set], keys),
    };
  });
  const below = [...fields].flatMap(([key, nodes]) => {
    const find = compileFindField(scope, type, nodes, [...keys, key]);
    return find ? [{ key, mergedKey: scope.writer.isDisentangled ? selectedKey(key) : key, find }] : [];
  });
  if (fragments.length === 0 && below.length === 0) return undefined;
  return (written, merged, path, found) => {
    if (!isResponseObject(written) || !isResponseObject(merged)) return;
    for (const fragment of fragments) found.push({ fragment, object: merged, path });
    for (const { key, mergedKey, find } of below) find(written[key], merged[mergedKey], [...path, key], found);
  };
}

function compileFindField(
  scope: DeferScope,
  parent: GraphQLObjectType | GraphQLInterfaceType,
  nodes: readonly FieldNode[],
  keys: readonly string[],
): FindDeferred | undefined {
  const sets = nodes.flatMap((node) => node.selectionSet ?? []);
  const field = parent.getFields()[nodes[0]?.name.value ?? ''];
  return field && sets.some(scope.hasDeferred) ? compileFindType(scope, field.type, sets, keys) : undefined;
}

function compileFindType(
  scope: DeferScope,
  type: GraphQLOutputType,
  sets: readonly SelectionSetNode[],
  keys: readonly string[],
): FindDeferred | undefined {
  if (isNonNullType(type)) return compileFindType(scope, type.ofType, sets, keys);
  if (isListType(type)) {
    const find = compileFindType(scope, type.ofType, sets, keys);
    return find && findInList(find);
  }
  const named = getNamedType(type);
  if (isObjectType(named)) return compileFind(scope, named, sets, keys);
  if (!isAbstractType(named)) return undefined;
  return findByType(scope, named, sets, keys);
}

/** Compiled for the types that occur, when they do: for all types at all levels there would be too many. */
function findByType(
  scope: DeferScope,
  type: GraphQLAbstractType,
  sets: readonly SelectionSetNode[],
  keys: readonly string[],
): FindDeferred {
  const possible = new Map(scope.schema.getPossibleTypes(type).map((object) => [object.name, object]));
  const finders = new Map<string, FindDeferred | undefined>();
  return (written, merged, path, found) => {
    if (!isResponseObject(merged)) return;
    const name = typenameOf(merged) ?? type.name;
    if (!finders.has(name)) {
      const known = possible.get(name) ?? (isInterfaceType(type) && name === type.name ? type : undefined);
      finders.set(name, known && compileFind(scope, known, sets, keys));
    }
    finders.get(name)?.(written, merged, path, found);
  };
}

/** Whether anything is deferred in a selection, whatever the types. */
export function createDeferSearch(
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): (set: SelectionSetNode) => boolean {
  const known = new WeakMap<SelectionSetNode, boolean>();
  const search = (set: SelectionSetNode): boolean => {
    let found = known.get(set);
    if (found === undefined) {
      found = set.selections.some((node) => {
        if (node.kind !== Kind.FIELD && deferOf(node)) return true;
        const below = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
        return below?.selectionSet !== undefined && search(below.selectionSet);
      });
      known.set(set, found);
    }
    return found;
  };
  return search;
}

function findInList(find: FindDeferred): FindDeferred {
  return (written, merged, path, found) => {
    if (!Array.isArray(written) || !Array.isArray(merged)) return;
    for (const [index, item] of written.entries()) find(item, merged[index], [...path, index], found);
  };
}

interface Collected {
  readonly fields: Map<string, FieldNode[]>;
  readonly deferred: { readonly label: string | undefined; readonly set: SelectionSetNode }[];
}

/** CollectFields, with the fragments that are deferred here apart. */
function collectDeferred(
  { schema, fragments }: DeferScope,
  type: GraphQLObjectType | GraphQLInterfaceType,
  sets: readonly SelectionSetNode[],
): Collected {
  const collected: Collected = { fields: new Map(), deferred: [] };
  const spread = new Set<string>();
  const collect = (set: SelectionSetNode) => {
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) {
        const key = node.alias?.value ?? node.name.value;
        collected.fields.set(key, [...(collected.fields.get(key) ?? []), node]);
        continue;
      }
      const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
      if (!fragment || !applies({ schema, fragments }, type, fragment.typeCondition?.name.value)) continue;
      const defer = deferOf(node);
      if (defer) {
        collected.deferred.push({ label: labelOf(defer), set: fragment.selectionSet });
        continue;
      }
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        if (spread.has(node.name.value)) continue;
        spread.add(node.name.value);
      }
      collect(fragment.selectionSet);
    }
  };
  for (const set of sets) collect(set);
  return collected;
}
