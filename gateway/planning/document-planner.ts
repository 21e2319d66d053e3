import { type DocumentNode, print } from 'graphql';
import { Turns } from '../../runtime/turns.ts';
import { checkPlan, IncompletePlan } from './checks/check-plan.ts';
import { concreteFragments } from './concrete-fragments.ts';
import { isContextual } from './contextual-fields.ts';
import { disentangle, findDemanding, splitByDemand } from './disentangle.ts';
import { hasMistakableAlias } from './mistakable-aliases.ts';
import type { PlanNode } from './plan.ts';
import { planAhead } from './plan-ahead.ts';
import { PlanAttempt, type PlannersOptions, rethrowPassing } from './plan-attempt.ts';
import type { Planner } from './planners/planner.ts';
import { PlannerCrashError } from './planners/planner-process.ts';
import { PlanningError } from './planning-error.ts';
import { stepsTogether } from './steps-together.ts';

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
 * | our own planner, by keys | the first finds no path, above all with interface objects, forgets a type, or ends over it |
 * | the second planner | the same, where ours finds none |
 * | the second planner, with fragments on object types | neither finds a path for one on an interface or union |
 * | in parts, disentangled, by either | two @requires want one field with different arguments |
 * | disentangled, and what is missing in parts | both planners forget a type |
 *
 * An operation with arguments from a context (@fromContext) is planned by the second planner only.
 *
 * @throws PlanningError of the first planner, where no way leads to a plan
 */
export function createDocumentPlanner(planners: PlannersOptions): PlanDocuments {
  const options = { ...planners, turns: new Turns() };
  const planFirst = planAhead(options.first);
  return async (documents, draw, validated) => {
    const isMistakable = documents.some((document) => hasMistakableAlias(document, options.subgraphTypes));
    if (isMistakable) await validated;
    const planned = await Promise.all(
      documents.map((document) => {
        const plainly = async () => checkPlan(options, document, await planFirst(print(document), draw, validated));
        return planOne(options, { document, draw, plainly: isMistakable ? undefined : plainly });
      }),
    );
    const isDisentangled = planned.some((plan) => plan.isDisentangled);
    // All of them are answered as one object, so all of them use the same keys.
    const alike = planned.map((plan, index) => {
      const document = documents[index];
      const isOther = document && plan.isDisentangled !== isDisentangled;
      return isOther ? planOne(options, { document, draw, plainly: undefined }) : plan;
    });
    return { plans: (await Promise.all(alike)).flatMap(({ plans }) => plans.map(stepsTogether)), isDisentangled };
  };
}

/**
 * Values from above are known to the second planner only: the first one would ask without them. Under a key that the client
 * gave to something else the second would read that.
 */
async function planInContext(options: PlannersOptions, { document, draw }: PlannedDocument): Promise<DocumentPlan> {
  const plans = await new PlanAttempt(options, draw).whole(options.second, disentangle(document));
  return { plans, isDisentangled: true };
}

interface DocumentPlannerOptions extends PlannersOptions {
  /** Of our own planner, which works where requests are answered: others are answered in between. */
  readonly turns: Turns;
}

interface PlannedDocument {
  readonly document: DocumentNode;
  readonly draw: number | undefined;
  /** The first way; absent where fields have to have keys of their own. */
  readonly plainly: (() => Promise<readonly PlanNode[]>) | undefined;
}

async function planOne(
  options: DocumentPlannerOptions,
  { document, draw, plainly }: PlannedDocument,
): Promise<DocumentPlan> {
  if (isContextual(document, options)) return planInContext(options, { document, draw, plainly });
  let failure: unknown;
  let hasGaps = false;
  let hasCrashed = false;
  const either = async (isDisentangled: boolean, way: () => Promise<readonly PlanNode[]>) => {
    try {
      return { plans: await way(), isDisentangled };
    } catch (cause) {
      rethrowPassing(cause);
      failure ??= cause;
      hasCrashed ||= cause instanceof PlanningError && cause.cause instanceof PlannerCrashError;
      hasGaps ||= cause instanceof IncompletePlan && cause.gaps.length > 0;
      return undefined;
    }
  };
  const usual = plainly && (await either(false, plainly));
  if (usual) return usual;
  const { first, second, schema, subgraphTypes } = options;
  const attempt = new PlanAttempt(options, draw);
  const demanding = findDemanding(document, schema, subgraphTypes);
  const apart = disentangle(document);
  const inParts = async (each: 'field' | 'place') => {
    const parts = splitByDemand(document, schema, demanding, each);
    return parts && either(true, () => attempt.inParts(apart, parts.map(disentangle)));
  };
  const isDemanding = demanding.size > 0;
  const filled = async (planner: Planner) => (hasGaps ? either(true, () => attempt.filled(planner, apart)) : undefined);
  const concretely = async (planner: Planner) => {
    const written = concreteFragments(apart, schema);
    return written && either(true, () => attempt.filled(planner, written));
  };
  const byKeys = () => attempt.byKeys(apart, () => options.turns.next());
  const ways = [
    (isDemanding || !plainly) && !hasCrashed && (() => either(true, () => attempt.whole(first, apart))),
    () => either(true, byKeys),
    !isDemanding && plainly && (() => either(false, () => attempt.whole(second, document))),
    () => concretely(second),
    demanding.size === 1 && (() => either(true, () => attempt.whole(second, apart))),
    demanding.size > 1 && (() => inParts('field')),
    isDemanding && (() => inParts('place')),
    !isDemanding && !plainly && (() => either(true, () => attempt.whole(second, apart))),
    !hasCrashed && (() => filled(first)),
    () => filled(second),
  ];
  for (const way of ways) {
    const planned = way && (await way());
    if (planned) return planned;
  }
  // Better the fields that are asked for than none: the others are told as missing.
  if (failure instanceof IncompletePlan) return { plans: failure.plans, isDisentangled: plainly === undefined };
  throw failure;
}
