import type { ConditionNode, PlanNode } from '../planning/plan.ts';
import type { ExecutionScope } from './call-subgraph.ts';
import { compileEntityFetch } from './fetch-entities.ts';
import { compileContextFetch } from './fetch-in-context.ts';
import { compileRootFetch } from './fetch-root.ts';
import { forgetUnselected } from './forget-unselected.ts';
import type { Run } from './run.ts';
import type { Step } from './step.ts';

/** Compiles a plan into steps once; requests only run them. */
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
