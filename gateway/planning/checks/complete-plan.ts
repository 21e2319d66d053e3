import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
  stripIgnoredCharacters,
  visit,
} from 'graphql';
import { typename } from '../ask-typenames.ts';
import { changeFetches } from '../fetches.ts';
import type { OperationParts } from '../operation-parts.ts';
import type { PlanNode, PlannedRequest } from '../plan.ts';
import { onType, setOf, usedVariables } from '../selections.ts';
import type { CoverageScope } from './coverage.ts';
import { type Gap, selectedFields, setsOf } from './plan-coverage.ts';

/** Selections that fill one gap; larger ones are left to another way of planning. */
const maxSelections = 2000;

/**
 * Asks for what a plan leaves out where a subgraph that gives the objects has the fields itself. Planners leave out the
 * members of a union that not every subgraph knows, wherever several subgraphs share the field: the one that is asked
 * may give such a member all the same.
 *
 * @returns the plans with what could be filled
 */
export function completePlans(
  scope: CoverageScope,
  parts: OperationParts,
  plans: readonly PlanNode[],
  gaps: readonly Gap[],
): readonly PlanNode[] {
  const fill: Fill = { scope, parts, left: maxSelections };
  const additions: Additions = new Map();
  for (const gap of gaps) addGap(fill, gap, additions);
  if (additions.size === 0) return plans;
  return plans.map((plan) => withAdditions(plan, additions, parts.operation));
}

export interface Fill {
  readonly scope: CoverageScope;
  readonly parts: OperationParts;
  left: number;
}

/** By step of the plan and field of its request. */
type Additions = Map<PlanNode, Addition>;

interface Addition {
  readonly document: DocumentNode;
  readonly byField: Map<FieldNode, SelectionNode[]>;
}

function addGap(fill: Fill, gap: Gap, additions: Additions): void {
  for (const giver of gap.place.givers) {
    if (!giver.types.has(gap.type)) continue;
    const field = resolvableField(fill, giver.service, gap.type, gap.key, gap.nodes);
    if (!field) continue;
    const addition: Addition = additions.get(giver.fetch) ?? { document: giver.document, byField: new Map() };
    additions.set(giver.fetch, addition);
    addition.byField.set(giver.field, [...(addition.byField.get(giver.field) ?? []), onType(gap.type, [field])]);
    return;
  }
}

/** The field with all that is selected below it, where the subgraph resolves everything by itself. */
function resolvableField(
  fill: Fill,
  service: string,
  type: string,
  key: string,
  nodes: readonly FieldNode[],
): FieldNode | undefined {
  const { subgraphTypes } = fill.scope;
  const [node] = nodes;
  fill.left -= 1;
  if (!node || fill.left < 0 || !subgraphTypes.isOwn(service, type, node.name.value)) return undefined;
  const { name, arguments: given = [] } = node;
  const alias = key === name.value ? undefined : ({ kind: Kind.NAME, value: key } as const);
  const plain: FieldNode = { kind: Kind.FIELD, name, arguments: given, ...(alias && { alias }) };
  const below = setsOf(nodes);
  const fieldType = subgraphTypes.fieldType(service, type, name.value);
  if (below.length === 0 || fieldType === undefined) return plain;
  const selections = resolvableSelections(fill, service, fieldType, below);
  return selections && { ...plain, selectionSet: setOf(selections) };
}

/** What is selected below a field, where the subgraph resolves all of it by itself. */
export function resolvableSelections(
  fill: Fill,
  service: string,
  fieldType: string,
  sets: readonly SelectionSetNode[],
): readonly SelectionNode[] | undefined {
  const { scope, parts } = fill;
  const selections: SelectionNode[] = [typename];
  for (const type of scope.subgraphTypes.possibleIn(service, fieldType)) {
    const fields: FieldNode[] = [];
    for (const [key, nodes] of selectedFields({ scope, fragments: parts.fragments }, type, sets)) {
      const field = resolvableField(fill, service, type, key, nodes);
      if (!field) return undefined;
      fields.push(field);
    }
    if (fields.length > 0) selections.push(onType(type, fields));
  }
  return selections;
}

function withAdditions(plan: PlanNode, additions: Additions, operation: OperationDefinitionNode): PlanNode {
  const complete = <T extends PlanNode & { readonly request: PlannedRequest }>(fetch: T): T => {
    const addition = additions.get(fetch);
    return addition ? { ...fetch, request: addedTo(fetch.request, addition, operation) } : fetch;
  };
  return changeFetches(plan, { fetch: complete, entities: complete });
}

function addedTo(
  request: PlannedRequest,
  { document, byField }: Addition,
  { variableDefinitions = [] }: OperationDefinitionNode,
): PlannedRequest {
  const added = [...byField.values()].flat();
  const used = usedVariables(setOf(added));
  const missing = variableDefinitions
    .filter(({ variable }) => used.has(variable.name.value) && !request.variables.includes(variable.name.value))
    .map(({ kind, variable, type }) => ({ kind, variable, type }));
  const appended = visit(document, {
    OperationDefinition: {
      leave: (node) => ({ ...node, variableDefinitions: [...(node.variableDefinitions ?? []), ...missing] }),
    },
    Field: {
      enter(node) {
        const selections = byField.get(node);
        if (!selections || !node.selectionSet) return undefined;
        const all = [...node.selectionSet.selections, ...selections];
        return { ...node, selectionSet: { ...node.selectionSet, selections: all } };
      },
    },
  });
  return {
    ...request,
    operation: stripIgnoredCharacters(print(appended)),
    variables: [...request.variables, ...missing.map(({ variable }) => variable.name.value)],
  };
}
