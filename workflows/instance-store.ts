import type { ExpressionBuilder, Transaction } from 'kysely';
import type { JournalEvent } from '../journal/envelope.ts';
import { isoTime } from '../runtime/clock.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Database } from '../storage/database.ts';
import { raiseException, resolveByCompletion } from './exception-rows.ts';
import type { Instance } from './instance.ts';
import { StepProblem } from './problem.ts';
import type { InstanceRow, WorkflowTables } from './tables.ts';

/** A reaction that a rule owes to an event. */
export interface OwedReaction {
  readonly rule: string;
  readonly lanes: readonly string[];
}

export interface AskedStep {
  readonly state: 'ASKED' | 'DONE';
  readonly generation: number;
  readonly input: unknown;
}

/** How an attempt ended that did not get through. */
export interface Setback {
  readonly problem: StepProblem;
  /** Null: it is left to a person. */
  readonly retryAt: string | null;
  readonly raise: boolean;
}

/**
 * What runs, durably. A finished instance is removed: what it did is in the audit trail, and the cursor keeps its event
 * from coming again. Every change of an instance is void when its revision has moved on meanwhile, because a person closed
 * it or another process was faster; what was done twice then was done under the same keys, so once.
 */
export class InstanceStore {
  readonly #database: Database<WorkflowTables>;
  readonly #runtime: Runtime;

  constructor(database: Database<WorkflowTables>, runtime: Runtime) {
    this.#database = database;
    this.#runtime = runtime;
  }

  /** @returns the position up to which every event has been turned into instances */
  async cursor(): Promise<string> {
    const { position } = await this.#database.read
      .selectFrom('workflow_cursor')
      .select('position')
      .executeTakeFirstOrThrow();
    return String(position);
  }

  /** In one transaction, so that no event is lost and none is taken twice. */
  async dispatch(event: JournalEvent, owed: readonly OwedReaction[]): Promise<void> {
    await this.#database.write(async (tx) => {
      if (!(await moveCursor(tx, event.position))) return;
      for (const { rule, lanes } of owed) await createInstance(tx, rule, lanes, event);
    });
  }

  /** Leaves out events that are no longer kept. */
  async skipTo(position: string): Promise<void> {
    await this.#database.write((tx) => moveCursor(tx, position));
  }

  /** Instances whose turn it is: first come first served, and nothing earlier in any of their lanes. */
  async ready(limit: number): Promise<readonly Instance[]> {
    const rows = await this.#database.read
      .selectFrom('workflow_instance as instance')
      .selectAll()
      .where('state', '=', 'RUNNING')
      .where(isFirstInItsLanes)
      .orderBy('position')
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map(toInstance);
  }

  async waiting(): Promise<readonly { readonly id: string; readonly nextAttemptAt: string }[]> {
    const rows = await this.#database.read
      .selectFrom('workflow_instance')
      .select(['id', 'next_attempt_at'])
      .where('state', '=', 'WAITING_RETRY')
      .execute();
    return rows.map(({ id, next_attempt_at }) => ({ id, nextAttemptAt: next_attempt_at ?? '' }));
  }

  async resume(id: string): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .updateTable('workflow_instance')
        .set(({ eb }) => ({ state: 'RUNNING', next_attempt_at: null, revision: eb('revision', '+', 1) }))
        .where('id', '=', id)
        .where('state', '=', 'WAITING_RETRY')
        .execute(),
    );
  }

  /**
   * Records what is about to be asked.
   * @returns what is recorded: the first input stays until it is refused
   * @throws StepProblem when the instance is gone: a person closed it, so nothing more is asked
   */
  async ask(instanceId: string, step: string, input: unknown): Promise<AskedStep> {
    const known = await findStep(this.#database.read, instanceId, step);
    if (known) return known;
    const recorded = await this.#database.write(async (tx) => {
      const found = await findStep(tx, instanceId, step);
      if (found || !(await exists(tx, instanceId))) return found;
      const asked: AskedStep = { state: 'ASKED', generation: 0, input };
      await tx
        .insertInto('workflow_step')
        .values({ ...asked, instance_id: instanceId, step, input: JSON.stringify(input) })
        .execute();
      return asked;
    });
    if (!recorded) throw closedMeanwhile(step);
    return recorded;
  }

  async finishStep(instanceId: string, step: string): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .updateTable('workflow_step')
        .set({ state: 'DONE' })
        .where('instance_id', '=', instanceId)
        .where('step', '=', step)
        .execute(),
    );
  }

  async nextGeneration(instanceId: string, step: string, generation: number, input: unknown): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .updateTable('workflow_step')
        .set({ generation: generation + 1, input: JSON.stringify(input) })
        .where('instance_id', '=', instanceId)
        .where('step', '=', step)
        .where('generation', '=', generation)
        .execute(),
    );
  }

  /** @returns whether an exception ended with it */
  async complete(instance: Instance): Promise<boolean> {
    return this.#database.write(async (tx) => {
      if (!(await isCurrent(tx, instance))) return false;
      await removeInstance(tx, instance.id);
      return resolveByCompletion(tx, instance.id, this.#now());
    });
  }

  async setBack(instance: Instance, { problem, retryAt, raise }: Setback): Promise<void> {
    const exceptionId = this.#runtime.ids.next();
    await this.#database.write(async (tx) => {
      if (!(await isCurrent(tx, instance))) return;
      await tx
        .updateTable('workflow_instance')
        .set({
          state: retryAt === null ? 'FAILED' : 'WAITING_RETRY',
          attempts: instance.attempts + 1,
          next_attempt_at: retryAt,
          last_problem: problem.message,
          revision: instance.revision + 1,
        })
        .where('id', '=', instance.id)
        .execute();
      if (raise) await raiseException(tx, { id: exceptionId, instance, problem, raisedAt: this.#now() });
    });
  }

  /** Instances that are neither done nor known to a person, nor behind one that is. */
  async countSilent(): Promise<number> {
    const { count } = await this.#database.read
      .selectFrom('workflow_instance as instance')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('state', '<>', 'FAILED')
      .where(isFirstInItsLanes)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('workflow_exception as exception')
              .select('exception.id')
              .whereRef('exception.instance_id', '=', 'instance.id')
              .where('exception.state', '=', 'OPEN'),
          ),
        ),
      )
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  #now(): string {
    return isoTime(this.#runtime.clock.now());
  }
}

type OfInstance = ExpressionBuilder<
  WorkflowTables & { readonly instance: WorkflowTables['workflow_instance'] },
  'instance'
>;

function isFirstInItsLanes({ not, exists, selectFrom }: OfInstance) {
  return not(
    exists(
      selectFrom('workflow_lane as own')
        .innerJoin('workflow_lane as earlier', 'earlier.lane', 'own.lane')
        .select('earlier.lane')
        .whereRef('own.instance_id', '=', 'instance.id')
        .whereRef('earlier.position', '<', 'own.position'),
    ),
  );
}

/** @returns false when the cursor is there or further already */
async function moveCursor(tx: Transaction<WorkflowTables>, position: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('workflow_cursor')
    .set({ position: Number(position) })
    .where('position', '<', Number(position))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function createInstance(
  tx: Transaction<WorkflowTables>,
  rule: string,
  lanes: readonly string[],
  event: JournalEvent,
): Promise<void> {
  const id = `${rule}/${event.id}`;
  const position = Number(event.position);
  await tx
    .insertInto('workflow_instance')
    .values({
      id,
      rule,
      position,
      event: JSON.stringify(event),
      state: 'RUNNING',
      attempts: 0,
      next_attempt_at: null,
      last_problem: null,
      revision: 0,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  for (const lane of lanes) {
    await tx
      .insertInto('workflow_lane')
      .values({ lane, position, instance_id: id })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

async function exists(tx: Transaction<WorkflowTables>, id: string): Promise<boolean> {
  const row = await tx.selectFrom('workflow_instance').select('id').where('id', '=', id).executeTakeFirst();
  return row !== undefined;
}

function closedMeanwhile(step: string): StepProblem {
  return new StepProblem({
    kind: 'REFUSED',
    step,
    code: 'CLOSED',
    system: 'ANDON',
    message: 'Somebody has closed this meanwhile.',
    remediation: null,
  });
}

async function isCurrent(tx: Transaction<WorkflowTables>, instance: Instance): Promise<boolean> {
  const row = await tx
    .selectFrom('workflow_instance')
    .select('revision')
    .where('id', '=', instance.id)
    .executeTakeFirst();
  return row?.revision === instance.revision;
}

/** Also what closing it by hand means. */
export async function removeInstance(tx: Transaction<WorkflowTables>, id: string): Promise<void> {
  await tx.deleteFrom('workflow_step').where('instance_id', '=', id).execute();
  await tx.deleteFrom('workflow_lane').where('instance_id', '=', id).execute();
  await tx.deleteFrom('workflow_instance').where('id', '=', id).execute();
}

async function findStep(
  db: Pick<Transaction<WorkflowTables>, 'selectFrom'>,
  instanceId: string,
  step: string,
): Promise<AskedStep | null> {
  const row = await db
    .selectFrom('workflow_step')
    .select(['state', 'generation', 'input'])
    .where('instance_id', '=', instanceId)
    .where('step', '=', step)
    .executeTakeFirst();
  return row ? { ...row, input: JSON.parse(row.input) } : null;
}

function toInstance({ id, rule, state, attempts, revision, event }: InstanceRow): Instance {
  return { id, rule, state, attempts, revision, event: JSON.parse(event) };
}
