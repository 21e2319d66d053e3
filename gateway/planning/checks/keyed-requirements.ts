import { Kind, type SelectionNode } from 'graphql';
import type { TypeIndex } from '../../supergraph/load-supergraph.ts';
import type { SubgraphTypes } from '../../supergraph/subgraph-types.ts';
import { changeGroups } from '../fetches.ts';
import type { EntityGroup, PlanNode, Requirement } from '../plan.ts';

export interface KeyScope {
  readonly types: TypeIndex;
  readonly subgraphTypes: SubgraphTypes;
}

type RequiredField = Extract<Requirement, { kind: 'field' }>;

/** What a representation of an object of the type holds. */
export function requirementsFor(
  requires: readonly Requirement[],
  type: string,
  types: TypeIndex,
): readonly RequiredField[] {
  return requires.flatMap((node) => {
    if (node.kind === 'field') return [node];
    const applies = node.condition === type || types.possible(node.condition).has(type);
    return applies ? requirementsFor(node.selections, type, types) : [];
  });
}

/** Whether a representation identifies its object to the subgraph. */
export function holdsKey(
  { subgraphTypes, types }: KeyScope,
  service: string,
  required: readonly RequiredField[],
  type: string,
): boolean {
  if (required.length === 0) return false;
  const keys = subgraphTypes.keysOf(service, type);
  return keys.length === 0 || keys.some((key) => contains(required, key, types));
}

function contains(required: readonly Requirement[], key: readonly SelectionNode[], types: TypeIndex): boolean {
  const fields = required.flatMap((node) => (node.kind === 'field' ? [node] : node.selections));
  return key.every((node) => {
    if (node.kind !== Kind.FIELD) return true;
    const below = node.selectionSet?.selections ?? [];
    return fields.some(
      (field) =>
        field.kind === 'field' &&
        (field.alias ?? field.name) === node.name.value &&
        (below.length === 0 || contains(field.selections, below, types)),
    );
  });
}

/**
 * The plan without representations that lack a key. A planner that merges the steps of several types may ask for the
 * fields that one type needs on all of them, with a key for that one only: whoever is asked without a key refuses the
 * whole request.
 */
export function onlyKeyed(plan: PlanNode, scope: KeyScope): PlanNode {
  return changeGroups(plan, (group, service) => onlyKeyedGroup(group, service, scope));
}

/** The object types that the conditions of a group are about. */
export function conditionedTypes({ requires }: EntityGroup, types: TypeIndex): readonly string[] {
  const conditions = requires.flatMap((node) => (node.kind === 'types' ? [node.condition] : []));
  return [...new Set(conditions.flatMap((name) => [...types.possible(name)]))];
}

function onlyKeyedGroup(group: EntityGroup, service: string, scope: KeyScope): EntityGroup {
  // A single condition has its key.
  if (group.requires.length < 2) return group;
  const all = conditionedTypes(group, scope.types);
  const byType = all.map((type) => [type, requirementsFor(group.requires, type, scope.types)] as const);
  const keyed = byType.filter(([type, required]) => holdsKey(scope, service, required, type));
  if (keyed.length === all.length) return group;
  return { ...group, requires: keyed.map(([condition, selections]) => ({ kind: 'types', condition, selections })) };
}
