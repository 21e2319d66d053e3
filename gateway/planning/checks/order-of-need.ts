import type { EntityFetchNode, FetchNode, PlanNode, Requirement, SubscribeNode } from '../plan.ts';
import { isInContext } from './asked-context.ts';
import { isAsked, isTold, noteNode } from './asked-fields.ts';
import { type Asking, type Coverage, type CoverageScope, placesAt, startAsking } from './coverage.ts';
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
    const possible = waiting.filter(({ step }) => isReached(step, now) && isTimely(step, now, whole));
    const met = possible.map(({ needs }) => needs.map((need) => ({ need, places: metPlaces(need, now) })));
    const ready = possible.filter((_, index) => met[index]?.every(({ places }) => places > 0));
    const wholly = possible.filter((_, index) => met[index]?.every(({ need, places }) => places >= need.places));
    // What nothing brings is told by the check.
    const round = [wholly, ready].find((some) => some.length > 0) ?? waiting.slice(0, 1);
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
  /** How many there are in the whole plan: below a field of several types there is one for each of them. */
  readonly places: number;
}

/** Whether there is an object for the answer: Query may stand below what another step returns. */
const isReached = (step: Step, now: Asking): boolean => step.kind !== 'fetch' || placesAt(now, step.path).length > 0;

/** Whether what stands above the objects of a step is asked for, as far as the plan as a whole asks for it. */
const isTimely = (step: Step, now: Asking, whole: Asking): boolean =>
  step.kind !== 'entities' || isInContext(step, now) || !isInContext(step, whole);

/** What the plan as a whole brings for a step: some of the objects that the step is for may have nothing to do with it. */
function needsOf(step: Step, whole: Asking): readonly Need[] {
  if (step.kind !== 'entities') return [];
  return step.groups.flatMap((group) =>
    group.paths.flatMap((path) => {
      const asked = placesAt(whole, path).flatMap((place) =>
        [...(place.possible ?? [])]
          .filter((type) => isAsked(whole, step, group, place, type))
          .map((type) => ({ type, names: knownNames(whole, group.requires, place, type) })),
      );
      const places = new Map<string, number>();
      for (const { type } of asked) places.set(type, (places.get(type) ?? 0) + 1);
      return asked.map(({ type, names }) => ({ step, group, path, type, names, places: places.get(type) ?? 0 }));
    }),
  );
}

/** How many of the places where such objects stand have what is needed of them. */
function metPlaces({ step, group, path, type, names }: Need, now: Asking): number {
  const met = placesAt(now, path).filter((place) => {
    if (!isAsked(now, step, group, place, type) || !isTold(now, group.requires, place, type)) return false;
    const known = knownNames(now, group.requires, place, type);
    return [...names].every((name) => known.has(name));
  });
  return met.length;
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
