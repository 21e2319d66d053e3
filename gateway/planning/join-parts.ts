import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionNode,
  stripIgnoredCharacters,
  type VariableDefinitionNode,
  visit,
} from 'graphql';
import { changeFetches } from './fetches.ts';
import { parseRequest } from './parse-request.ts';
import type { EntityGroup, FetchNode, PathStep, PlanNode, PlannedRequest, Requirement, Rewrite } from './plan.ts';
import { isSelectedKey } from './selected-keys.ts';

/**
 * The plans of an operation's parts as one, which asks for the root field once: what changes something must not run
 * again, and a stream is opened once. Every part reads what the planner added for it under keys of its own, so the
 * parts may need one field with different arguments.
 *
 * @param parts plans of disentangled documents that select one and the same root field
 * @returns undefined where the parts do not begin with one step of one subgraph
 */
export function joinParts(parts: readonly (readonly PlanNode[])[]): PlanNode | undefined {
  const begun = parts.flatMap((plans, index) => plans.map((plan) => beginning(renamed(plan, `_part${index}_`))));
  const roots: FetchNode[] = [];
  for (const part of begun) {
    if (!part || part.root.service !== begun[0]?.root.service) return undefined;
    roots.push(part.root);
  }
  const [first] = roots;
  if (!first) return undefined;
  const root: FetchNode = {
    ...first,
    request: mergedRequest(roots.map(({ request }) => request)),
    outputRewrites: roots.flatMap(({ outputRewrites }) => outputRewrites),
  };
  const rest = begun.flatMap((part) => part?.rest ?? []);
  const isStream = begun.some((part) => part?.isStream);
  return { kind: 'sequence', nodes: [isStream ? { kind: 'subscribe', primary: root } : root, ...rest] };
}

interface Beginning {
  readonly root: FetchNode;
  readonly rest: readonly PlanNode[];
  readonly isStream: boolean;
}

function beginning(plan: PlanNode): Beginning | undefined {
  if (plan.kind === 'fetch') return { root: plan, rest: [], isStream: false };
  if (plan.kind === 'subscribe') return { root: plan.primary, rest: [], isStream: true };
  if (plan.kind !== 'sequence' || !plan.nodes[0]) return undefined;
  const first = beginning(plan.nodes[0]);
  return first && { ...first, rest: [...first.rest, ...plan.nodes.slice(1)] };
}

/** The plan with a prefix on every response key that no client selected. Representations keep the names of fields. */
function renamed(plan: PlanNode, prefix: string): PlanNode {
  return changeFetches(plan, {
    fetch: (node) => renamedFetch(node, prefix),
    entities: (node) => ({
      ...node,
      request: renamedRequest(node.request, prefix),
      groups: node.groups.map((group) => renamedGroup(group, prefix)),
    }),
  });
}

const ownKey = (key: string, prefix: string) => (key.startsWith('__') || isSelectedKey(key) ? key : prefix + key);

function renamedFetch(node: FetchNode, prefix: string): FetchNode {
  return {
    ...node,
    request: renamedRequest(node.request, prefix),
    path: node.path.map((step) => renamedStep(step, prefix)),
    outputRewrites: node.outputRewrites.map((rewrite) => renamedRewrite(rewrite, prefix)),
  };
}

function renamedGroup(group: EntityGroup, prefix: string): EntityGroup {
  return {
    ...group,
    paths: group.paths.map((path) => path.map((step) => renamedStep(step, prefix))),
    requires: group.requires.map((node) => renamedRequirement(node, prefix)),
    outputRewrites: group.outputRewrites.map((rewrite) => renamedRewrite(rewrite, prefix, group.alias)),
  };
}

const renamedStep = (step: PathStep, prefix: string): PathStep =>
  step.kind === 'field' ? { ...step, name: ownKey(step.name, prefix) } : step;

function renamedRequirement(node: Requirement, prefix: string): Requirement {
  const selections = node.selections.map((child) => renamedRequirement(child, prefix));
  if (node.kind === 'types') return { ...node, selections };
  const name = ownKey(node.name, prefix);
  return { ...node, name, alias: node.alias ?? (name === node.name ? undefined : node.name), selections };
}

/** @param rootKey the key of the entities, with which paths may begin */
function renamedRewrite(rewrite: Rewrite, prefix: string, rootKey?: string): Rewrite {
  const path = rewrite.path.map((step, index) => {
    if (step.kind !== 'key' || (index === 0 && step.name === rootKey)) return step;
    return { ...step, name: ownKey(step.name, prefix) };
  });
  return rewrite.kind === 'rename' ? { ...rewrite, path, to: ownKey(rewrite.to, prefix) } : { ...rewrite, path };
}

function renamedRequest(request: PlannedRequest, prefix: string): PlannedRequest {
  const named = visit(parseRequest(request.operation), {
    Field(node): FieldNode | undefined {
      const key = (node.alias ?? node.name).value;
      const own = ownKey(key, prefix);
      if (node.name.value === '_entities' || own === key) return undefined;
      return { ...node, alias: { kind: Kind.NAME, value: own } };
    },
    FragmentSpread: (node) => ({ ...node, name: { ...node.name, value: prefix + node.name.value } }),
    FragmentDefinition: (node) => ({ ...node, name: { ...node.name, value: prefix + node.name.value } }),
  });
  return { ...request, operation: stripIgnoredCharacters(print(named)) };
}

function mergedRequest(requests: readonly PlannedRequest[]): PlannedRequest {
  const [first] = requests;
  if (!first) throw new Error('There is at least one request.');
  const documents = requests.map(({ operation }) => parseRequest(operation));
  const operations = documents.flatMap(({ definitions }) =>
    definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION),
  );
  const fragments = documents.flatMap(({ definitions }) =>
    definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION),
  );
  const variables = new Map<string, VariableDefinitionNode>();
  for (const { variableDefinitions = [] } of operations) {
    for (const node of variableDefinitions) variables.set(node.variable.name.value, node);
  }
  const merged = {
    ...operations[0],
    kind: Kind.OPERATION_DEFINITION,
    variableDefinitions: [...variables.values()],
    selectionSet: {
      kind: Kind.SELECTION_SET,
      selections: mergedFields(operations.flatMap(({ selectionSet }) => selectionSet.selections)),
    },
  } as OperationDefinitionNode;
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [merged, ...fragments] };
  return { ...first, operation: stripIgnoredCharacters(print(document)), variables: [...variables.keys()] };
}

/** Each field once, with what is selected below it anywhere. */
function mergedFields(selections: readonly SelectionNode[]): readonly SelectionNode[] {
  const fields = new Map<string, FieldNode>();
  const others: SelectionNode[] = [];
  for (const node of selections) {
    if (node.kind !== Kind.FIELD) {
      others.push(node);
      continue;
    }
    const key = (node.alias ?? node.name).value;
    const known = fields.get(key);
    const below = [...(known?.selectionSet?.selections ?? []), ...(node.selectionSet?.selections ?? [])];
    fields.set(
      key,
      below.length > 0
        ? { ...node, selectionSet: { kind: Kind.SELECTION_SET, selections: mergedFields(below) } }
        : node,
    );
  }
  return [...fields.values(), ...others];
}
