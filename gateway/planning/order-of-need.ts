import { type Asking, type CoverageScope, isAsked, noteNode, placesAt, startAsking } from './asked-fields.ts';
import type { PlanNode } from './plan.ts';

/**
 * The plan with each step of its sequence after those that bring what it requires. Apollo's planner puts a step that
 * requires what itself requires something before both, where their subgraphs know each other by keys of a third.
 */
export function inOrderOfNeed(scope: CoverageScope, rootName: string, plan: PlanNode): PlanNode {
  return order(plan, startAsking(scope, rootName));
}

function order(node: PlanNode, asking: Asking): PlanNode {
  if (node.kind === 'parallel') return { ...node, nodes: node.nodes.map((child) => order(child, asking)) };
  if (node.kind !== 'sequence') {
    noteNode(node, asking);
    return node;
  }
  const ordered: PlanNode[] = [];
  let waiting: readonly PlanNode[] = [];
  for (const child of node.nodes) {
    waiting = [...waiting, child];
    let next = waiting.find((each) => isReady(each, asking));
    while (next) {
      const ready = next;
      ordered.push(order(ready, asking));
      waiting = waiting.filter((each) => each !== ready);
      next = waiting.find((each) => isReady(each, asking));
    }
  }
  return { ...node, nodes: [...ordered, ...waiting] };
}

function isReady(node: PlanNode, asking: Asking): boolean {
  const [first] = node.kind === 'sequence' || node.kind === 'parallel' ? node.nodes : [];
  if (first) return isReady(first, asking);
  if (node.kind !== 'entities') return true;
  return node.groups.every((group) =>
    group.paths
      .flatMap((path) => placesAt(asking, path))
      .some((place) => [...(place.possible ?? [])].some((type) => isAsked(asking, node, group, place, type))),
  );
}
