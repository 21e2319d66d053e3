import type { ExceptionCommand, ExceptionPort } from '../../connectors/ops/port.ts';
import { entityId } from '../../journal/entity-ref.ts';
import type { NewEvent } from '../../journal/envelope.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Database } from '../../storage/database.ts';
import { WorkflowEngine } from '../../workflows/engine.ts';
import { createExceptionPort } from '../../workflows/exception-port.ts';
import { workflowMigrations } from '../../workflows/migrations.ts';
import type { Rule } from '../../workflows/rule.ts';
import type { InstanceRow, WorkflowTables } from '../../workflows/tables.ts';
import { type DialectName, openTestJournal, type TestJournal } from '../support/database.ts';
import { testRuntime } from '../support/runtime.ts';
import type { FakeGraph } from './fake-graph.ts';

/** A journal and a store of workflows, and engines on them, one after the other or beside each other. */
export class WorkflowPlace {
  readonly journal: TestJournal['journal'];
  readonly database: Database<WorkflowTables>;
  readonly exceptions: ExceptionPort;
  readonly #place: TestJournal;
  readonly #engines: WorkflowEngine[] = [];

  private constructor(place: TestJournal, database: Database<WorkflowTables>) {
    this.#place = place;
    this.journal = place.journal;
    this.database = database;
    this.exceptions = createExceptionPort(database, place.runtime);
  }

  static async open(dialect: DialectName): Promise<WorkflowPlace> {
    const place = await openTestJournal(dialect);
    return new WorkflowPlace(place, await place.storage.open<WorkflowTables>('workflows', workflowMigrations));
  }

  async startEngine(
    client: FakeGraph,
    rules: readonly Rule[],
    runtime: Partial<Runtime> = {},
  ): Promise<WorkflowEngine> {
    const { journal, database } = this;
    const engine = new WorkflowEngine({ database, journal, client, rules, runtime: testRuntime(runtime) });
    this.#engines.push(engine);
    await engine.start();
    return engine;
  }

  async dispose(): Promise<void> {
    for (const engine of this.#engines) await engine.stop();
    await this.#place.dispose();
  }

  async append(...events: readonly NewEvent[]): Promise<void> {
    await this.journal.write(async (tx) => {
      for (const event of events) await tx.append(event);
    });
  }

  async typesSince(position: string): Promise<readonly string[]> {
    return (await this.journal.events.after(position, {}, 1000)).map(({ type }) => type);
  }

  /** What is left of every instance. */
  instances() {
    return this.database.read.selectFrom('workflow_instance').selectAll().orderBy('position').execute();
  }

  /** Looks again after every commit. */
  async until(isSo: (instances: readonly InstanceRow[]) => boolean): Promise<void> {
    let look = () => {};
    const stop = this.database.onCommit(() => look());
    for (;;) {
      const committed = new Promise<void>((resolve) => {
        look = resolve;
      });
      if (isSo(await this.instances())) break;
      await committed;
    }
    stop();
  }

  async openExceptions() {
    const page = { first: 100, after: null };
    return (await this.exceptions.exceptions({ states: ['OPEN'] }, page, { plantCodes: null })).rows;
  }

  act(name: ExceptionCommand['name'], exceptionId: string, transitionId = `${name}-1`) {
    const command: ExceptionCommand = {
      name,
      transitionId,
      plantCode: 'BER',
      expectedVersion: null,
      actorId: 'ines.integration',
      occurredAt: '2026-05-21T06:00:00.000Z',
      exceptionId,
      resolution: 'Posted by hand.',
    };
    return this.exceptions.post(command, AbortSignal.timeout(5000));
  }
}

/** An order is created: the event that the rules of these tests react to. */
export function orderCreated(orderNo: string, number = 1): NewEvent<'production.order.created'> {
  return {
    id: `created/${orderNo}/${number}`,
    type: 'production.order.created',
    source: '/plants/BER/erp',
    subject: entityId('BER', 'production-order', orderNo),
    plantCode: 'BER',
    line: 'L1',
    partner: null,
    occurredAt: '2026-05-21T06:00:00.000Z',
    correlationId: `correlation-${orderNo}`,
    causationId: null,
    actorId: 'paula.planner',
    actorKind: 'PERSON',
    stateChange: '>PLANNED',
    data: { orderNo, materialCode: 'WATER-05L', quantity: String(number), unit: 'H87' },
  };
}

/** Three steps in one system, one after the other. */
export const threeSteps: Rule<'production.order.created'> = {
  name: 'tell-three-times-when-order-created',
  on: ['production.order.created'],
  async react({ data }, graph) {
    for (const step of ['one', 'two', 'three']) {
      await graph.transition('tell', { orderNo: data.orderNo, number: data.quantity, step }, { step });
    }
  },
};
