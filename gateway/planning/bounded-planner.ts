import type { Timers } from '../../runtime/timers.ts';
import type { PlanNode } from './plan.ts';
import { type Planner, PlanningError } from './planner.ts';

/**
 * Operations that are planned at once. The native planner works in two threads of a process of its own, and work that it
 * began cannot be stopped.
 */
const maxRunning = 2;

/** Operations that wait for their turn; each further one is refused at once. */
const maxWaiting = 200;

/** Milliseconds from the request to the plan. Everyday operations take one or two. */
const deadlineMs = 5000;

/**
 * A planner that answers in time: an operation that explodes (deep nesting over many subgraphs, interfaces with a
 * hundred implementations) holds one place until its thread is free again, never the event loop.
 */
export function boundPlanner(planner: Planner, timers: Timers): Planner {
  const waiting: (() => void)[] = [];
  let running = 0;
  const release = () => {
    running -= 1;
    waiting.shift()?.();
  };
  const run = (operation: string, draw: number | undefined): Promise<PlanNode | undefined> => {
    running += 1;
    return planner.plan(operation, draw).finally(release);
  };
  const plan = (operation: string, draw: number | undefined): Promise<PlanNode | undefined> =>
    new Promise((resolve, reject) => {
      let isOver = false;
      const cancel = timers.after(deadlineMs, () => {
        isOver = true;
        const position = waiting.indexOf(start);
        if (position >= 0) waiting.splice(position, 1);
        reject(tooCostly());
      });
      const start = () => {
        if (isOver) return;
        run(operation, draw).then(resolve, reject).finally(cancel);
      };
      if (running < maxRunning) return start();
      if (waiting.length < maxWaiting) return void waiting.push(start);
      cancel();
      reject(new PlanningError('PLANNING_OVERLOADED', 'Too many new operations arrive at once. Try again later.'));
    });
  return { plan, overridePercentages: planner.overridePercentages };
}

const tooCostly = () =>
  new PlanningError(
    'PLANNING_TIMEOUT',
    'This operation takes too long to plan. Ask for fewer fields, fewer levels or fewer types.',
  );
