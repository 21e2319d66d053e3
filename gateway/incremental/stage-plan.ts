import { compilePlan, compilePlans, inParallel, inSequence } from '../execution/compile/compile-plan.ts';
import type { ExecutionScope } from '../execution/fetch/call-subgraph.ts';
import { readRootShapes, readShapes, renameShapes } from '../execution/fetch/shape.ts';
import type { Run } from '../execution/run.ts';
import type { Step } from '../execution/step.ts';
import type { DocumentPlan } from '../planning/document-planner.ts';
import { fetchesOf } from '../planning/fetches.ts';
import { type EntityFetchNode, type FetchNode, keysOfPath, type PlanNode } from '../planning/plan.ts';
import { type KeyTree, mergeTrees, nestTree, treeAt, treeOfRequirements, treeOfShapes } from './key-tree.ts';
import { type RefetchScope, refetchDeferred } from './refetch-deferred.ts';
import { splitFetches } from './split-fetch.ts';

/**
 * One plan for a whole operation whose fetches can be run in stages: what the first part of the answer needs first, and
 * for each deferred part what it needs beyond that. All stages work on one run, so that a deferred part is about the very
 * objects that the first one told of, and asks nobody twice.
 */
export interface StagedPlan {
  /** What is run, all stages together. */
  readonly plans: readonly PlanNode[];
  /** Runs the fetches that `wanted` needs and that have not been run yet for this request. */
  stepFor(wanted: KeyTree): Step;
}

export interface StageScope extends ExecutionScope {
  readonly supergraph: RefetchScope['supergraph'];
  /** What each part of the answer selects, the first one first. */
  readonly selected: readonly KeyTree[];
}

export function stagePlan({ plans, isDisentangled }: DocumentPlan, scope: StageScope): StagedPlan {
  if (isDisentangled) {
    // Its parts overlap, and each forgets what it had to ask beside: it runs as a whole before the first part is sent.
    const whole = once(compilePlans(plans, scope));
    return { plans, stepFor: () => whole };
  }
  const asked = plans.flatMap((plan) => [...fetchesOf(plan)]).map((node) => readExchange(node, scope));
  const parts = scope.selected.map((wanted) => neededFor(wanted, asked).tree);
  const split = plans.map((plan) => splitFetches(refetchDeferred(plan, { ...scope, parts }), parts));
  const fetches = new Map<PlanNode, Fetch>();
  for (const node of split.flatMap((plan) => [...fetchesOf(plan)])) {
    fetches.set(node, { ...readExchange(node, scope), step: once(compilePlan(node, scope)) });
  }
  return {
    plans: split,
    stepFor(wanted) {
      const { exchanges } = neededFor(wanted, [...fetches.values()]);
      return inSequence(split.flatMap((plan) => compose(plan, fetches, exchanges) ?? []));
    },
  };
}

/** What a call of the plan gives and takes. */
interface PlannedExchange {
  /** Where its answers are merged, and the keys that they have there. */
  readonly gives: readonly { readonly at: readonly string[]; readonly keys: ReadonlySet<string> }[];
  readonly needs: readonly KeyTree[];
  /** A mutation is never put off. */
  readonly isFirst: boolean;
}

/** One call of the plan, which runs once for each request, whichever stages need it. */
interface Fetch extends PlannedExchange {
  readonly step: Step;
}

const readExchange = (node: FetchNode | EntityFetchNode, scope: ExecutionScope): PlannedExchange =>
  node.kind === 'fetch' ? readRootFetch(node, scope) : readEntityFetch(node, scope);

function readRootFetch(node: FetchNode, scope: ExecutionScope): PlannedExchange {
  const tree = treeOfShapes(renameShapes(readRootShapes(node.request.operation, scope.types), node.outputRewrites));
  return {
    gives: [{ at: keysOfPath(node.path), keys: new Set(tree.keys()) }],
    needs: [],
    isFirst: node.request.operationKind === 'mutation',
  };
}

function readEntityFetch(node: EntityFetchNode, scope: ExecutionScope): PlannedExchange {
  const shapes = readShapes(node.request.operation, scope.types);
  const places = node.groups.flatMap((group) => {
    const tree = treeOfShapes(renameShapes(shapes.get(group.alias) ?? [], group.outputRewrites));
    const needs = treeOfRequirements(group.requires);
    return group.paths.map((path) => ({ at: keysOfPath(path), keys: new Set(tree.keys()), needs }));
  });
  return { gives: places, needs: places.map(({ at, needs }) => nestTree(at, needs)), isFirst: false };
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

interface Needed<T> {
  readonly exchanges: ReadonlySet<T>;
  /** What is wanted, with everything that somebody has to be asked with for it. */
  readonly tree: KeyTree;
}

/** A fetch is needed where it gives something that is wanted, or that another needed fetch asks with. */
function neededFor<T extends PlannedExchange>(wanted: KeyTree, all: readonly T[]): Needed<T> {
  const exchanges = new Set<T>();
  const wants: KeyTree[] = [wanted];
  const add = (exchange: T) => {
    exchanges.add(exchange);
    wants.push(...exchange.needs);
  };
  for (const exchange of all) if (exchange.isFirst) add(exchange);
  // Grows while it is read.
  for (const want of wants) {
    for (const exchange of all) if (!exchanges.has(exchange) && giveSome(exchange, want)) add(exchange);
  }
  return { exchanges, tree: mergeTrees(wants) };
}

function giveSome({ gives }: PlannedExchange, wanted: KeyTree): boolean {
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
    case 'fetch':
    case 'entities': {
      const fetch = fetches.get(node);
      return fetch && needed.has(fetch) ? fetch.step : undefined;
    }
    case 'subscribe':
    case 'forget':
      throw new Error(`A plan in stages has no ${node.kind}.`);
  }
}
