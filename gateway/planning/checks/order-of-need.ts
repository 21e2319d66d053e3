import type { EntityFetchNode, FetchNode, PlanNode, Requirement, SubscribeNode } from '../plan.ts';
import {
  type Asking,
  type Coverage,
  type CoverageScope,
  isAsked,
  noteNode,
  placesAt,
  startAsking,
} from './asked-fields.ts';
import { requirementsFor } from './keyed-requirements.ts';

/**
 * The steps of a plan in rounds, each after those that bring what its representations hold. Apollo's planner puts a step
 * that requires what itself requires something before both, or beside them, where their subgraphs know each other by
 * keys of a third.
 *
 * A plan with steps that depend on more than data stays as it is: conditions, and several root fields that change
 * something.
 */
export function inOrderOfNeed(scope: CoverageScope, rootName: string, plan: PlanNode): PlanNode {
  const steps = stepsOf(plan);
  if (!steps || steps.filter(isMutation).length > 1) return plan;
  const whole = askingAll(scope, rootName, steps);
  const now = startAsking(scope, rootName);
  const rounds: PlanNode[] = [];
  const different = new Map(steps.map((step) => [textOf(step), step])).values();
  let waiting = Array.from(different, (step) => ({ step, needs: needsOf(step, whole) }));
  while (waiting.length > 0) {
    const ready = waiting.filter(({ step, needs }) => isReached(step, now) && needs.every((need) => isMet(need, now)));
    // What nothing brings is told by the check.
    const round = ready.length > 0 ? ready : waiting.slice(0, 1);
    const nodes = round.map(({ step }) => step);
    for (const step of nodes) noteNode(step, now);
    rounds.push(nodes.length === 1 && nodes[0] ? nodes[0] : { kind: 'parallel', nodes });
    waiting = waiting.filter((one) => !round.includes(one));
  }
  return { kind: 'sequence', nodes: rounds };
}

/** What all steps ask for, whatever their order. */
export function askingAll(scope: CoverageScope, rootName: string, steps: readonly Step[]): Asking {
  const whole = startAsking(scope, rootName);
  let before = -1;
  for (let known = 0; known > before; ) {
    before = known;
    for (const step of steps) noteNode(step, whole);
    known = countFields(whole.root);
  }
  return whole;
}

function countFields({ fields }: Coverage): number {
  let count = 0;
  for (const keys of fields.values()) for (const child of keys.values()) count += 1 + countFields(child);
  return count;
}

export type Step = FetchNode | EntityFetchNode | SubscribeNode;

/** @returns undefined where what is asked depends on more than data */
export function stepsOf(node: PlanNode): readonly Step[] | undefined {
  if (node.kind === 'condition' || node.kind === 'forget') return undefined;
  if (node.kind !== 'sequence' && node.kind !== 'parallel') return [node];
  const all = node.nodes.map(stepsOf);
  return all.every((steps) => steps !== undefined) ? all.flat() : undefined;
}

const isMutation = (step: Step) => step.kind === 'fetch' && step.request.operationKind === 'mutation';

/** Equal texts are the same step: what is represented by the same fields in another order is the same. */
export function textOf(step: Step): string {
  if (step.kind !== 'entities') return JSON.stringify(step);
  const groups = step.groups.map((group) => ({ ...group, requires: group.requires.map(sorted) }));
  return JSON.stringify({ ...step, groups });
}

const sorted = (node: Requirement): Requirement => ({
  ...node,
  selections: node.selections.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
});

/** Objects of one type at one place, and what of them a representation holds. */
interface Need {
  readonly step: EntityFetchNode;
  readonly group: EntityFetchNode['groups'][number];
  readonly path: EntityFetchNode['groups'][number]['paths'][number];
  readonly type: string;
  /** Names of what is asked for in the whole plan, with those below them. */
  readonly names: ReadonlySet<string>;
}

/** Whether there is an object for the answer: Query may stand below what another step returns. */
const isReached = (step: Step, now: Asking): boolean => step.kind !== 'fetch' || placesAt(now, step.path).length > 0;

/** What the plan as a whole brings for a step: some of the objects that the step is for may have nothing to do with it. */
function needsOf(step: Step, whole: Asking): readonly Need[] {
  if (step.kind !== 'entities') return [];
  return step.groups.flatMap((group) =>
    group.paths.flatMap((path) =>
      placesAt(whole, path).flatMap((place) =>
        [...(place.possible ?? [])]
          .filter((type) => isAsked(whole, step, group, place, type))
          .map((type) => ({ step, group, path, type, names: knownNames(whole, group.requires, place, type) })),
      ),
    ),
  );
}

function isMet({ step, group, path, type, names }: Need, now: Asking): boolean {
  return placesAt(now, path).some((place) => {
    if (!isAsked(now, step, group, place, type) || !isTold(now, group.requires, place, type)) return false;
    const known = knownNames(now, group.requires, place, type);
    return [...names].every((name) => known.has(name));
  });
}

/**
 * Whether it is known that the objects are of the type, as far as it matters: a subgraph that knows an interface as an
 * object says nothing of it, and then only a representation of the interface applies.
 */
function isTold({ scope }: Asking, requires: readonly Requirement[], { givers }: Coverage, type: string): boolean {
  const names = givers
    .filter(({ types }) => types.has(type))
    .map((each) => scope.subgraphTypes.nameIn(each.service, type));
  if (names.length === 0 || names.includes(type)) return true;
  return names.some((name) => requirementsFor(requires, name, scope.types).length > 0);
}

/** Those of what is required that are asked for, with the way to them. */
function knownNames(
  { scope }: Asking,
  requires: readonly Requirement[],
  place: Coverage,
  type: string,
): ReadonlySet<string> {
  const names = new Set<string>();
  const read = (nodes: readonly Requirement[], from: Coverage, of: string, way: string): void => {
    for (const { name, selections } of requirementsFor(nodes, of, scope.types)) {
      const child = from.fields.get(of)?.get(name);
      if (!child) continue;
      names.add(`${way}${name}`);
      for (const below of child.possible ?? []) read(selections, child, below, `${way}${name}/${below}.`);
    }
  };
  read(requires, place, type, '');
  return names;
}
