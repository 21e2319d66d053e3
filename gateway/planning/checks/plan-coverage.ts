import { type FieldNode, type FragmentDefinitionNode, isObjectType, Kind, type SelectionSetNode } from 'graphql';
import { fetchesOf } from '../fetches.ts';
import type { OperationParts } from '../operation-parts.ts';
import type { EntityGroup, PlanNode } from '../plan.ts';
import { noteNode } from './asked-fields.ts';
import { type Budget, type Coverage, type CoverageScope, startAsking } from './coverage.ts';

/** How far plans answer an operation. */
export interface PlanCoverage {
  /** A subgraph would refuse what it is asked, or answer what it does not know. */
  readonly isRefused: boolean;
  /** What nobody is asked for; at most `maxGaps`. */
  readonly gaps: readonly Gap[];
}

/** A field that nobody is asked for, of objects of one type at one place. */
export interface Gap {
  readonly place: Coverage;
  readonly type: string;
  readonly key: string;
  /** As the client selects it, from everywhere. */
  readonly nodes: readonly FieldNode[];
  /** From the root down to the place. */
  readonly way: readonly WayStep[];
}

export interface WayStep {
  readonly type: string;
  readonly node: FieldNode;
}

export const maxGaps = 32;

/**
 * What of its operation a plan leaves out, for every type of object that the asked subgraphs can give. A planner that
 * merges two steps may keep the type condition of one of them only: the other type's fields would be null, which looks
 * like an answer.
 */
export function checkCoverage(scope: CoverageScope, parts: OperationParts, plans: readonly PlanNode[]): PlanCoverage {
  const rootName = scope.schema.getRootType(parts.operation.operation)?.name;
  if (rootName === undefined) return { isRefused: false, gaps: [] };
  const asking = startAsking(scope, rootName, plans.every(mayShare));
  const { budget, root } = asking;
  for (const plan of plans) noteNode(plan, asking);
  if (budget.isRefused) return { isRefused: true, gaps: [] };
  const gaps: Gap[] = [];
  findGaps({ scope, budget, fragments: parts.fragments, gaps }, root, [parts.operation.selectionSet], []);
  return { isRefused: false, gaps: budget.left > 0 ? gaps : [] };
}

interface Checking extends Selecting {
  readonly scope: CoverageScope;
  readonly budget: Budget;
  readonly gaps: Gap[];
}

function findGaps(
  checking: Checking,
  place: Coverage,
  sets: readonly SelectionSetNode[],
  way: readonly WayStep[],
): void {
  const { scope, budget, gaps } = checking;
  const whole = new Map<Coverage, (readonly FieldNode[])[]>();
  for (const type of place.possible ?? []) {
    // Objects of hidden types become null, whatever was asked.
    if (!isObjectType(scope.schema.getType(type))) continue;
    for (const [key, nodes] of selectedFields(checking, type, sets)) {
      budget.left -= 1;
      if (budget.left <= 0 || gaps.length >= maxGaps) return;
      const child = place.fields.get(type)?.get(key);
      const [node] = nodes;
      if (!child || !node) gaps.push({ place, type, key, nodes, way });
      else if (node.selectionSet && !whole.get(child)?.some((known) => isSame(known, nodes))) {
        const before = gaps.length;
        findGaps(checking, child, setsOf(nodes), [...way, { type, node }]);
        // Each gap is told for every type on the way to it.
        if (gaps.length === before) whole.set(child, [...(whole.get(child) ?? []), nodes]);
      }
    }
  }
}

const isSame = (some: readonly unknown[], others: readonly unknown[]): boolean =>
  some.length === others.length && some.every((one, index) => one === others[index]);

/** Objects that one group of a step is for must not stand below others of it: what it asks for is not there before. */
const mayShare = (plan: PlanNode): boolean =>
  [...fetchesOf(plan)].every(
    (fetch) => fetch.kind === 'fetch' || fetch.groups.every(({ paths }) => paths.length < 2 || !isNested(paths)),
  );

function isNested(paths: EntityGroup['paths']): boolean {
  const texts = paths.map((path) => path.map((step) => (step.kind === 'field' ? `${step.name}/` : '')).join(''));
  return texts.some((text, index) => texts.some((other, n) => n !== index && other !== text && other.startsWith(text)));
}

/** Whose fragments apply to which types. */
export interface Selecting {
  readonly scope: Pick<CoverageScope, 'types'>;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

export const setsOf = (nodes: readonly FieldNode[]): readonly SelectionSetNode[] =>
  nodes.flatMap(({ selectionSet }) => selectionSet ?? []);

/** What is selected of objects of one type, by response key. */
export function selectedFields(
  selecting: Selecting,
  type: string,
  sets: readonly SelectionSetNode[],
): ReadonlyMap<string, readonly FieldNode[]> {
  const selected = new Map<string, FieldNode[]>();
  for (const set of sets) collect(selecting, type, set, selected);
  return selected;
}

function collect(selecting: Selecting, type: string, set: SelectionSetNode, selected: Map<string, FieldNode[]>): void {
  for (const node of set.selections) {
    if (node.kind === Kind.FIELD) {
      // The gateway knows the name of a type by itself, or finds that it does not.
      if (node.name.value.startsWith('__')) continue;
      const key = (node.alias ?? node.name).value;
      const nodes = selected.get(key);
      if (nodes) nodes.push(node);
      else selected.set(key, [node]);
      continue;
    }
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : selecting.fragments.get(node.name.value);
    const condition = fragment?.typeCondition?.name.value;
    if (!fragment) continue;
    if (condition === undefined || selecting.scope.types.possible(condition).has(type)) {
      collect(selecting, type, fragment.selectionSet, selected);
    }
  }
}
