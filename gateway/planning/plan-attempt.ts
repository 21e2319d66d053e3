import { type DocumentNode, Kind, print } from 'graphql';
import type { FieldAnswer } from '../supergraph/subgraph-types.ts';
import { checkPlan, IncompletePlan } from './checks/check-plan.ts';
import type { CoverageScope } from './checks/coverage.ts';
import { losesValues } from './checks/lost-values.ts';
import { overwritesValues } from './checks/overwritten-values.ts';
import { maxGaps } from './checks/plan-coverage.ts';
import { gapDocuments } from './gap-documents.ts';
import { joinParts } from './join-parts.ts';
import type { PlanNode } from './plan.ts';
import { planByKeys } from './planners/by-keys/plan-by-keys.ts';
import { hasMoved } from './planners/override-draw.ts';
import type { Planner } from './planners/planner.ts';
import { PlanningError } from './planning-error.ts';

export interface PlannersOptions extends CoverageScope {
  /** Fast. */
  readonly first: Planner;
  /** Slow, and fails at other things. */
  readonly second: Planner;
  /** Labels of @override whose fields have moved. */
  readonly labels: readonly string[];
}

const forget = { kind: 'forget' } as const;

/** The attempts at one operation's documents, each of which ends in a plan that holds or throws. */
export class PlanAttempt {
  readonly #options: PlannersOptions;
  readonly #draw: number | undefined;

  constructor(options: PlannersOptions, draw: number | undefined) {
    this.#options = options;
    this.#draw = draw;
  }

  async whole(planner: Planner, document: DocumentNode): Promise<PlanNode[]> {
    return checkPlan(this.#options, document, await planner.plan(print(document), this.#draw));
  }

  /**
   * By our own planner, which follows keys. A large operation takes it some ten milliseconds, and so does its check.
   * @param document disentangled
   * @param turn resolves in a turn of the event loop in which nothing else is planned
   */
  async byKeys(document: DocumentNode, turn: () => Promise<void>): Promise<readonly PlanNode[]> {
    await turn();
    const { labels } = this.#options;
    const draw = this.#draw ?? 100;
    const isActive = ({ label, isNew }: FieldAnswer) => label === undefined || hasMoved(label, labels, draw) === isNew;
    const plan = planByKeys({ ...this.#options, isActive }, document);
    if (!plan) throw new PlanningError('PLANNING_FAILED');
    await turn();
    if (losesValues([plan]) || overwritesValues([plan])) throw new PlanningError('PLAN_LOSES_VALUES');
    return checkPlan(this.#options, document, plan);
  }

  /** @param begun what is planned already */
  async inParts(
    document: DocumentNode,
    parts: readonly DocumentNode[],
    begun: readonly (readonly PlanNode[])[] = [],
  ): Promise<readonly PlanNode[]> {
    const planned = [...begun];
    for (const part of parts) planned.push(await this.#byEither(part));
    if (planned.length === 1 && planned[0]) return planned[0];
    if (isQuery(document)) return planned.flatMap((plans, index) => (index > 0 ? [forget, ...plans] : plans));
    // A query may be asked in parts, one after the other. What a mutation does, or a stream, is asked for once.
    return checkPlan(this.#options, document, joinParts(planned));
  }

  /** Whole, and what that leaves out in parts. */
  async filled(planner: Planner, document: DocumentNode): Promise<readonly PlanNode[]> {
    const begun = await this.whole(planner, document).catch((cause) => {
      if (cause instanceof IncompletePlan && cause.gaps.length > 0 && cause.gaps.length < maxGaps) return cause;
      throw cause;
    });
    if (!(begun instanceof IncompletePlan)) return begun;
    return this.inParts(document, gapDocuments(document, begun.gaps), [begun.plans]);
  }

  #byEither(document: DocumentNode): Promise<PlanNode[]> {
    const { first, second } = this.#options;
    return this.whole(first, document).catch((cause) => {
      rethrowPassing(cause);
      return this.whole(second, document);
    });
  }
}

/** What another planner would not change, or what must not set off more work: a lack of time. */
export function rethrowPassing(cause: unknown): void {
  if (cause instanceof IncompletePlan) return;
  if (!(cause instanceof PlanningError) || !retried.has(cause.code)) throw cause;
}

const retried: ReadonlySet<string> = new Set(['PLANNING_FAILED', 'PLAN_LOSES_VALUES']);

const isQuery = (document: DocumentNode) =>
  document.definitions.every((node) => node.kind !== Kind.OPERATION_DEFINITION || node.operation === 'query');
