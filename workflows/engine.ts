import type { EventType } from '../journal/catalogue.ts';
import type { JournalEvent } from '../journal/envelope.ts';
import type { Gap } from '../journal/gap.ts';
import type { Journal } from '../journal/journal.ts';
import { isoTime } from '../runtime/clock.ts';
import { loggedReason } from '../runtime/logged-reason.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { Turns } from '../runtime/turns.ts';
import type { Database } from '../storage/database.ts';
import { announceExceptions } from './announce-exceptions.ts';
import type { GraphClient } from './client.ts';
import type { Instance } from './instance.ts';
import { InstanceStore } from './instance-store.ts';
import { type StepProblem, toProblem } from './problem.ts';
import { afterAttempt, type NextStep } from './retry-policy.ts';
import { lanesOf, type Rule } from './rule.ts';
import { createAttempt } from './rule-graph.ts';
import type { WorkflowTables } from './tables.ts';

export interface EngineOptions {
  /** The store `workflows`, opened with `workflowMigrations`. Closing it stays with whoever opened it. */
  readonly database: Database<WorkflowTables>;
  readonly journal: Journal;
  readonly client: GraphClient;
  readonly runtime: Runtime;
  readonly rules: readonly Rule[];
  /** Instances that run at the same time. More of them finish a backlog sooner and load the systems more. @default 16 */
  readonly concurrency?: number;
}

/** Between looks at what another process may have left behind, and after the store could not be asked. */
const sweepMs = 15_000;
const troubleMs = 1_000;

/**
 * Durable reactions to events.
 *
 * The dispatcher follows the journal and turns each event, in one transaction with its cursor, into one instance for each
 * rule that listens. An instance is
 *
 * - RUNNING: owed. Entered when its event is dispatched, when its waiting is over, or when a person retries it. It is taken
 *   up when nothing earlier is left in any of its lanes; an attempt runs the rule from its beginning, and the steps that are
 *   done are passed over. Leaves by completing (it is removed), or by a problem.
 * - WAITING_RETRY: a problem that the retry table tries again. Leaves to RUNNING when its time has come. Time is measured by
 *   this process, so no change of the clock makes it late by more than the wait itself.
 * - FAILED: a problem that only a person can remove; its exception is OPEN. Leaves by `retryException` or
 *   `resolveException`. What follows in its lanes waits, since doing the later before the earlier would undo it.
 *
 * The process may end anywhere. What it had not recorded it does again, under the same idempotency keys: at least once here
 * and at most once there is exactly once. Two processes on one store do the same work twice, harmlessly, until one records
 * it.
 */
export class WorkflowEngine {
  readonly #options: EngineOptions;
  readonly #store: InstanceStore;
  readonly #rules: ReadonlyMap<string, Rule>;
  readonly #types: readonly EventType[];
  readonly #running = new Map<string, Promise<void>>();
  /** Instance to the cancellation of its timer. */
  readonly #timers = new Map<string, () => void>();
  readonly #stop = new AbortController();
  readonly #turns = new Turns();
  #background: readonly Promise<void>[] = [];
  #stopListening: () => void = () => undefined;
  #pumping: Promise<void> | null = null;
  #pumpAgain = false;
  /** Whether the journal may not know of an exception yet. */
  #unannounced = true;
  #changes = 0;
  #watchers: (() => void)[] = [];

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#store = new InstanceStore(options.database, options.runtime);
    this.#rules = new Map(options.rules.map((rule) => [rule.name, rule]));
    this.#types = [...new Set(options.rules.flatMap(({ on }) => on))];
  }

  /** Goes on where the last process stopped. */
  async start(): Promise<void> {
    await this.#adoptWaiting(0);
    this.#stopListening = this.#options.database.onCommit(() => this.#wake());
    this.#background = [this.#dispatchForever(), this.#sweepForever()];
    this.#wake();
  }

  /** What it does on account of events up to here no longer needs the journal. */
  takenUpTo(): Promise<string> {
    return this.#store.cursor();
  }

  /** Takes up nothing new, and resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#stopListening();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    await Promise.all([...this.#background, this.#pumping, ...this.#running.values()]);
    this.#changed();
  }

  /** Resolves when every event up to the journal's head has had its consequences, or a person knows why not. */
  async idle(): Promise<void> {
    for (;;) {
      const seen = this.#changes;
      if (this.#stop.signal.aborted || (await this.#isIdle())) return;
      if (seen === this.#changes) await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  async #isIdle(): Promise<boolean> {
    if (this.#running.size > 0 || this.#pumping) return false;
    const ahead = await this.#options.journal.events.after(await this.#store.cursor(), { types: this.#types }, 1);
    return ahead.length === 0 && !this.#unannounced && (await this.#store.countSilent()) === 0;
  }

  async #dispatchForever(): Promise<void> {
    const { journal, runtime } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const filter = { types: this.#types };
        for await (const item of journal.events.follow(await this.#store.cursor(), filter, signal)) {
          runtime.crashPoints.reached('K15');
          if ('gap' in item) await this.#skip(item);
          else await this.#dispatch(item);
          if (signal.aborted) return;
        }
        // Only a closed journal ends what is followed: nothing comes any more, and asking again would ask without end.
        if (!signal.aborted) runtime.log.warn('workflow journal closed');
        return;
      } catch (error) {
        runtime.log.error('workflow dispatch failed', loggedReason(error));
        await runtime.timers.sleep(troubleMs, signal);
      }
    }
  }

  async #dispatch(event: JournalEvent): Promise<void> {
    const owed = this.#options.rules.filter(({ on }) => on.includes(event.type));
    await this.#store.dispatch(
      event,
      owed.map((rule) => ({ rule: rule.name, lanes: lanesOf(rule, event) })),
    );
    this.#wake();
  }

  /** Only when this process was away for longer than the journal keeps events: then people have to compare the systems. */
  async #skip({ from, to }: Gap): Promise<void> {
    this.#options.runtime.log.error('workflow events expired', {
      from,
      to,
      remedy: 'Events in between had no consequences in other systems: compare holds, stock and downtimes by hand.',
    });
    await this.#store.skipTo(to);
  }

  async #sweepForever(): Promise<void> {
    const { runtime } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await runtime.timers.sleep(sweepMs, signal);
      if (signal.aborted) return;
      await this.#adoptWaiting(sweepMs).catch((error: unknown) =>
        runtime.log.error('workflow sweep failed', loggedReason(error)),
      );
      this.#wake();
    }
  }

  /** Takes over what waits and is overdue by `graceMs`: with none, everything that the process before this one left. */
  async #adoptWaiting(graceMs: number): Promise<void> {
    const now = this.#options.runtime.clock.now();
    for (const { id, nextAttemptAt } of await this.#store.waiting()) {
      const dueInMs = Date.parse(nextAttemptAt) - now;
      if (this.#timers.has(id) || this.#running.has(id) || (graceMs > 0 && dueInMs > -graceMs)) continue;
      this.#wakeLater(id, Math.min(Math.max(dueInMs, 0), 60_000));
    }
  }

  #wakeLater(id: string, delayMs: number): void {
    if (this.#stop.signal.aborted) return;
    this.#timers.get(id)?.();
    const { timers, log } = this.#options.runtime;
    const cancel = timers.after(delayMs, () => {
      this.#timers.delete(id);
      // On failure the sweep finds it again.
      this.#store.resume(id).then(
        () => this.#wake(),
        (error: unknown) => log.error('workflow resume failed', { instance: id, ...loggedReason(error) }),
      );
    });
    this.#timers.set(id, cancel);
  }

  /** Looks for instances whose turn it is. Calls while it looks make it look once more. */
  #wake(): void {
    this.#changed();
    if (this.#stop.signal.aborted) return;
    if (this.#pumping) {
      this.#pumpAgain = true;
      return;
    }
    this.#pumping = this.#pump()
      .catch((error: unknown) => {
        this.#unannounced = true; // the sweep looks again
        this.#options.runtime.log.error('workflow pump failed', loggedReason(error));
      })
      .then(() => {
        this.#pumping = null;
        this.#changed();
        if (!this.#pumpAgain) return;
        this.#pumpAgain = false;
        this.#wake();
      });
  }

  async #pump(): Promise<void> {
    const { concurrency = 16, database, journal } = this.#options;
    if (this.#unannounced) {
      this.#unannounced = false;
      await announceExceptions(database, journal);
    }
    const free = concurrency - this.#running.size;
    if (free <= 0) return;
    const ready = await this.#store.ready(concurrency);
    for (const instance of ready.filter(({ id }) => !this.#running.has(id)).slice(0, free)) {
      if (this.#stop.signal.aborted) return;
      const run = this.#run(instance).finally(() => {
        this.#running.delete(instance.id);
        this.#wake();
      });
      this.#running.set(instance.id, run);
    }
  }

  async #run(instance: Instance): Promise<void> {
    const { runtime } = this.#options;
    try {
      const setback = await this.#attempt(instance);
      if (setback !== null) await this.#setBack(instance, setback);
      else if (await this.#store.complete(instance)) this.#unannounced = true;
      runtime.crashPoints.reached('K17');
    } catch (error) {
      runtime.log.error('workflow progress not recorded', { instance: instance.id, ...loggedReason(error) });
      await runtime.timers.sleep(troubleMs, this.#stop.signal);
    }
  }

  /** @returns null when the rule has run to its end */
  async #attempt(instance: Instance): Promise<Setback | null> {
    const { client, runtime } = this.#options;
    const { event, id } = instance;
    const rule = this.#rules.get(instance.rule);
    const attempts = instance.attempts + 1;
    if (!rule) return setbackOf(toProblem(new Error(`No rule is called ${instance.rule} any more.`)), attempts);
    const [store, turns] = [this.#store, this.#turns];
    const graph = createAttempt({ rule, event, instanceId: id, client, store, runtime, turns });
    try {
      await rule.react(event, graph);
      return null;
    } catch (error) {
      const setback = setbackOf(toProblem(error), attempts);
      if (setback.problem.kind === 'BROKEN') {
        runtime.log.error('workflow broken', { instance: id, correlationId: event.correlationId, cause: error });
      }
      if (!setback.raise || !rule.whenStuck) return setback;
      return this.#sayStuck(setback, attempts, () => rule.whenStuck?.(event, graph, setback.problem));
    }
  }

  /** What people read in the graph matters as much as the work: where that does not get through, both are tried again. */
  async #sayStuck(setback: Setback, attempts: number, say: () => Promise<void> | undefined): Promise<Setback> {
    try {
      await say();
      return setback;
    } catch (error) {
      this.#options.runtime.log.warn('workflow stuck not said', { problem: setback.problem, cause: error });
      const { retryAfterMs } = afterAttempt(toProblem(error), attempts);
      return { ...setback, retryAfterMs: setback.retryAfterMs ?? retryAfterMs };
    }
  }

  async #setBack(instance: Instance, setback: Setback): Promise<void> {
    const { runtime } = this.#options;
    const { problem, retryAfterMs, raise } = setback;
    const retryAt = retryAfterMs === null ? null : isoTime(runtime.clock.now() + retryAfterMs);
    await this.#store.setBack(instance, { problem, retryAt, raise });
    if (raise) this.#unannounced = true;
    const { kind, code, step, message } = problem;
    const { correlationId } = instance.event;
    runtime.log.warn('workflow set back', {
      instance: instance.id,
      correlationId,
      step,
      kind,
      code,
      message,
      retryAfterMs,
    });
    if (retryAfterMs !== null) this.#wakeLater(instance.id, retryAfterMs);
  }

  #changed(): void {
    this.#changes += 1;
    for (const resolve of this.#watchers.splice(0)) resolve();
  }
}

interface Setback extends NextStep {
  readonly problem: StepProblem;
}

function setbackOf(problem: StepProblem, attempts: number): Setback {
  return { problem, ...afterAttempt(problem, attempts) };
}
