import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionNode,
  stripIgnoredCharacters,
  type VariableDefinitionNode,
} from 'graphql';
import { typename } from '../ask-typenames.ts';
import { inlineFragments } from '../inline-fragments.ts';
import { parseRequest } from '../parse-request.ts';
import type { EntityFetchNode, EntityGroup, FetchNode, PathStep, PlanNode, Requirement, Rewrite } from '../plan.ts';
import { onType, setOf, usedVariables } from '../selections.ts';
import {
  type Asking,
  type CoverageScope,
  isGiven,
  noteNode,
  placesAt,
  possibleTypes,
  rootTypeOf,
  startAsking,
} from './asked-fields.ts';
import { entityStep, keyFor, representationOf } from './entity-step.ts';
import { requirementsFor } from './keyed-requirements.ts';
import { isForeign, providedBelow } from './provided-fields.ts';

/**
 * The plan with every field that requires others asked for in a step of its own, by representations that hold what it
 * requires.
 *
 * Planners ask for such a field together with the object where the subgraph itself provides what it requires (Apollo's
 * and Hive's do), or where they take what another subgraph has yet to give for known (Apollo's, in version 2.14, for a
 * @requires of what itself requires something). The first works with subgraphs that put what they provide into the
 * parent of their resolvers, and only with those; what a representation holds, every subgraph has to read. That there
 * is a key for it is a condition of composition.
 */
export function representRequirements(scope: CoverageScope, rootName: string, plan: PlanNode): PlanNode {
  const asking = startAsking(scope, rootName);
  noteNode(plan, asking);
  return inSequence(represent(plan, asking));
}

const inSequence = (nodes: readonly PlanNode[]): PlanNode =>
  nodes.length === 1 && nodes[0] ? nodes[0] : { kind: 'sequence', nodes };

function represent(node: PlanNode, asking: Asking): readonly PlanNode[] {
  const inner = (child: PlanNode) => inSequence(represent(child, asking));
  switch (node.kind) {
    case 'fetch':
      return representFetch(node, asking);
    case 'entities':
      return representEntities(node, asking);
    case 'subscribe': {
      const [primary, ...rest] = representFetch(node.primary, asking);
      return primary?.kind === 'fetch' ? [{ ...node, primary }, ...rest] : [node];
    }
    case 'sequence':
      return [{ ...node, nodes: node.nodes.flatMap((child) => represent(child, asking)) }];
    case 'parallel':
      return [{ ...node, nodes: node.nodes.map(inner) }];
    case 'condition':
      return [
        {
          ...node,
          whenTrue: node.whenTrue && inner(node.whenTrue),
          whenFalse: node.whenFalse && inner(node.whenFalse),
        },
      ];
    case 'forget':
      return [node];
  }
}

/** Selections of objects that stand at the same places. */
interface Place {
  readonly paths: readonly (readonly PathStep[])[];
  /** The keys that lead there in the answer of the request, before it is rewritten. */
  readonly keys: readonly string[];
  /** Every type that an object there may have, and those that the selections are for. */
  readonly all: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  /** What the fields above give along with the objects (@provides). */
  readonly provided: readonly SelectionNode[];
  /** What the objects are represented by, where they are entities of this request; `as required` in a step of ours. */
  readonly represented: readonly Requirement[] | 'as required' | undefined;
}

/** A field that has to be asked for in another step. */
interface Moved {
  readonly place: Place;
  readonly node: FieldNode;
  readonly types: readonly string[];
}

interface Moving {
  readonly asking: Asking;
  readonly service: string;
  readonly rewrites: readonly Rewrite[];
  readonly moved: Moved[];
  /** The subgraph does not know something that it is asked for. */
  hasForeign: boolean;
}

function representFetch(node: FetchNode, asking: Asking): readonly PlanNode[] {
  const { service, request, outputRewrites } = node;
  const document = inlineFragments(parseRequest(request.operation));
  const moving: Moving = { asking, service, rewrites: outputRewrites, moved: [], hasForeign: false };
  const types = new Set([rootTypeOf(asking.scope, node)]);
  const place = { paths: [node.path], keys: [], all: types, types, provided: [], represented: undefined };
  const kept = changeRoots(document, (selections) => keep(selections, place, moving));
  if (moving.moved.length === 0 && !moving.hasForeign) return [node];
  return [{ ...node, ...requestFor(node, kept) }, ...stepsFor(moving, document)];
}

/** @param isOurs whether its representations hold what its fields require */
function representEntities(node: EntityFetchNode, asking: Asking, isOurs = false): readonly PlanNode[] {
  const document = inlineFragments(parseRequest(node.request.operation));
  const groups: EntityGroup[] = [];
  const steps: PlanNode[] = [];
  let kept: DocumentNode = document;
  let isChanged = false;
  for (const group of node.groups) {
    const moving: Moving = {
      asking,
      service: node.service,
      rewrites: withoutRoot(group),
      moved: [],
      hasForeign: false,
    };
    const types = possibleTypes(group.paths.flatMap((path) => placesAt(asking, path)));
    const represented = isOurs ? ('as required' as const) : group.requires;
    const place = { paths: group.paths, keys: [], all: types, types, provided: [], represented };
    let isEmpty = false;
    kept = changeRoots(kept, (roots) =>
      roots.flatMap((root): readonly SelectionNode[] => {
        if (root.kind !== Kind.FIELD || (root.alias ?? root.name).value !== group.alias) return [root];
        const selections = keep(root.selectionSet?.selections ?? [], place, moving);
        isEmpty = selections.length === 0;
        return isEmpty ? [] : [{ ...root, selectionSet: setOf(selections) }];
      }),
    );
    if (!isEmpty) groups.push(group);
    isChanged ||= moving.hasForeign || moving.moved.length > 0;
    steps.push(...stepsFor(moving, document));
  }
  if (!isChanged) return [node];
  return groups.length === 0 ? steps : [{ ...node, groups, ...requestFor(node, kept) }, ...steps];
}

/** Paths of rewrites may begin with the key of the entities. */
const withoutRoot = ({ alias, outputRewrites }: EntityGroup): readonly Rewrite[] =>
  outputRewrites.map((rewrite) => {
    const [first] = rewrite.path;
    return first?.kind === 'key' && first.name === alias ? { ...rewrite, path: rewrite.path.slice(1) } : rewrite;
  });

/** The selections without what has to be asked for in another step, and with the keys that it takes. */
function keep(selections: readonly SelectionNode[], place: Place, moving: Moving): readonly SelectionNode[] {
  return selections.flatMap((node) => {
    if (node.kind === Kind.FRAGMENT_SPREAD) throw new Error('Fragments are inline here.');
    if (node.kind === Kind.FIELD) return keepField(node, place, moving);
    const inner = narrowed(place, node.typeCondition?.name.value, moving);
    if (inner.types.size === 0 && place.types.size > 0) {
      moving.hasForeign = true;
      return [];
    }
    const kept = keep(node.selectionSet.selections, inner, moving);
    return kept.length === 0 ? [] : [{ ...node, selectionSet: setOf(kept) }];
  });
}

function narrowed(place: Place, condition: string | undefined, { asking: { scope } }: Moving): Place {
  if (condition === undefined) return place;
  const wanted = scope.types.possible(condition);
  return { ...place, types: new Set([...place.types].filter((name) => wanted.has(name))) };
}

function keepField(node: FieldNode, place: Place, moving: Moving): readonly SelectionNode[] {
  const { asking, service, moved } = moving;
  const { subgraphTypes } = asking.scope;
  const name = node.name.value;
  const answered = [...place.types].filter(
    (type) => !isForeign(asking.scope, { service, type, name, provided: place.provided }),
  );
  const types = answered.filter((type) => lacksRequirement(node, type, place, moving));
  const others = answered.filter((type) => !types.includes(type));
  if (others.length === place.types.size) {
    if (!node.selectionSet) return [node];
    const kept = keep(node.selectionSet.selections, placeBelow(node, place, moving), moving);
    return [{ ...node, selectionSet: setOf(kept.length === 0 ? [typename] : kept) }];
  }
  if (types.length > 0) moved.push({ place, node, types });
  moving.hasForeign ||= types.length + others.length < place.types.size;
  const known = place.paths.flatMap((path) => placesAt(asking, path));
  const keys = place.represented
    ? []
    : types.map((type) =>
        onType(subgraphTypes.nameIn(service, type), [typename, ...keyFor(asking.scope, service, type, known)]),
      );
  return [...keys, ...others.map((type) => onType(subgraphTypes.nameIn(service, type), [node]))];
}

/** Whether the field requires others that the subgraph is not given. */
function lacksRequirement(node: FieldNode, type: string, place: Place, { asking, service }: Moving): boolean {
  const { subgraphTypes, types } = asking.scope;
  const wanted = subgraphTypes.requirementOf(service, type, node.name.value);
  if (wanted.length === 0 || place.represented === 'as required') return false;
  if (!place.represented) return true;
  const given = requirementsFor(place.represented, type, types);
  const known = place.paths.flatMap((path) => placesAt(asking, path)).map(({ fields }) => fields.get(type));
  return !wanted.every((one) => known.every((fields) => isGiven(one, given, fields)));
}

function placeBelow(node: FieldNode, place: Place, { asking: { scope }, service, rewrites }: Moving): Place {
  const key = (node.alias ?? node.name).value;
  const keys = [...place.keys, key];
  const [type = ''] = place.types;
  const named = scope.subgraphTypes.fieldType(service, type, node.name.value) ?? '';
  const all = scope.subgraphTypes.possibleIn(service, named);
  const shape = scope.subgraphTypes.fieldShape(service, type, node.name.value) ?? '';
  const lists = Array.from(shape.matchAll(/\[/g), (): PathStep => ({ kind: 'list' }));
  const narrowing: PathStep[] = place.types.size < place.all.size ? [{ kind: 'types', names: [...place.types] }] : [];
  const name = renamedKey(keys, rewrites) ?? key;
  const paths = place.paths.map((path) => [...path, ...narrowing, { kind: 'field', name } as const, ...lists]);
  const provided = providedBelow(scope, { service, type, name: node.name.value, provided: place.provided });
  return { paths, keys, all, types: all, provided, represented: undefined };
}

const keysOfPath = (path: Rewrite['path']) => path.flatMap((step) => (step.kind === 'key' ? [step.name] : []));

function renamedKey(keys: readonly string[], rewrites: readonly Rewrite[]): string | undefined {
  const text = keys.join('/');
  for (const rewrite of rewrites) {
    if (rewrite.kind === 'rename' && keysOfPath(rewrite.path).join('/') === text) return rewrite.to;
  }
  return undefined;
}

/** One step for all that can be asked for with the same representations. */
function stepsFor(moving: Moving, document: DocumentNode): readonly PlanNode[] {
  const byRepresentation = new Map<string, Moved[]>();
  for (const moved of moving.moved) {
    const text = JSON.stringify([moved.place.paths, representationsOf(moved, moving)]);
    byRepresentation.set(text, [...(byRepresentation.get(text) ?? []), moved]);
  }
  return [...byRepresentation.values()].flatMap((all) =>
    representEntities(stepFor(all, moving, document), moving.asking, true),
  );
}

function stepFor(all: readonly Moved[], moving: Moving, document: DocumentNode): EntityFetchNode {
  const [first] = all;
  if (!first) throw new Error('A step asks for something.');
  const { asking, service, rewrites } = moving;
  return entityStep(asking.scope, {
    service,
    paths: first.place.paths,
    types: first.types,
    requires: representationsOf(first, moving),
    fields: all.map(({ node }) => node),
    outputRewrites: all.flatMap(({ place, node }) => rewritesOf(place, node, rewrites)),
    variables: variablesOf(document),
  });
}

/** Those of the field and of what is below it, from the object on. */
function rewritesOf({ keys }: Place, node: FieldNode, rewrites: readonly Rewrite[]): readonly Rewrite[] {
  const wanted = [...keys, (node.alias ?? node.name).value];
  return rewrites.flatMap((rewrite) => {
    const found = keysOfPath(rewrite.path).slice(0, wanted.length);
    if (found.join('/') !== wanted.join('/')) return [];
    let left = keys.length;
    const from = rewrite.path.findIndex((step) => {
      if (step.kind === 'key') left -= 1;
      return left < 0 || (left === 0 && step.kind === 'types');
    });
    return [{ ...rewrite, path: rewrite.path.slice(from) }];
  });
}

function representationsOf({ place, node, types }: Moved, { asking, service }: Moving): readonly Requirement[] {
  const known = place.paths.flatMap((path) => placesAt(asking, path));
  return types.map((type) => {
    const wanted = asking.scope.subgraphTypes.requirementOf(service, type, node.name.value);
    return representationOf(type, [...keyFor(asking.scope, service, type, known), ...wanted], known);
  });
}

function changeRoots(
  document: DocumentNode,
  change: (selections: readonly SelectionNode[]) => readonly SelectionNode[],
): DocumentNode {
  const definitions = document.definitions.map((node) =>
    node.kind === Kind.OPERATION_DEFINITION
      ? { ...node, selectionSet: setOf(change(node.selectionSet.selections)) }
      : node,
  );
  return { ...document, definitions };
}

const variablesOf = ({ definitions }: DocumentNode): readonly VariableDefinitionNode[] =>
  definitions.flatMap((node) => (node.kind === Kind.OPERATION_DEFINITION ? (node.variableDefinitions ?? []) : []));

/** The request for what is left of it: a subgraph refuses variables that nothing uses. */
function requestFor({ request }: FetchNode | EntityFetchNode, document: DocumentNode) {
  const used = usedVariables(document);
  const definitions = document.definitions.map((node): typeof node => {
    if (node.kind !== Kind.OPERATION_DEFINITION) return node;
    const variableDefinitions = node.variableDefinitions?.filter(({ variable }) => used.has(variable.name.value));
    return { ...node, variableDefinitions: variableDefinitions ?? [] } satisfies OperationDefinitionNode;
  });
  const operation = stripIgnoredCharacters(print({ ...document, definitions }));
  return { request: { ...request, operation, variables: request.variables.filter((name) => used.has(name)) } };
}
