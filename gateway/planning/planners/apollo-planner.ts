import { Worker } from 'node:worker_threads';
import type {
  FetchNode as ApolloFetch,
  PlanNode as ApolloNode,
  QueryPlan as ApolloPlan,
  QueryPlanSelectionNode as ApolloRequirement,
  FetchDataRewrite as ApolloRewrite,
} from '@apollo/query-planner';
import { Kind, parse, print, type SelectionNode, visit } from 'graphql';
import type { Timers } from '../../../runtime/timers.ts';
import type {
  ContextValue,
  FetchNode,
  PathStep,
  PlanNode,
  PlannedRequest,
  Requirement,
  Rewrite,
  RewriteStep,
} from '../plan.ts';
import { PlanningError } from '../planning-error.ts';
import { hasMoved } from './override-draw.ts';
import type { Planner } from './planner.ts';
import { translateInnerNode } from './translate-inner-node.ts';

/** Milliseconds that one operation may take, from the question to the plan; the thread's start is part of it. */
const deadlineMs = 10_000;
/** Operations that may wait for their plan; each further one is refused at once. */
const maxWaiting = 50;
/**
 * Milliseconds after the last operation until the thread and its memory, some 40 MB, are given back: clients that need it
 * once send such operations again and again, and each that finds it gone waits for a second or more.
 */
const idleMs = 3_600_000;
const maxMemoryMb = 1024;

interface Waiting {
  resolve(plan: PlanNode | undefined): void;
  reject(cause: PlanningError): void;
  cancel(): void;
}

interface Answer {
  readonly id: number;
  readonly node?: ApolloPlan['node'];
  readonly failure?: string;
}

/**
 * Apollo's planner, in a thread of its own that exists only while it is needed: it takes ten times as long as the
 * native one, and an operation can be too much for it. A plan that is not there in time ends the thread.
 *
 * `absent`: `start` or the first operation starts the thread. `running`: answers come by their number. A deadline, a crash or
 * `idleMs` without an operation end the thread; who waited is refused, and the next operation starts another.
 */
export class ApolloPlanner implements Planner {
  readonly overridePercentages: readonly number[] = [];
  readonly #supergraphSdl: string;
  readonly #timers: Timers;
  readonly #labels: readonly string[];
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #questions = 0;
  #stopIdle: (() => void) | undefined;

  /** @param labels of @override whose fields have moved */
  constructor(supergraphSdl: string, timers: Timers, labels: readonly string[] = []) {
    this.#labels = labels;
    this.#supergraphSdl = supergraphSdl;
    this.#timers = timers;
  }

  /** Starts the thread, which takes a second: an operation that is expected does not have to wait for it. */
  start(): void {
    if (this.#worker) return;
    this.#running();
    this.#stopIdle = this.#timers.after(idleMs, () => this.close());
  }

  plan(operation: string, draw = 100): Promise<PlanNode | undefined> {
    if (this.#waiting.size >= maxWaiting) return Promise.reject(new PlanningError('PLANNING_OVERLOADED'));
    this.#stopIdle?.();
    const worker = this.#running();
    this.#questions += 1;
    const id = this.#questions;
    return new Promise((resolve, reject) => {
      const cancel = this.#timers.after(deadlineMs, () => this.#end(new PlanningError('PLANNING_TIMEOUT')));
      this.#waiting.set(id, { resolve, reject, cancel });
      worker.postMessage({ id, operation, labels: labelsFor(this.#supergraphSdl, this.#labels, draw) });
    });
  }

  close(): void {
    this.#end(
      new PlanningError('PLANNING_FAILED', { sentence: 'The supergraph was replaced. Send the operation again.' }),
    );
  }

  #running(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL('./apollo-planner-worker.mjs', import.meta.url), {
      workerData: { supergraphSdl: this.#supergraphSdl },
      resourceLimits: { maxOldGenerationSizeMb: maxMemoryMb },
    });
    worker.unref();
    worker.on('message', (answer: Answer) => this.#settle(answer));
    worker.on('error', (cause) => {
      if (this.#worker === worker) this.#end(new PlanningError('PLANNING_FAILED', { cause }));
    });
    this.#worker = worker;
    return worker;
  }

  #settle({ id, node, failure }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.cancel();
    if (this.#waiting.size === 0) this.#stopIdle = this.#timers.after(idleMs, () => this.close());
    if (failure !== undefined) {
      waiting?.reject(new PlanningError('PLANNING_FAILED', { cause: new Error(failure) }));
      return;
    }
    try {
      waiting?.resolve(node && translateRoot(node));
    } catch (cause) {
      // Thrown from here it would end this process.
      waiting?.reject(new PlanningError('PLANNING_FAILED', { cause }));
    }
  }

  #end(reason: PlanningError): void {
    this.#stopIdle?.();
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
    for (const waiting of this.#waiting.values()) {
      waiting.cancel();
      waiting.reject(reason);
    }
    this.#waiting.clear();
  }
}

/** Every label of the supergraph, with whether its fields have moved under this draw. */
function labelsFor(supergraphSdl: string, moved: readonly string[], draw: number): [string, boolean][] {
  const labels = new Set([...supergraphSdl.matchAll(/overrideLabel: "([^"]+)"/g)].map(([, label = '']) => label));
  return [...labels].map((label) => [label, hasMoved(label, moved, draw)]);
}

function translateRoot(node: NonNullable<ApolloPlan['node']>): PlanNode {
  if (node.kind !== 'Subscription') return translate(node, []);
  const primary = { kind: 'subscribe', primary: translateFetch(node.primary, []) } as const;
  return node.rest ? { kind: 'sequence', nodes: [primary, translate(node.rest, [])] } : primary;
}

function translate(node: ApolloNode, path: readonly PathStep[]): PlanNode {
  switch (node.kind) {
    case 'Fetch':
      return node.requires ? translateEntityFetch(node, node.requires, path) : translateFetch(node, path);
    case 'Flatten':
      return translate(node.node, [...path, ...node.path.map((step) => translateStep(String(step)))]);
    default:
      return translateInnerNode(node, (child) => translate(child, path));
  }
}

const translateStep = (step: string): PathStep => (step === '@' ? { kind: 'list' } : { kind: 'field', name: step });

function translateFetch(node: ApolloFetch, path: readonly PathStep[]): FetchNode {
  const outputRewrites = (node.outputRewrites ?? []).map(translateRewrite);
  const asked = requestOf(node);
  // Below a field, what is asked of Query stands in a fragment on it, which the subgraph may call otherwise.
  const request = path.length === 0 ? asked : { ...asked, operation: withoutRootFragments(asked.operation) };
  return { kind: 'fetch', service: node.serviceName, request, path, outputRewrites };
}

const withoutRootFragments = (operation: string): string =>
  print(
    visit(parse(operation), {
      OperationDefinition: (node) => ({
        ...node,
        selectionSet: { ...node.selectionSet, selections: node.selectionSet.selections.flatMap(inner) },
      }),
    }),
  );

const inner = (node: SelectionNode): readonly SelectionNode[] =>
  node.kind === Kind.INLINE_FRAGMENT ? node.selectionSet.selections : [node];

function translateEntityFetch(
  node: ApolloFetch,
  requires: readonly ApolloRequirement[],
  path: readonly PathStep[],
): PlanNode {
  const group = {
    alias: '_entities',
    variable: 'representations',
    paths: [path],
    requires: requires.flatMap(translateRequirement),
    inputRewrites: (node.inputRewrites ?? []).map(translateRewrite),
    // Their paths start at the entity; ours, like the native planner's, do so as well.
    outputRewrites: (node.outputRewrites ?? []).map(translateRewrite),
  };
  const context = (node.contextRewrites ?? []).map(translateContext);
  const request = requestOf(node);
  return {
    kind: 'entities',
    service: node.serviceName,
    request,
    groups: [group],
    ...(context.length > 0 && { context }),
  };
}

function translateContext({ path, renameKeyTo }: ApolloContext): ContextValue {
  const below = path.filter((step) => step !== '..');
  return { variable: renameKeyTo, up: path.length - below.length, path: below.map(translateRewriteStep) };
}

type ApolloContext = NonNullable<ApolloFetch['contextRewrites']>[number];

function requestOf(node: ApolloFetch): PlannedRequest {
  const { operationKind, operation, operationName, variableUsages = [] } = node;
  return { operationKind, operation, operationName, variables: variableUsages };
}

function translateRequirement(node: ApolloRequirement): Requirement[] {
  const selections = (node.selections ?? []).flatMap(translateRequirement);
  if (node.kind === 'Field') return [{ kind: 'field', name: node.alias ?? node.name, alias: undefined, selections }];
  return node.typeCondition === undefined ? selections : [{ kind: 'types', condition: node.typeCondition, selections }];
}

function translateRewrite(rewrite: ApolloRewrite): Rewrite {
  const path = rewrite.path.map(translateRewriteStep);
  if (rewrite.kind === 'KeyRenamer') return { kind: 'rename', path, to: rewrite.renameKeyTo };
  return { kind: 'set', path, value: String(rewrite.setValueTo) };
}

function translateRewriteStep(step: string): RewriteStep {
  const condition = /^\.\.\. on (.+)$/.exec(step)?.[1];
  return condition === undefined
    ? { kind: 'key', name: step }
    : { kind: 'types', names: condition.split(',').map((name) => name.trim()) };
}
