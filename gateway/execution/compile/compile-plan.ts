import { hasContext } from '../../planning/fetches.ts';
import type { ConditionNode, PlanNode } from '../../planning/plan.ts';
import type { ExecutionScope } from '../fetch/call-subgraph.ts';
import { compileEntityFetch } from '../fetch/fetch-entities.ts';
import { compileContextFetch } from '../fetch/fetch-in-context.ts';
import { compileRootFetch } from '../fetch/fetch-root.ts';
import { forgetUnselected } from '../fetch/forget-unselected.ts';
import type { Run } from '../run.ts';
import type { Step } from '../step.ts';

/**
 * Compiles plans into steps once, which run one after the other; requests only run them. Where one of them has arguments from
 * a context, equal entities are other objects at each place: below each they may have another context.
 */
export function compilePlans(plans: readonly PlanNode[], scope: ExecutionScope): Step {
  const own: ExecutionScope = plans.some(hasContext) ? { ...scope, sharesObjects: false } : scope;
  return inSequence(plans.map((plan) => compilePlan(plan, own)));
}

/** Compiles one plan, or a step of one. */
export function compilePlan(node: PlanNode, scope: ExecutionScope): Step {
  switch (node.kind) {
    case 'fetch':
      return compileRootFetch(node, scope);
    case 'entities':
      return node.context ? compileContextFetch(node, node.context, scope) : compileEntityFetch(node, scope);
    case 'sequence':
      return inSequence(node.nodes.map((child) => compilePlan(child, scope)));
    case 'parallel':
      return inParallel(node.nodes.map((child) => compilePlan(child, scope)));
    case 'condition':
      return compileCondition(node, scope);
    case 'forget':
      return (run) => void forgetUnselected(run.root);
    case 'subscribe':
      throw new Error('A subscription starts a plan and is opened, not run.');
  }
}

export function inSequence(steps: readonly Step[]): Step {
  return async (run) => {
    for (const step of steps) await step(run);
  };
}

export function inParallel(steps: readonly Step[]): Step {
  return async (run: Run) => {
    await Promise.all(steps.map((step) => step(run)));
  };
}

function compileCondition({ variable, whenTrue, whenFalse }: ConditionNode, scope: ExecutionScope): Step {
  const onTrue = whenTrue && compilePlan(whenTrue, scope);
  const onFalse = whenFalse && compilePlan(whenFalse, scope);
  return (run) => (run.variables[variable] === true ? onTrue : onFalse)?.(run);
}
