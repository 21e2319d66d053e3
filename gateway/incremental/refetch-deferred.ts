import {
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { inlineFragments } from '../planning/inline-fragments.ts';
import {
  type EntityFetchNode,
  type EntityGroup,
  type FetchNode,
  keysOfPath,
  type PathStep,
  type PlanNode,
  type PlannedRequest,
} from '../planning/plan.ts';
import { usedVariables } from '../planning/selections.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';
import { type KeyTree, treeAt } from './key-tree.ts';
import { placeBelow, ResponseNames } from './response-names.ts';
import { groupKeys } from './split-fetch.ts';

export interface RefetchScope {
  readonly supergraph: Pick<Supergraph, 'types' | 'subgraphTypes'>;
  /** What each part of the answer needs, the first one first. */
  readonly parts: readonly KeyTree[];
  /** What each part selects itself. */
  readonly selected: readonly KeyTree[];
}

/**
 * The plan with those fields of entities in calls of their own that only later parts of the answer select, where the call that
 * finds the entities asks for them, too: a subgraph that is slow with them must not hold the first part up. Other calls find
 * the same entities again by their keys, so that all parts are about the same objects.
 *
 * Whatever is not sure to be found again stays where it is: objects without a key, or whose key may be null; fields that
 * the subgraph has on some ways to the object only; and what a mutation returns, because it may be of something that is
 * deleted, or that the next field of the mutation changes.
 */
export function refetchDeferred(node: PlanNode, scope: RefetchScope): PlanNode {
  switch (node.kind) {
    case 'fetch':
    case 'entities':
      return refetchFrom(node, scope);
    case 'sequence':
    case 'parallel':
      return { ...node, nodes: node.nodes.map((child) => refetchDeferred(child, scope)) };
    default:
      return node;
  }
}

function refetchFrom(node: FetchNode | EntityFetchNode, scope: RefetchScope): PlanNode {
  if (node.request.operationKind !== 'query') return node;
  const rewrites = node.kind === 'fetch' ? node.outputRewrites : node.groups.flatMap((group) => group.outputRewrites);
  // What the planner renames afterwards has other keys in the request than in the answer.
  if (rewrites.length > 0 || (node.kind === 'fetch' && node.path.length > 0)) return node;
  const document = inlineFragments(parse(node.request.operation, { noLocation: true }));
  const [operation] = document.definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) return node;
  const taker = new Taker(node.service, scope);
  const selectionSet = node.kind === 'fetch' ? taker.fromRoot(operation) : taker.fromEntities(operation, node.groups);
  if (taker.taken.length === 0) return node;
  const from = { operation, variables: node.request.variables };
  const request = { ...node.request, ...requestOf(from, { ...operation, selectionSet }) };
  const groups = groupKeys(taker.taken.map(({ parts }, n) => ({ key: String(n), parts })));
  const later = groups.map((numbers) =>
    entityFetch(
      node.service,
      from,
      taker.taken.filter((_, n) => numbers.has(String(n))),
    ),
  );
  return {
    kind: 'sequence',
    nodes: [
      { ...node, request },
      { kind: 'parallel', nodes: later },
    ],
  };
}

/** Fields of one type at one place, that the same parts select. */
interface Taken {
  readonly typeName: string;
  readonly paths: readonly (readonly PathStep[])[];
  readonly key: readonly string[];
  readonly fields: readonly FieldNode[];
  readonly parts: readonly number[];
}

/** Where a selection set stands. */
interface Place {
  readonly typeName: string;
  readonly paths: readonly (readonly PathStep[])[];
  /** In the request (`ResponseNames`). */
  readonly where: string;
}

class Taker {
  readonly taken: Taken[] = [];
  readonly #service: string;
  readonly #scope: RefetchScope;
  readonly #names: ResponseNames;

  constructor(service: string, scope: RefetchScope) {
    this.#service = service;
    this.#scope = scope;
    this.#names = new ResponseNames(service, scope.supergraph.subgraphTypes);
  }

  fromRoot({ selectionSet }: OperationDefinitionNode): SelectionSetNode {
    this.#names.note(selectionSet, 'Query', '');
    return this.#below(selectionSet, { typeName: 'Query', paths: [[]], where: '' });
  }

  fromEntities({ selectionSet }: OperationDefinitionNode, groups: readonly EntityGroup[]): SelectionSetNode {
    this.#names.note(selectionSet, 'Query', '');
    const selections = selectionSet.selections.map((root) => {
      if (root.kind !== Kind.FIELD || !root.selectionSet) return root;
      const group = groups.find(({ alias }) => alias === (root.alias ?? root.name).value);
      if (!group) return root;
      const place = { typeName: '', paths: group.paths, where: placeBelow('', group.alias) };
      return { ...root, selectionSet: this.#below(root.selectionSet, place) };
    });
    return { ...selectionSet, selections };
  }

  /** Looks below the fields of a set, whose own fields stay. */
  #below(set: SelectionSetNode, place: Place): SelectionSetNode {
    const selections = set.selections.map((node): SelectionNode => {
      if (node.kind === Kind.FRAGMENT_SPREAD || !node.selectionSet || node.directives?.length) return node;
      if (node.kind === Kind.INLINE_FRAGMENT) {
        const typeName = node.typeCondition?.name.value ?? place.typeName;
        const inner = typeName === place.typeName ? place : placeOf(place, typeName);
        // Objects of other types may have other fields under the same keys.
        const isTold = inner === place || place.typeName === '' || [set, node.selectionSet].some(tellsType);
        return isTold ? { ...node, selectionSet: this.#below(node.selectionSet, inner) } : node;
      }
      const below = this.#placeBelow(place, node);
      return below ? { ...node, selectionSet: this.#take(node.selectionSet, below) } : node;
    });
    return { ...set, selections };
  }

  #placeBelow({ typeName, paths, where }: Place, field: FieldNode): Place | undefined {
    const { subgraphTypes } = this.#scope.supergraph;
    const below = subgraphTypes.fieldType(this.#service, typeName, field.name.value);
    const shape = subgraphTypes.fieldShape(this.#service, typeName, field.name.value);
    if (below === undefined || shape === undefined) return undefined;
    const lists = [...shape.matchAll(/\[/g)].map(() => ({ kind: 'list' }) as const);
    const name = (field.alias ?? field.name).value;
    return {
      typeName: below,
      paths: paths.map((path) => [...path, { kind: 'field', name } as const, ...lists]),
      where: placeBelow(where, name),
    };
  }

  #take(set: SelectionSetNode, place: Place): SelectionSetNode {
    const { typeName, paths, where } = place;
    const { types, subgraphTypes } = this.#scope.supergraph;
    const key = types.isObject(typeName) ? subgraphTypes.plainKey(this.#service, typeName) : undefined;
    if (!key || !this.#names.areFree(where, typeName, ['__typename', ...key])) {
      return this.#below(this.#takeInFragments(set, place), place);
    }
    const fields: { node: FieldNode; parts: readonly number[] }[] = [];
    const stays = (node: SelectionNode): boolean => {
      if (node.kind !== Kind.FIELD || key.includes(node.name.value) || node.name.value === '__typename') return true;
      if (!subgraphTypes.isOwn(this.#service, typeName, node.name.value)) return true;
      const parts = this.#laterParts(paths, (node.alias ?? node.name).value);
      if (parts.length > 0) fields.push({ node, parts });
      return parts.length === 0;
    };
    const left = flatten(set, typeName).filter(stays);
    for (const parts of new Set(fields.map((field) => field.parts.join()))) {
      const own = fields.filter((field) => field.parts.join() === parts);
      this.taken.push({ typeName, paths, key, fields: own.map(({ node }) => node), parts: own[0]?.parts ?? [] });
    }
    if (fields.length > 0) this.#names.add(where, typeName, ['__typename', ...key]);
    const selections = fields.length > 0 ? withKey(left, key) : left;
    return this.#below({ ...set, selections }, place);
  }

  /** What is selected of objects of one type among others. */
  #takeInFragments(set: SelectionSetNode, place: Place): SelectionSetNode {
    const { types } = this.#scope.supergraph;
    const selections = set.selections.map((node) => {
      const name = node.kind === Kind.INLINE_FRAGMENT ? node.typeCondition?.name.value : undefined;
      if (node.kind !== Kind.INLINE_FRAGMENT || name === undefined || name === place.typeName) return node;
      if (!types.isObject(name) || node.directives?.length) return node;
      return { ...node, selectionSet: this.#take(node.selectionSet, placeOf(place, name)) };
    });
    return { ...set, selections };
  }

  /** The parts that select a field, where the first one knows its object and does not need the field. */
  #laterParts(paths: readonly (readonly PathStep[])[], key: string): readonly number[] {
    const { parts, selected } = this.#scope;
    const places = paths.map(keysOfPath);
    const [first = new Map()] = parts;
    if (!places.some((place) => treeAt(first, place) !== undefined)) return [];
    if (places.some((place) => treeAt(first, place)?.has(key))) return [];
    return selected.flatMap((tree, n) => (places.some((place) => treeAt(tree, place)?.has(key)) ? [n] : []));
  }
}

/** Without the fragments for the type itself. */
function flatten(set: SelectionSetNode, typeName: string): readonly SelectionNode[] {
  return set.selections.flatMap((node) => {
    const isSame = node.kind === Kind.INLINE_FRAGMENT && (node.typeCondition?.name.value ?? typeName) === typeName;
    return isSame && !node.directives?.length ? flatten(node.selectionSet, typeName) : [node];
  });
}

/** The same place where the object is of a type. */
function placeOf({ paths, where }: Place, typeName: string): Place {
  const step = { kind: 'types', names: [typeName] } as const;
  return { typeName, paths: paths.map((path) => [...path, step]), where };
}

/** Whether a field stands there under its own name, for certain. */
const isPlain = (node: SelectionNode, name: string): boolean =>
  node.kind === Kind.FIELD &&
  node.name.value === name &&
  (node.alias?.value ?? name) === name &&
  !node.directives?.length;

const tellsType = ({ selections }: SelectionSetNode): boolean => selections.some((node) => isPlain(node, '__typename'));

const plainField = (name: string): FieldNode => ({ kind: Kind.FIELD, name: { kind: Kind.NAME, value: name } });

function withKey(selections: readonly SelectionNode[], key: readonly string[]): readonly SelectionNode[] {
  const missing = ['__typename', ...key].filter((name) => !selections.some((node) => isPlain(node, name)));
  return [...missing.map(plainField), ...selections];
}

/** The request that a later one is taken from. */
interface Original {
  readonly operation: OperationDefinitionNode;
  /** Names of the client's variables. */
  readonly variables: readonly string[];
}

function entityFetch(service: string, from: Original, taken: readonly Taken[]): EntityFetchNode {
  let prefix = '__reps_';
  while (from.variables.some((name) => name.startsWith(prefix))) prefix += '_';
  const groups = taken.map(({ typeName, paths, key }, n): EntityGroup => {
    const selections = ['__typename', ...key].map(
      (name) => ({ kind: 'field', name, alias: undefined, selections: [] }) as const,
    );
    const requires = [{ kind: 'types', condition: typeName, selections } as const];
    return { alias: `_e${n}`, variable: `${prefix}${n}`, paths, requires, inputRewrites: [], outputRewrites: [] };
  });
  const roots = taken.map(({ typeName, fields }, n) => {
    const selection = print({ kind: Kind.SELECTION_SET, selections: fields });
    return `_e${n}: _entities(representations: $${prefix}${n}) { ... on ${typeName} ${selection} }`;
  });
  const variables = groups.map(({ variable }) => `$${variable}: [_Any!]!`).join(' ');
  const document = parse(`query(${variables}) { ${roots.join(' ')} }`, { noLocation: true });
  const operation = document.definitions[0] as OperationDefinitionNode;
  const request: PlannedRequest = { operationKind: 'query', operationName: undefined, ...requestOf(from, operation) };
  return { kind: 'entities', service, request, groups, isRefetch: true };
}

/** The text of an operation, with the variables that it uses of another one. */
function requestOf(
  from: Original,
  operation: OperationDefinitionNode,
): Pick<PlannedRequest, 'operation' | 'variables'> {
  const used = usedVariables(operation.selectionSet);
  const declared = new Map(
    [...(from.operation.variableDefinitions ?? []), ...(operation.variableDefinitions ?? [])].map(
      (node) => [node.variable.name.value, node] as const,
    ),
  );
  const variableDefinitions = [...declared].flatMap(([name, node]) => (used.has(name) ? [node] : []));
  return {
    operation: print({ ...operation, variableDefinitions }),
    variables: from.variables.filter((name) => used.has(name)),
  };
}
