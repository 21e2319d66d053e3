import { type DocumentNode, Kind, type SelectionNode, type VariableDefinitionNode } from 'graphql';
import { changedRequest } from '../changed-request.ts';
import { inlineFragments } from '../inline-fragments.ts';
import { parseRequest } from '../parse-request.ts';
import type { EntityFetchNode, EntityGroup, FetchNode, PlanNode, Requirement } from '../plan.ts';
import { setOf } from '../selections.ts';
import { noteNode, rootTypeOf } from './asked-fields.ts';
import { type Asking, type CoverageScope, placesAt, possibleTypes, startAsking } from './coverage.ts';
import { entityStep, keyFor, representationOf } from './entity-step.ts';
import { keepSelections, type Moved, type Moving } from './moved-fields.ts';
import { rewritesOf, withoutRoot } from './rewrite-paths.ts';

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

function representFetch(node: FetchNode, asking: Asking): readonly PlanNode[] {
  const { service, request, outputRewrites } = node;
  const document = inlineFragments(parseRequest(request.operation));
  const moving: Moving = { asking, service, rewrites: outputRewrites, moved: [], hasForeign: false };
  const types = new Set([rootTypeOf(asking.scope, node)]);
  const place = { paths: [node.path], keys: [], all: types, types, provided: [], represented: undefined };
  const kept = changeRoots(document, (selections) => keepSelections(selections, place, moving));
  if (moving.moved.length === 0 && !moving.hasForeign) return [node];
  return [{ ...node, request: changedRequest(node.request, kept) }, ...stepsFor(moving, document)];
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
        const selections = keepSelections(root.selectionSet?.selections ?? [], place, moving);
        isEmpty = selections.length === 0;
        return isEmpty ? [] : [{ ...root, selectionSet: setOf(selections) }];
      }),
    );
    if (!isEmpty) groups.push(group);
    isChanged ||= moving.hasForeign || moving.moved.length > 0;
    steps.push(...stepsFor(moving, document));
  }
  if (!isChanged) return [node];
  return groups.length === 0 ? steps : [{ ...node, groups, request: changedRequest(node.request, kept) }, ...steps];
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
    outputRewrites: all.flatMap(({ place, node }) =>
      rewritesOf([...place.keys, (node.alias ?? node.name).value], rewrites),
    ),
    variables: variablesOf(document),
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
