import type { PlanNode } from './plan.ts';
import type { Planner } from './planners/planner.ts';
import { PlannerCrashError } from './planners/planner-process.ts';
import { PlanningError } from './planning-error.ts';

/**
 * Plans an operation while its document is being validated, which takes about as long.
 * @param validated rejects where the document is refused: then its plan is dropped, and this rejects alike
 * @throws PlanningError
 */
export type PlanAhead = (
  operation: string,
  draw: number | undefined,
  validated: Promise<unknown>,
) => Promise<PlanNode | undefined>;

/**
 * Only while nothing else is being planned, so that documents which are refused keep nobody waiting; and no more at all
 * once one of them has ended the planner or held it up.
 */
export function planAhead(planner: Planner): PlanAhead {
  let running = 0;
  let isWorthIt = true;
  return async (operation, draw, validated) => {
    if (running > 0 || !isWorthIt) await validated;
    running += 1;
    const planned = planner.plan(operation, draw).finally(() => {
      running -= 1;
    });
    planned.catch((cause: unknown) =>
      validated.catch(() => {
        if (isHarmful(cause)) isWorthIt = false;
      }),
    );
    await validated;
    return planned;
  };
}

function isHarmful(cause: unknown): boolean {
  if (!(cause instanceof PlanningError)) return false;
  return cause.code === 'PLANNING_TIMEOUT' || cause.cause instanceof PlannerCrashError;
}
