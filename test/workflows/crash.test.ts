import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { createJournal } from '../../journal/create-journal.ts';
import { journalMigrations } from '../../journal/migrations.ts';
import type { JournalTables } from '../../journal/tables.ts';
import { workflowMigrations } from '../../workflows/migrations.ts';
import type { WorkflowTables } from '../../workflows/tables.ts';
import { dialects, openTestStorage, type TestStorage } from '../support/database.ts';
import { orderCreated } from './workflow-place.ts';

const program = join(resolve(dirname(fileURLToPath(import.meta.url)), '../..'), 'dist/test/workflows/crash-child.js');
const orders = ['1', '2', '3'];

describe.each(dialects)('a process that runs workflows on %s and is killed', (dialect) => {
  let place: TestStorage;

  afterEach(() => place.dispose());

  async function startWithEvents(): Promise<void> {
    if (!existsSync(program)) throw new Error('Run "npm run build" first: this test starts the compiled process.');
    place = await openTestStorage(dialect);
    const database = await place.storage.open<JournalTables>('journal', journalMigrations);
    const journal = await createJournal({ database, runtime: place.runtime });
    await journal.write(async (tx) => {
      for (const orderNo of orders) await tx.append(orderCreated(orderNo));
    });
    await journal.close();
    await place.storage.close();
  }

  async function run(crashAt?: string, occurrence = 1): Promise<readonly [number | null, string | null]> {
    const crash = crashAt ? [crashAt, String(occurrence)] : [];
    const args = [program, place.dataDir, place.databaseUrl ?? '-', ...crash];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    return (await once(child, 'exit')) as [number | null, string | null];
  }

  /** What the systems were asked and have done, over all lives of the process. */
  function ledger() {
    const lines = readFileSync(join(place.dataDir, 'ledger.jsonl'), 'utf8').split('\n').filter(Boolean);
    const entries = lines.map((line) => JSON.parse(line) as { readonly asked?: string; readonly done?: string });
    return {
      asked: entries.flatMap(({ asked }) => asked ?? []),
      done: entries.flatMap(({ done }) => done ?? []),
    };
  }

  async function expectFinished(): Promise<void> {
    const wanted = orders.flatMap((orderNo) =>
      ['one', 'two', 'three'].map((step) => `wf/tell-three-times-when-order-created/created/${orderNo}/1/${step}/0`),
    );
    expect(ledger().done.toSorted()).toEqual(wanted.toSorted());
    expect([...new Set(ledger().asked)].toSorted()).toEqual(wanted.toSorted());
    const storage = await place.reopen();
    const database = await storage.open<WorkflowTables>('workflows', workflowMigrations);
    expect(await database.read.selectFrom('workflow_instance').selectAll().execute()).toEqual([]);
    expect(await database.read.selectFrom('workflow_lane').selectAll().execute()).toEqual([]);
    expect(await database.read.selectFrom('workflow_step').selectAll().execute()).toEqual([]);
  }

  test.each([
    ['K15', 1],
    ['K15', 3],
    ['K16', 1],
    ['K16', 5],
    ['K16', 9],
    ['K17', 1],
    ['K17', 4],
    ['K17', 12],
  ])(
    'at %s, passing it for the %ith time, has every step done once after the next start',
    async (point, occurrence) => {
      await startWithEvents();
      expect(await run(point, occurrence)).toEqual([null, 'SIGKILL']);
      expect(await run()).toEqual([0, null]);
      await expectFinished();
    },
  );

  test('again and again, in the middle of everything, comes to the same end', async () => {
    await startWithEvents();
    for (const [point, occurrence] of [
      ['K15', 2],
      ['K16', 1],
      ['K17', 1],
      ['K16', 2],
      ['K17', 2],
    ] as const) {
      expect(await run(point, occurrence)).toEqual([null, 'SIGKILL']);
    }
    expect(await run()).toEqual([0, null]);
    await expectFinished();
  });
});
