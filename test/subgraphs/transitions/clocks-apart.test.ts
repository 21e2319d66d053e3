import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createJournal } from '../../../journal/create-journal.ts';
import type { Journal } from '../../../journal/journal.ts';
import { journalMigrations } from '../../../journal/migrations.ts';
import type { JournalTables } from '../../../journal/tables.ts';
import { systemClock } from '../../../runtime/clock.ts';
import type { Runtime } from '../../../runtime/runtime.ts';
import { TransitionExecutor } from '../../../subgraphs/transitions/transition-executor.ts';
import { openTestStorage, type TestStorage } from '../../support/database.ts';
import { testRuntime } from '../../support/runtime.ts';
import { everythingAllowed } from '../subgraph-under-test.ts';
import { holdId, operator, Press, pressId, pressTransitions } from './press.ts';

const tenMinutesMs = 600_000;

interface Node {
  readonly journal: Journal;
  readonly executor: TransitionExecutor;
}

/** Two processes on one PostgreSQL, on machines whose clocks are ten minutes apart. */
describe.each([
  ['behind', -tenMinutesMs],
  ['ahead', tenMinutesMs],
])('a process whose clock is ten minutes %s', (_which, aheadMs) => {
  let place: TestStorage;
  let press: Press;
  let sender: Node;
  let other: Node;
  let nodes: Node[] = [];

  beforeEach(async () => {
    place = await openTestStorage('postgres');
    press = new Press();
    sender = await newNode(aheadMs);
    other = await newNode(0);
    nodes = [sender, other];
  });

  afterEach(async () => {
    for (const { journal } of nodes) await journal.close();
    await place.dispose();
  });

  async function newNode(ahead: number): Promise<Node> {
    const clock = { ...systemClock, now: () => systemClock.now() + ahead };
    const runtime: Runtime = testRuntime({ clock });
    const storage = await place.reopen();
    const database = await storage.open<JournalTables>('journal', journalMigrations);
    const journal = await createJournal({ database, runtime });
    const graph = { query: async () => ({ data: null, errors: [] }) };
    const executor = new TransitionExecutor({
      system: 'MES',
      transitions: pressTransitions(press),
      port: press,
      journal,
      policies: everythingAllowed,
      graph,
      // Far longer than any machine stalls, and shorter than the clocks are apart.
      systemTimeoutMs: 120_000,
      drainTimeoutMs: 120_000,
      lateAnswerMs: 300_000,
      runtime,
    });
    return { journal, executor };
  }

  const ask = ({ executor }: Node, name: string) =>
    executor.execute({ name, input: {}, meta: { idempotencyKey: name }, principal: operator });

  const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

  test('keeps what it is sending to itself: no other sends it, too, and a hold waits for it', async () => {
    let open: () => void = () => undefined;
    press.gate = new Promise((resolve) => {
      open = resolve;
    });
    const starting = ask(sender, 'startPress');
    while (press.sent === 0) await turn();
    await other.executor.settleUnsettled();
    const locking = ask(other, 'lockPress');
    while ((await other.journal.interlocks.active([pressId])).length === 0) await turn();
    let isLocked = false;
    void locking.then(() => {
      isLocked = true;
    });
    // As many looks as it takes somebody who does not wait.
    for (let look = 0; look < 20; look += 1) await other.journal.commands.unsettledOn([pressId], '');
    expect({ sent: press.sent, isLocked }).toEqual({ sent: 1, isLocked: false });
    open();
    expect(await starting).toMatchObject({ outcome: 'ACCEPTED' });
    expect(await locking).toMatchObject({ outcome: 'ACCEPTED', subjectId: holdId });
  });

  test('leaves what a slow system may still carry out: no other refuses it while it may', async () => {
    press.faults.push('NOT_DONE_AND_NO_ANSWER');
    expect(await ask(sender, 'startPress')).toMatchObject({ outcome: 'PENDING' });
    await ask(other, 'lockPress');
    expect(await other.executor.settleUnsettled()).toBe(false);
    press.carryOutLate();
    expect(await other.executor.settleUnsettled()).toBe(true);
    expect(await ask(sender, 'startPress')).toMatchObject({ originalOutcome: 'ACCEPTED' });
  });
});
