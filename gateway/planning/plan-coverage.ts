import {
  type FragmentDefinitionNode,
  type GraphQLSchema,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { TypeIndex } from '../supergraph/load-supergraph.ts';
import type { SubgraphTypes } from '../supergraph/subgraph-types.ts';
import { parseRequest } from './parse-request.ts';
import type { PathStep, PlanNode, Requirement, Rewrite } from './plan.ts';
import type { OperationParts } from './resolve-conditions.ts';

export interface CoverageScope {
  /** What clients see. */
  readonly schema: GraphQLSchema;
  readonly types: TypeIndex;
  readonly subgraphTypes: SubgraphTypes;
}

/** Steps after which a plan counts as complete: what is too large to be checked is not refused for it. */
const maxSteps = 20_000;

/**
 * Whether a plan asks for everything that its operation selects, for every type of object that the asked subgraphs can
 * give. A planner that merges two steps may keep the type condition of one of them only: the other type's fields would
 * be null, which looks like an answer.
 */
export function coversOperation(scope: CoverageScope, parts: OperationParts, plans: readonly PlanNode[]): boolean {
  const rootName = scope.schema.getRootType(parts.operation.operation)?.name;
  if (rootName === undefined) return true;
  const budget: Budget = { left: maxSteps, isRefused: false };
  const root = newCoverage();
  restrict(root, new Set([rootName]));
  const asking: Asking = { scope, budget, root, rootName };
  for (const plan of plans) noteNode(plan, asking);
  if (budget.isRefused) return false;
  const covered = isCovered({ scope, budget, fragments: parts.fragments }, root, [parts.operation.selectionSet]);
  return covered || budget.left <= 0;
}

/** What is known of the objects at one place of the response: their types, and what was asked for on each. */
interface Coverage {
  possible: ReadonlySet<string> | undefined;
  readonly fields: Map<string, Map<string, Coverage>>;
}

const newCoverage = (): Coverage => ({ possible: undefined, fields: new Map() });

/** Several subgraphs that give one place know the same object, so it is of a type that all of them know. */
function restrict(coverage: Coverage, types: ReadonlySet<string>): void {
  const { possible } = coverage;
  coverage.possible = possible ? new Set([...possible].filter((name) => types.has(name))) : types;
}

interface Budget {
  left: number;
  /** A subgraph would refuse what it is asked, or answer what it does not know. */
  isRefused: boolean;
}

interface Asking {
  readonly scope: CoverageScope;
  readonly budget: Budget;
  readonly root: Coverage;
  readonly rootName: string;
}

function noteNode(node: PlanNode, asking: Asking): void {
  switch (node.kind) {
    case 'fetch': {
      const places = placesAt(asking, node.path);
      const fetched = readFetch(node.service, node.request.operation, node.outputRewrites);
      for (const place of places) note(asking, fetched, place, new Set([asking.rootName]), fetched.selections, []);
      return;
    }
    case 'entities':
      for (const group of node.groups) {
        const fetched = readFetch(node.service, node.request.operation, group.outputRewrites, group.alias);
        const asked = requiredTypes(asking.scope, group.requires);
        for (const place of group.paths.flatMap((path) => placesAt(asking, path))) {
          const types = [...(place.possible ?? [])].filter((name) => asked.has(name));
          note(asking, fetched, place, new Set(types), fetched.selections, []);
        }
      }
      return;
    case 'sequence':
    case 'parallel':
      for (const child of node.nodes) noteNode(child, asking);
      return;
    case 'condition':
      if (node.whenTrue) noteNode(node.whenTrue, asking);
      if (node.whenFalse) noteNode(node.whenFalse, asking);
      return;
    case 'subscribe':
      noteNode(node.primary, asking);
      return;
    case 'forget':
  }
}

/** Type conditions of a path count as met: representations decide which objects are asked for. */
function placesAt({ root }: Asking, path: readonly PathStep[]): readonly Coverage[] {
  let places: readonly Coverage[] = [root];
  for (const step of path) {
    if (step.kind !== 'field') continue;
    places = places.flatMap(({ fields }) => [...fields.values()].flatMap((keys) => keys.get(step.name) ?? []));
  }
  return [...new Set(places)];
}

function requiredTypes({ types }: CoverageScope, requires: readonly Requirement[]): ReadonlySet<string> {
  return new Set(requires.flatMap((node) => (node.kind === 'types' ? [...types.possible(node.condition)] : [])));
}

interface Fetched {
  readonly service: string;
  readonly isOfEntities: boolean;
  readonly selections: readonly SelectionNode[];
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** The shape of what stands at each response path: a subgraph refuses two different ones. */
  readonly shapes: Map<string, string>;
  /** New keys by the paths of the old ones. */
  readonly renamed: ReadonlyMap<string, string>;
}

function readFetch(service: string, text: string, rewrites: readonly Rewrite[], rootKey?: string): Fetched {
  const { definitions } = parseRequest(text);
  const fragments = new Map<string, FragmentDefinitionNode>();
  let operation: OperationDefinitionNode | undefined;
  for (const node of definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
    else if (node.kind === Kind.OPERATION_DEFINITION) operation = node;
  }
  const all = operation?.selectionSet.selections ?? [];
  const below = all.filter((node) => node.kind === Kind.FIELD && (node.alias ?? node.name).value === rootKey);
  const selections =
    rootKey === undefined
      ? all
      : below.flatMap((node) => ('selectionSet' in node ? (node.selectionSet?.selections ?? []) : []));
  const renamed = new Map(
    rewrites.flatMap((rewrite) => {
      if (rewrite.kind !== 'rename') return [];
      const keys = rewrite.path.flatMap((step) => (step.kind === 'key' ? [step.name] : []));
      return [[(keys[0] === rootKey ? keys.slice(1) : keys).join('/'), rewrite.to] as const];
    }),
  );
  return { service, isOfEntities: rootKey !== undefined, selections, fragments, shapes: new Map(), renamed };
}

function note(
  asking: Asking,
  fetched: Fetched,
  place: Coverage,
  types: ReadonlySet<string>,
  selections: readonly SelectionNode[],
  path: readonly string[],
): void {
  const { scope, budget } = asking;
  for (const node of selections) {
    if (budget.left <= 0) return;
    if (node.kind !== Kind.FIELD) {
      const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fetched.fragments.get(node.name.value);
      if (!fragment) continue;
      const condition = fragment.typeCondition?.name.value;
      const wanted = condition === undefined ? types : scope.types.possible(condition);
      const narrowed = new Set([...types].filter((name) => wanted.has(name)));
      note(asking, fetched, place, narrowed, fragment.selectionSet.selections, path);
      continue;
    }
    const asked = [...path, (node.alias ?? node.name).value];
    const where = asked.join('/');
    const key = fetched.renamed.get(where) ?? asked.at(-1) ?? '';
    for (const type of types) {
      budget.left -= 1;
      if (scope.subgraphTypes.isForeign(fetched.service, type, node.name.value)) budget.isRefused = true;
      const isRepresented = fetched.isOfEntities && path.length === 0;
      if (!isRepresented && scope.subgraphTypes.needsRepresentation(fetched.service, type, node.name.value))
        budget.isRefused = true;
      const shape = scope.subgraphTypes.fieldShape(fetched.service, type, node.name.value);
      if (shape !== undefined && (fetched.shapes.get(where) ?? shape) !== shape) budget.isRefused = true;
      if (shape !== undefined) fetched.shapes.set(where, shape);
      const keys = place.fields.get(type) ?? new Map<string, Coverage>();
      place.fields.set(type, keys);
      const child = keys.get(key) ?? newCoverage();
      keys.set(key, child);
      if (!node.selectionSet) continue;
      const fieldType = scope.subgraphTypes.fieldType(type, node.name.value);
      if (fieldType === undefined) continue;
      const possible = scope.subgraphTypes.possibleIn(fetched.service, fieldType);
      restrict(child, possible);
      note(asking, fetched, child, possible, node.selectionSet.selections, asked);
    }
  }
}

interface Checking {
  readonly scope: CoverageScope;
  readonly budget: Budget;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

function isCovered(checking: Checking, place: Coverage, sets: readonly SelectionSetNode[]): boolean {
  for (const name of place.possible ?? []) {
    // Objects of hidden types become null, whatever was asked.
    if (!isObjectType(checking.scope.schema.getType(name))) continue;
    const selected = new Map<string, SelectionSetNode[]>();
    for (const set of sets) collect(checking, name, set, selected);
    for (const [key, below] of selected) {
      checking.budget.left -= 1;
      if (checking.budget.left <= 0) return true;
      const child = place.fields.get(name)?.get(key);
      if (!child) return false;
      if (below.length > 0 && !isCovered(checking, child, below)) return false;
    }
  }
  return true;
}

function collect(
  checking: Checking,
  type: string,
  set: SelectionSetNode,
  selected: Map<string, SelectionSetNode[]>,
): void {
  for (const node of set.selections) {
    if (node.kind === Kind.FIELD) {
      // The gateway knows the name of a type by itself, or finds that it does not.
      if (node.name.value.startsWith('__')) continue;
      const key = (node.alias ?? node.name).value;
      selected.set(key, [...(selected.get(key) ?? []), ...(node.selectionSet ? [node.selectionSet] : [])]);
      continue;
    }
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : checking.fragments.get(node.name.value);
    const condition = fragment?.typeCondition?.name.value;
    if (!fragment) continue;
    if (condition === undefined || checking.scope.types.possible(condition).has(type)) {
      collect(checking, type, fragment.selectionSet, selected);
    }
  }
}
