import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { createJournal } from '../../journal/create-journal.ts';
import type { Journal } from '../../journal/journal.ts';
import { journalMigrations } from '../../journal/migrations.ts';
import type { JournalTables } from '../../journal/tables.ts';
import { verifyAudit } from '../../journal/verify-audit.ts';
import type { Database } from '../../storage/database.ts';
import { dialects, openTestStorage, type TestStorage } from '../support/database.ts';
import { lot } from '../support/journal-samples.ts';

const program = join(resolve(dirname(fileURLToPath(import.meta.url)), '../..'), 'dist/test/support/journal-writer.js');

interface Killed {
  readonly name: string;
  /** What the process had told its caller before it died. */
  readonly acknowledged: readonly string[];
}

describe.each(dialects)('a process that writes the journal on %s', (dialect) => {
  let place: TestStorage;

  afterEach(() => place.dispose());

  async function startEmpty(): Promise<void> {
    if (!existsSync(program)) throw new Error('Run "npm run build" first: this test starts the compiled writer.');
    place = await openTestStorage(dialect);
    await place.storage.close();
  }

  /** Runs a writer until it dies at its crash point, or until it has acknowledged `count` and is killed. */
  async function writeAndDie(
    name: string,
    options: { crashAt?: string; occurrence?: number; count?: number },
  ): Promise<Killed> {
    const args = [name, place.dataDir, place.databaseUrl ?? '-', options.crashAt ?? '', `${options.occurrence ?? 1}`];
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const acknowledged: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line);
      if (acknowledged.length === options.count) child.kill('SIGKILL');
    }
    expect(await exited).toEqual([null, 'SIGKILL']);
    return { name, acknowledged };
  }

  async function expectNothingLost(runs: readonly Killed[]): Promise<void> {
    const storage = await place.reopen();
    const database: Database<JournalTables> = await storage.open('journal', journalMigrations);
    const journal = await createJournal({ database, runtime: place.runtime });
    const events = await journal.events.after('0', {}, 100_000);
    const recorded = new Set(events.map((event) => event.id));
    const acknowledged = runs.flatMap((run) => run.acknowledged);
    expect(acknowledged.filter((id) => !recorded.has(id))).toEqual([]);
    expect(recorded.size).toBe(events.length);
    expect(events.map((event) => event.position)).toEqual(events.map((_, index) => `${index + 1}`));
    await expectWholeTransitions(journal, [...recorded]);
    const unsettled = (await journal.commands.unsettled(100)).map((command) => command.transitionId);
    expect(unsettled.filter((id) => recorded.has(id))).toEqual([]);
    expect(await verifyAudit(database)).toMatchObject({ ok: true, entries: events.length });
    await journal.close();
    await storage.close();
  }

  /** The event, the interlock and the outcome of a transition stand together or not at all. */
  async function expectWholeTransitions(journal: Journal, ids: readonly string[]): Promise<void> {
    for (const id of ids.slice(-50)) {
      expect(await journal.commands.find(id)).toMatchObject({ state: 'SETTLED', answer: { id } });
      expect(await journal.interlocks.active([lot(id)], 'SHIP')).toHaveLength(1);
    }
  }

  test('loses nothing that it acknowledged when it is killed at any moment, and starts again on the same data', async () => {
    await startEmpty();
    const runs: Killed[] = [];
    for (const count of [1, 57, 200]) runs.push(await writeAndDie(`run${count}`, { count }));
    await expectNothingLost(runs);
  });

  test.each(['K3', 'K5', 'K6', 'K7', 'K8'])('loses nothing when it dies at %s', async (crashAt) => {
    await startEmpty();
    const runs = [await writeAndDie('first', { crashAt }), await writeAndDie('later', { crashAt, occurrence: 40 })];
    await expectNothingLost(runs);
  });
});
