import type { Timers } from '../../runtime/timers.ts';
import type { PlanNode } from './plan.ts';
import { type Planner, PlanningError } from './planner.ts';

/** Operations that are planned at once: the native planner works in two threads of a process of its own. */
const maxRunning = 2;

/** Operations that wait for their turn; each further one is refused at once. */
const maxWaiting = 200;

/** Milliseconds that an operation may wait, and then may be planned. Everyday operations take one or two. */
const deadlineMs = 5000;

/** Milliseconds more: after a busy moment of this process the time is over before it has read the plan that is there. */
const graceMs = 20;

/**
 * A planner that answers in time. An operation that explodes (deep nesting over many subgraphs, interfaces with a hundred
 * implementations) holds one place until its time is over; then its work is stopped. Waiting has a time of its own: who
 * waited for long would be stopped when hardly begun, and stopping costs those who are planned beside it.
 */
export function boundPlanner(planner: Planner, timers: Timers): Planner {
  const waiting: (() => void)[] = [];
  let running = 0;
  const afterDeadline = (run: () => void) => {
    let cancel = timers.after(deadlineMs, () => {
      cancel = timers.after(graceMs, run);
    });
    return () => cancel();
  };
  const release = () => {
    running -= 1;
    waiting.shift()?.();
  };
  const run = (operation: string, draw: number | undefined): Promise<PlanNode | undefined> => {
    const controller = new AbortController();
    running += 1;
    return new Promise<PlanNode | undefined>((resolve, reject) => {
      const cancel = afterDeadline(() => {
        reject(new PlanningError('PLANNING_TIMEOUT'));
        controller.abort();
      });
      planner.plan(operation, draw, controller.signal).then(resolve, reject).finally(cancel).finally(release);
    });
  };
  const plan = (operation: string, draw: number | undefined): Promise<PlanNode | undefined> => {
    if (running < maxRunning) return run(operation, draw);
    if (waiting.length >= maxWaiting) return Promise.reject(new PlanningError('PLANNING_OVERLOADED'));
    return new Promise((resolve, reject) => {
      const cancel = afterDeadline(() => {
        waiting.splice(waiting.indexOf(start), 1);
        reject(new PlanningError('PLANNING_OVERLOADED'));
      });
      const start = () => {
        cancel();
        run(operation, draw).then(resolve, reject);
      };
      waiting.push(start);
    });
  };
  return { plan, overridePercentages: planner.overridePercentages };
}
