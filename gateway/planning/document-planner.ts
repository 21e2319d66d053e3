import { type DocumentNode, Kind, print } from 'graphql';
import type { CoverageScope } from './asked-fields.ts';
import { completePlans } from './complete-plan.ts';
import { disentangle, findDemanding, splitByDemand } from './disentangle.ts';
import { gapDocuments } from './gap-documents.ts';
import { joinParts } from './join-parts.ts';
import { onlyKeyed } from './keyed-requirements.ts';
import { hasMistakableAlias } from './mistakable-aliases.ts';
import { inOrderOfNeed } from './order-of-need.ts';
import { overwritesValues } from './overwritten-values.ts';
import type { PlanNode } from './plan.ts';
import { planAhead } from './plan-ahead.ts';
import { checkCoverage, type Gap, maxGaps } from './plan-coverage.ts';
import { fragmentsOf } from './plannable.ts';
import { type Planner, PlanningError } from './planner.ts';

export interface DocumentPlannerOptions extends CoverageScope {
  /** Fast. */
  readonly first: Planner;
  /** Slow, and fails at other things. */
  readonly second: Planner;
}

export interface DocumentPlan {
  /** To be run one after the other; none where there is nothing to ask. */
  readonly plans: readonly PlanNode[];
  /** Whether selected fields have keys of their own: see `disentangle`. */
  readonly isDisentangled: boolean;
}

/**
 * Plans the documents of one operation, which are run one after the other.
 * @param validated rejects where the client's document is refused, and so does this
 * @throws PlanningError
 */
export type PlanDocuments = (
  documents: readonly DocumentNode[],
  draw: number | undefined,
  validated: Promise<unknown>,
) => Promise<DocumentPlan>;

/**
 * Checks every plan. Where a planner fails, or its plan would lose or confuse values, the next way
 * is tried:
 *
 * | way | helps where |
 * |---|---|
 * | the first planner | nearly always |
 * | the first planner, disentangled | a @requires and the client want one field with different arguments, or the client calls another field like a key |
 * | the second planner | the first finds no path, or forgets a type |
 * | in parts, disentangled, by either | two @requires want one field with different arguments |
 * | disentangled, and what is missing in parts | both planners forget a type |
 *
 * @throws PlanningError of the first planner, where no way leads to a plan
 */
export function createDocumentPlanner(options: DocumentPlannerOptions): PlanDocuments {
  const { first, second, schema, subgraphTypes } = options;
  const planFirst = planAhead(first);

  const check = (document: DocumentNode, plan: PlanNode | undefined): PlanNode[] => {
    const plans = plan ? [onlyKeyed(plan, options)] : [];
    const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
    if (!operation) return plans;
    const parts = { operation, fragments: fragmentsOf(document) };
    const cover = (some: readonly PlanNode[]) => checkCoverage(options, parts, some);
    const { isRefused, gaps } = cover(plans);
    if (!isRefused && gaps.length === 0) return plans;
    if (isRefused) throw new IncompletePlan(plans, []);
    const rootName = schema.getRootType(operation.operation)?.name ?? '';
    const ordered = plans.map((plan) => inOrderOfNeed(options, rootName, plan));
    const completed = completePlans(options, parts, ordered, cover(ordered).gaps);
    const again = cover(completed);
    if (again.isRefused || overwritesValues(completed)) throw new IncompletePlan(plans, gaps);
    if (again.gaps.length > 0) throw new IncompletePlan(completed, again.gaps);
    return [...completed];
  };

  const attempt = async (planner: Planner, document: DocumentNode, draw: number | undefined): Promise<PlanNode[]> =>
    check(document, await planner.plan(print(document), draw));

  const attemptParts = async (
    document: DocumentNode,
    parts: readonly DocumentNode[],
    draw: number | undefined,
    begun: readonly (readonly PlanNode[])[] = [],
  ): Promise<readonly PlanNode[]> => {
    const planned = [...begun];
    for (const part of parts) {
      const own = await attempt(first, part, draw).catch((cause) => {
        rethrowPassing(cause);
        return attempt(second, part, draw);
      });
      planned.push(own);
    }
    if (planned.length === 1 && planned[0]) return planned[0];
    if (isQuery(document)) return planned.flatMap((plans, index) => (index > 0 ? [forget, ...plans] : plans));
    // A query may be asked in parts, one after the other. What a mutation does, or a stream, is asked for once.
    return check(document, joinParts(planned));
  };

  const attemptFilled = async (planner: Planner, document: DocumentNode, draw: number | undefined) => {
    const begun = await attempt(planner, document, draw).catch((cause) => {
      if (cause instanceof IncompletePlan && cause.gaps.length > 0 && cause.gaps.length < maxGaps) return cause;
      throw cause;
    });
    if (!(begun instanceof IncompletePlan)) return begun;
    return attemptParts(document, gapDocuments(document, begun.gaps), draw, [begun.plans]);
  };

  const planOne = async (
    document: DocumentNode,
    draw: number | undefined,
    plainly: (() => Promise<readonly PlanNode[]>) | undefined,
  ): Promise<DocumentPlan> => {
    let failure: unknown;
    let hasGaps = false;
    const either = async (isDisentangled: boolean, way: () => Promise<readonly PlanNode[]>) => {
      try {
        return { plans: await way(), isDisentangled };
      } catch (cause) {
        rethrowPassing(cause);
        failure ??= cause;
        hasGaps ||= cause instanceof IncompletePlan && cause.gaps.length > 0;
        return undefined;
      }
    };
    const usual = plainly && (await either(false, plainly));
    if (usual) return usual;
    const demanding = findDemanding(document, schema, subgraphTypes);
    const apart = disentangle(document);
    const inParts = async (each: 'field' | 'place') => {
      const parts = splitByDemand(document, schema, demanding, each);
      return parts && either(true, () => attemptParts(apart, parts.map(disentangle), draw));
    };
    const filled = async (planner: Planner) =>
      hasGaps ? either(true, () => attemptFilled(planner, apart, draw)) : undefined;
    const isDemanding = demanding.size > 0;
    const ways = [
      (isDemanding || !plainly) && (() => either(true, () => attempt(first, apart, draw))),
      !isDemanding && plainly && (() => either(false, () => attempt(second, document, draw))),
      demanding.size === 1 && (() => either(true, () => attempt(second, apart, draw))),
      demanding.size > 1 && (() => inParts('field')),
      isDemanding && (() => inParts('place')),
      !isDemanding && !plainly && (() => either(true, () => attempt(second, apart, draw))),
      () => filled(first),
      () => filled(second),
    ];
    for (const way of ways) {
      const planned = way && (await way());
      if (planned) return planned;
    }
    // Better the fields that are asked for than none: the others are told as missing.
    if (failure instanceof IncompletePlan) return { plans: failure.plans, isDisentangled: plainly === undefined };
    throw failure;
  };

  return async (documents, draw, validated) => {
    const isMistakable = documents.some((document) => hasMistakableAlias(document, subgraphTypes));
    if (isMistakable) await validated;
    const planned = await Promise.all(
      documents.map((document) => {
        const plainly = async () => check(document, await planFirst(print(document), draw, validated));
        return planOne(document, draw, isMistakable ? undefined : plainly);
      }),
    );
    const isDisentangled = planned.some((plan) => plan.isDisentangled);
    // All of them are answered as one object, so all of them use the same keys.
    const alike = planned.map((plan, index) => {
      const document = documents[index];
      return document && plan.isDisentangled !== isDisentangled ? planOne(document, draw, undefined) : plan;
    });
    return { plans: (await Promise.all(alike)).flatMap(({ plans }) => plans), isDisentangled };
  };
}

const forget = { kind: 'forget' } as const;

/** A plan that does not ask for everything. */
class IncompletePlan extends Error {
  readonly plans: readonly PlanNode[];
  /** None where a subgraph would refuse what it is asked. */
  readonly gaps: readonly Gap[];

  constructor(plans: readonly PlanNode[], gaps: readonly Gap[]) {
    super('The plan leaves something out.');
    this.plans = plans;
    this.gaps = gaps;
  }
}

/** What another planner would not change, or what must not set off more work: a lack of time. */
function rethrowPassing(cause: unknown): void {
  if (cause instanceof IncompletePlan) return;
  if (!(cause instanceof PlanningError) || !retried.has(cause.code)) throw cause;
}

const retried: ReadonlySet<string> = new Set(['PLANNING_FAILED', 'PLAN_LOSES_VALUES']);

const isQuery = (document: DocumentNode) =>
  document.definitions.every((node) => node.kind !== Kind.OPERATION_DEFINITION || node.operation === 'query');
