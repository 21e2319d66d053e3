import type { Timers } from '../../../runtime/timers.ts';
import type { PlanNode } from '../plan.ts';
import { PlanningError } from '../planning-error.ts';
import type { Planner } from './planner.ts';

/** Operations that are planned at once: the native planner works in two threads of a process of its own. */
const maxRunning = 2;

/** Operations that wait for their turn; each further one is refused at once. */
const maxWaiting = 200;

/** Milliseconds that an operation may wait, and then may be planned. Everyday operations take one or two. */
const deadlineMs = 5000;

/** Milliseconds after which an operation gives its place to one that has had none yet. */
const shareMs = 1000;

/** Milliseconds more: after a busy moment of this process the time is over before it has read the plan that is there. */
const graceMs = 20;

/** One operation on its way to a plan. */
interface Job {
  readonly operation: string;
  readonly draw: number | undefined;
  readonly resolve: (plan: PlanNode | undefined) => void;
  readonly reject: (cause: unknown) => void;
  /** Whether it has given its place away before. */
  hasGivenWay: boolean;
}

/** A job in its place. */
interface Running {
  readonly job: Job;
  /** Its share is over. */
  isLong: boolean;
  /** Whether it was stopped for another. */
  givesWay: boolean;
  stop(): void;
}

interface Waiting {
  readonly job: Job;
  stopWaiting(): void;
}

/**
 * A planner that answers in time. An operation that explodes (deep nesting over many subgraphs, interfaces with a hundred
 * implementations) holds one place until its time is over; then its work is stopped. Waiting has a time of its own: who
 * waited for long would be stopped when hardly begun, and stopping costs those who are planned beside it.
 *
 * Two of them would keep everybody else's new operations waiting for all of that time. So one that has had its share, while
 * others have had none, is stopped and begins anew behind them. When that happens to it again, it is refused: it can have
 * its whole time when there is less to do.
 */
export function boundPlanner(planner: Planner, timers: Timers): Planner {
  /** Who has had no place yet comes before who has given one away. */
  const fresh = new Set<Waiting>();
  const again = new Set<Waiting>();
  const running = new Set<Running>();

  const begin = (job: Job): void => {
    const controller = new AbortController();
    const place: Running = { job, isLong: false, givesWay: false, stop: () => controller.abort() };
    running.add(place);
    let cancel = timers.after(shareMs, () => {
      place.isLong = true;
      cancel = timers.after(deadlineMs - shareMs, () => {
        cancel = timers.after(graceMs, () => {
          job.reject(new PlanningError('PLANNING_TIMEOUT'));
          controller.abort();
        });
      });
      makeRoom();
    });
    const done = (): void => {
      cancel();
      running.delete(place);
      beginNext();
    };
    planner
      .plan(job.operation, job.draw, controller.signal)
      .then(job.resolve, (cause: unknown) => {
        if (!place.givesWay) job.reject(cause);
        else if (job.hasGivenWay) job.reject(new PlanningError('PLANNING_TIMEOUT'));
        else wait({ ...job, hasGivenWay: true }, again);
      })
      .finally(done);
  };

  const wait = (job: Job, queue: Set<Waiting>): void => {
    const stopWaiting = timers.after(deadlineMs, () => {
      queue.delete(waiting);
      job.reject(new PlanningError('PLANNING_OVERLOADED'));
    });
    const waiting = { job, stopWaiting };
    queue.add(waiting);
  };

  const beginNext = (): void => {
    for (const queue of [fresh, again]) {
      for (const waiting of queue) {
        if (running.size >= maxRunning) return;
        queue.delete(waiting);
        waiting.stopWaiting();
        begin(waiting.job);
      }
    }
  };

  /** One place is enough: who comes into it has a share, too. */
  const makeRoom = (): void => {
    if (fresh.size === 0 || [...running].some(({ givesWay }) => givesWay)) return;
    const long = [...running].find(({ isLong }) => isLong);
    if (!long) return;
    long.givesWay = true;
    long.stop();
  };

  return {
    overridePercentages: planner.overridePercentages,
    plan: (operation, draw) =>
      new Promise((resolve, reject) => {
        const job: Job = { operation, draw, resolve, reject, hasGivenWay: false };
        if (running.size < maxRunning) return begin(job);
        if (fresh.size + again.size >= maxWaiting) return reject(new PlanningError('PLANNING_OVERLOADED'));
        wait(job, fresh);
        makeRoom();
      }),
  };
}
