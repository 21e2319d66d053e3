import { type FieldNode, Kind, type OperationDefinitionNode, type SelectionNode, visit } from 'graphql';
import { parseRequest } from '../parse-request.ts';
import type { EntityFetchNode, PathStep, PlanNode, Requirement } from '../plan.ts';
import { setOf } from '../selections.ts';
import { resolvableSelections } from './complete-plan.ts';
import { type Coverage, type CoverageScope, placesAt, possibleTypes } from './coverage.ts';
import { entityStep, keyFor, representationOf } from './entity-step.ts';
import { requirementsFor } from './keyed-requirements.ts';
import { askingAll, type Step, stepsOf, textOf } from './order-of-need.ts';

/** How often what was added may itself require something. */
const maxRounds = 8;
/** Fields below one that is required. */
const maxSelections = 500;

/**
 * The plan with steps for what its representations hold and nobody is asked for. Both planners lose their way where a
 * field requires one of another subgraph which itself requires one of the first.
 */
export function joinRequirements(scope: CoverageScope, operation: OperationDefinitionNode, plan: PlanNode): PlanNode {
  const rootName = scope.schema.getRootType(operation.operation)?.name ?? '';
  const first = stepsOf(plan);
  if (!first) return plan;
  const added = new Map<string, EntityFetchNode>();
  for (let round = 0; round < maxRounds; round += 1) {
    const steps = [...first, ...added.values()];
    const asking = askingAll(scope, rootName, steps);
    const before = added.size;
    for (const missing of steps.flatMap((step) => missingOf(scope, step, (path) => placesAt(asking, path)))) {
      const step = stepFor(scope, operation, missing);
      if (step) added.set(textOf(step), step);
    }
    if (added.size === before) break;
  }
  return added.size === 0 ? plan : { kind: 'sequence', nodes: [plan, ...added.values()] };
}

/** A field that a representation of objects of a type needs. */
interface Missing {
  readonly path: readonly PathStep[];
  readonly known: readonly Coverage[];
  readonly type: string;
  /** As it stands in the response. */
  readonly key: string;
  readonly node: FieldNode;
}

function missingOf(
  scope: CoverageScope,
  step: Step,
  placesOf: (path: readonly PathStep[]) => readonly Coverage[],
): readonly Missing[] {
  if (step.kind !== 'entities') return [];
  return step.groups.flatMap(({ requires, paths }) =>
    paths.flatMap((path) => {
      const known = placesOf(path);
      return [...possibleTypes(known)].flatMap((type) =>
        requirementsFor(requires, type, scope.types).flatMap((required): readonly Missing[] => {
          if (required.name === '__typename' || known.every((place) => isAskedFor(required, place, type))) return [];
          const node = fieldOf(scope, step, type, required.alias ?? required.name);
          return [{ path, known, type, key: required.name, node }];
        }),
      );
    }),
  );
}

function isAskedFor(
  { name, selections }: Extract<Requirement, { kind: 'field' }>,
  place: Coverage,
  type: string,
): boolean {
  const child = place.fields.get(type)?.get(name);
  if (!child) return false;
  return selections.every((node) => {
    if (node.kind !== 'field' || node.name === '__typename') return true;
    return [...child.fields.keys()].some((below) => isAskedFor(node, child, below));
  });
}

/** The field with the arguments and selections with which the step's subgraph requires it. */
function fieldOf({ subgraphTypes }: CoverageScope, step: EntityFetchNode, type: string, name: string): FieldNode {
  const selected = new Set<string>();
  visit(parseRequest(step.request.operation), { Field: (node) => void selected.add(node.name.value) });
  const wanted = [...selected].flatMap((field) => subgraphTypes.requirementOf(step.service, type, field));
  const keys = subgraphTypes.keysOf(step.service, type).flat();
  const isIt = (node: SelectionNode): node is FieldNode => node.kind === Kind.FIELD && node.name.value === name;
  return [...wanted, ...keys].find(isIt) ?? { kind: Kind.FIELD, name: { kind: Kind.NAME, value: name } };
}

function stepFor(
  scope: CoverageScope,
  operation: OperationDefinitionNode,
  { path, known, type, key, node }: Missing,
): EntityFetchNode | undefined {
  const { subgraphTypes } = scope;
  const name = node.name.value;
  for (const service of subgraphTypes.ownersOf(type, name)) {
    const identity = keyFor(scope, service, type, known);
    if (identity.length === 0) continue;
    const below = selectionsBelow(scope, operation, service, type, node);
    if (node.selectionSet && !below) continue;
    const field: FieldNode = {
      ...node,
      ...(key !== name && { alias: { kind: Kind.NAME, value: key } }),
      ...(below && { selectionSet: setOf(below) }),
    };
    const wanted = [...identity, ...subgraphTypes.requirementOf(service, type, name)];
    return entityStep(scope, {
      service,
      paths: [path],
      types: [type],
      requires: [representationOf(type, wanted, known)],
      fields: [field],
      outputRewrites: [],
      variables: [],
    });
  }
  return undefined;
}

function selectionsBelow(
  scope: CoverageScope,
  operation: OperationDefinitionNode,
  service: string,
  type: string,
  { name, selectionSet }: FieldNode,
): readonly SelectionNode[] | undefined {
  const named = scope.subgraphTypes.fieldType(service, type, name.value);
  if (!selectionSet || named === undefined) return undefined;
  const fill = { scope, parts: { operation, fragments: new Map() }, left: maxSelections };
  return resolvableSelections(fill, service, named, [selectionSet]);
}
