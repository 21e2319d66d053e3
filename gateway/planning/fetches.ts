import type { EntityFetchNode, EntityGroup, FetchNode, PlanNode } from './plan.ts';

/** The fetches of a plan, in the order in which they stand there. The one that opens a stream is one of them. */
export function* fetchesOf(node: PlanNode): Generator<FetchNode | EntityFetchNode, void> {
  switch (node.kind) {
    case 'fetch':
    case 'entities':
      yield node;
      return;
    case 'sequence':
    case 'parallel':
      for (const child of node.nodes) yield* fetchesOf(child);
      return;
    case 'condition':
      if (node.whenTrue) yield* fetchesOf(node.whenTrue);
      if (node.whenFalse) yield* fetchesOf(node.whenFalse);
      return;
    case 'subscribe':
      yield node.primary;
      return;
    case 'forget':
  }
}

/** Whether some fetch has arguments from a context (@fromContext). */
export function hasContext(plan: PlanNode): boolean {
  for (const fetch of fetchesOf(plan)) if (fetch.kind === 'entities' && fetch.context) return true;
  return false;
}

/** What takes the place of a fetch; what is left out stays as it is. */
export interface FetchChanges {
  readonly fetch?: (node: FetchNode) => FetchNode;
  readonly entities?: (node: EntityFetchNode) => EntityFetchNode;
}

/** The plan with other fetches in the places of its own. */
export function changeFetches(node: PlanNode, changes: FetchChanges): PlanNode {
  const { fetch = asItIs, entities = asItIs } = changes;
  switch (node.kind) {
    case 'fetch':
      return fetch(node);
    case 'entities':
      return entities(node);
    case 'sequence':
    case 'parallel':
      return { ...node, nodes: node.nodes.map((child) => changeFetches(child, changes)) };
    case 'condition':
      return {
        ...node,
        whenTrue: node.whenTrue && changeFetches(node.whenTrue, changes),
        whenFalse: node.whenFalse && changeFetches(node.whenFalse, changes),
      };
    case 'subscribe':
      return { ...node, primary: fetch(node.primary) };
    case 'forget':
      return node;
  }
}

/** The plan with other groups of entities in the places of its own. @param change gets the service that is asked for them */
export const changeGroups = (plan: PlanNode, change: (group: EntityGroup, service: string) => EntityGroup): PlanNode =>
  changeFetches(plan, {
    entities: (node) => ({ ...node, groups: node.groups.map((group) => change(group, node.service)) }),
  });

const asItIs = <T>(node: T): T => node;
