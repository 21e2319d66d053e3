import { type DocumentNode, Kind, print } from 'graphql';
import type { CoverageScope } from './checks/asked-fields.ts';
import { checkPlan, IncompletePlan } from './checks/check-plan.ts';
import { maxGaps } from './checks/plan-coverage.ts';
import { gapDocuments } from './gap-documents.ts';
import { joinParts } from './join-parts.ts';
import type { PlanNode } from './plan.ts';
import { type Planner, PlanningError } from './planners/planner.ts';

export interface PlannersOptions extends CoverageScope {
  /** Fast. */
  readonly first: Planner;
  /** Slow, and fails at other things. */
  readonly second: Planner;
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
