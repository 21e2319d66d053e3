import { type DocumentNode, Kind } from 'graphql';
import { hasContext } from '../fetches.ts';
import type { PlanNode } from '../plan.ts';
import { fragmentsOf } from '../plannable.ts';
import { completePlans } from './complete-plan.ts';
import type { CoverageScope } from './coverage.ts';
import { joinRequirements } from './join-requirements.ts';
import { onlyKeyed } from './keyed-requirements.ts';
import { inOrderOfNeed } from './order-of-need.ts';
import { overwritesValues } from './overwritten-values.ts';
import { withOwnVariables } from './own-variables.ts';
import { checkCoverage, type Gap } from './plan-coverage.ts';
import { representRequirements } from './represent-requirements.ts';
import { withToldNames } from './told-names.ts';

/** A plan that does not ask for everything. */
export class IncompletePlan extends Error {
  readonly plans: readonly PlanNode[];
  /** None where a subgraph would refuse what it is asked. */
  readonly gaps: readonly Gap[];

  constructor(plans: readonly PlanNode[], gaps: readonly Gap[]) {
    super('The plan leaves something out.');
    this.plans = plans;
    this.gaps = gaps;
  }
}

/**
 * Holds a plan against its document, and completes it where the subgraphs that it asks have what it forgot.
 * @returns what is to be run one after the other
 * @throws IncompletePlan
 */
export function checkPlan(scope: CoverageScope, document: DocumentNode, plan: PlanNode | undefined): PlanNode[] {
  const told = plan && withToldNames(onlyKeyed(plan, scope), scope);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (!operation) return told ? [told] : [];
  const parts = { operation, fragments: fragmentsOf(document) };
  const cover = (some: readonly PlanNode[]) => checkCoverage(scope, parts, some);
  const rootName = scope.schema.getRootType(operation.operation)?.name ?? '';
  // Apollo's planner (2.14.4) asks for a value beside the field whose argument it is, where another subgraph gave the object.
  const timely = (one: PlanNode) => (hasContext(one) ? inOrderOfNeed(scope, rootName, one) : one);
  const plans = told ? [timely(withOwnVariables(told, operation))] : [];
  const asPlanned = cover(plans);
  if (!asPlanned.isRefused && asPlanned.gaps.length === 0) return plans;
  const represent = (one: PlanNode) => joinRequirements(scope, operation, representRequirements(scope, rootName, one));
  const represented = asPlanned.isRefused ? plans.map(represent) : plans;
  const ordered = represented.map((one) => inOrderOfNeed(scope, rootName, one));
  const { isRefused, gaps } = cover(ordered);
  if (isRefused) throw new IncompletePlan(plans, []);
  const completed = completePlans(scope, parts, ordered, gaps);
  const again = cover(completed);
  if (again.isRefused || overwritesValues(completed)) throw new IncompletePlan(plans, asPlanned.gaps);
  if (again.gaps.length > 0) throw new IncompletePlan(completed, again.gaps);
  return [...completed];
}
