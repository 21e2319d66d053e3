import type { ExecutionScope } from '../execution/call-subgraph.ts';
import { compilePlan, inParallel, inSequence } from '../execution/compile-plan.ts';
import type { Run } from '../execution/run.ts';
import { readRootShapes, readShapes, renameShapes } from '../execution/shape.ts';
import type { Step } from '../execution/step.ts';
import type { DocumentPlan } from '../planning/document-planner.ts';
import type { EntityFetchNode, FetchNode, PlanNode } from '../planning/plan.ts';
import { type KeyTree, keysOfPath, nestTree, treeAt, treeOfRequirements, treeOfShapes } from './key-tree.ts';

/**
 * One plan for a whole operation whose fetches can be run in stages: what the first part of the answer needs first, and
 * for each deferred part what it needs beyond that. All stages work on one run, so that a deferred part is about the very
 * objects that the first one told of, and asks nobody twice.
 */
export interface StagedPlan {
  /** Runs the fetches that `wanted` needs and that have not been run yet for this request. */
  stepFor(wanted: KeyTree): Step;
}

export function stagePlan({ plans, isDisentangled }: DocumentPlan, scope: ExecutionScope): StagedPlan {
  if (isDisentangled) {
    // Its parts overlap, and each forgets what it had to ask beside: it runs as a whole before the first part is sent.
    const whole = once(inSequence(plans.map((plan) => compilePlan(plan, scope))));
    return { stepFor: () => whole };
  }
  const fetches = new Map<PlanNode, Fetch>();
  for (const plan of plans) readFetches(plan, scope, fetches);
  return {
    stepFor(wanted) {
      const needed = neededFor(wanted, fetches);
      return inSequence(plans.flatMap((plan) => compose(plan, fetches, needed) ?? []));
    },
  };
}

/** One call of the plan, which runs once for each request, whichever stages need it. */
interface Fetch {
  readonly step: Step;
  /** Where its answers are merged, and the keys that they have there. */
  readonly gives: readonly { readonly at: readonly string[]; readonly keys: ReadonlySet<string> }[];
  readonly needs: readonly KeyTree[];
  /** A mutation is never put off. */
  readonly isFirst: boolean;
}

function readFetches(node: PlanNode, scope: ExecutionScope, fetches: Map<PlanNode, Fetch>): void {
  switch (node.kind) {
    case 'fetch':
      fetches.set(node, readRootFetch(node, scope));
      break;
    case 'entities':
      fetches.set(node, readEntityFetch(node, scope));
      break;
    case 'sequence':
    case 'parallel':
      for (const child of node.nodes) readFetches(child, scope, fetches);
      break;
    case 'condition':
      for (const child of [node.whenTrue, node.whenFalse]) if (child) readFetches(child, scope, fetches);
      break;
    case 'subscribe':
    case 'forget':
      throw new Error(`A plan in stages has no ${node.kind}.`);
  }
}

function readRootFetch(node: FetchNode, scope: ExecutionScope): Fetch {
  const tree = treeOfShapes(renameShapes(readRootShapes(node.request.operation, scope.types), node.outputRewrites));
  return {
    step: once(compilePlan(node, scope)),
    gives: [{ at: keysOfPath(node.path), keys: new Set(tree.keys()) }],
    needs: [],
    isFirst: node.request.operationKind === 'mutation',
  };
}

function readEntityFetch(node: EntityFetchNode, scope: ExecutionScope): Fetch {
  const shapes = readShapes(node.request.operation, scope.types);
  const places = node.groups.flatMap((group) => {
    const tree = treeOfShapes(renameShapes(shapes.get(group.alias) ?? [], group.outputRewrites));
    const needs = treeOfRequirements(group.requires);
    return group.paths.map((path) => ({ at: keysOfPath(path), keys: new Set(tree.keys()), needs }));
  });
  return {
    step: once(compilePlan(node, scope)),
    gives: places,
    needs: places.map(({ at, needs }) => nestTree(at, needs)),
    isFirst: false,
  };
}

function once(step: Step): Step {
  const started = new WeakMap<Run, Promise<void>>();
  return (run) => {
    let done = started.get(run);
    if (!done) {
      done = Promise.resolve(step(run));
      started.set(run, done);
    }
    return done;
  };
}

/** A fetch is needed where it gives something that is wanted, or that another needed fetch asks with. */
function neededFor(wanted: KeyTree, fetches: ReadonlyMap<PlanNode, Fetch>): ReadonlySet<Fetch> {
  const needed = new Set<Fetch>();
  const wants: KeyTree[] = [wanted];
  const add = (fetch: Fetch) => {
    needed.add(fetch);
    wants.push(...fetch.needs);
  };
  for (const fetch of fetches.values()) if (fetch.isFirst) add(fetch);
  for (let want = wants.shift(); want; want = wants.shift()) {
    for (const fetch of fetches.values()) if (!needed.has(fetch) && giveSome(fetch, want)) add(fetch);
  }
  return needed;
}

function giveSome({ gives }: Fetch, wanted: KeyTree): boolean {
  return gives.some(({ at, keys }) => {
    const here = treeAt(wanted, at);
    return here !== undefined && [...here.keys()].some((key) => keys.has(key));
  });
}

function compose(node: PlanNode, fetches: ReadonlyMap<PlanNode, Fetch>, needed: ReadonlySet<Fetch>): Step | undefined {
  const composeAll = (nodes: readonly PlanNode[]) => nodes.flatMap((child) => compose(child, fetches, needed) ?? []);
  switch (node.kind) {
    case 'sequence':
      return inSequence(composeAll(node.nodes));
    case 'parallel':
      return inParallel(composeAll(node.nodes));
    case 'condition': {
      const onTrue = node.whenTrue && compose(node.whenTrue, fetches, needed);
      const onFalse = node.whenFalse && compose(node.whenFalse, fetches, needed);
      return (run) => (run.variables[node.variable] === true ? onTrue : onFalse)?.(run);
    }
    default: {
      const fetch = fetches.get(node);
      return fetch && needed.has(fetch) ? fetch.step : undefined;
    }
  }
}
