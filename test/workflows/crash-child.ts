import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createJournal } from '../../journal/create-journal.ts';
import { journalMigrations } from '../../journal/migrations.ts';
import type { JournalTables } from '../../journal/tables.ts';
import { type CrashPoint, createKillAt, noCrashPoints } from '../../runtime/crash-points.ts';
import { openStorage } from '../../storage/open-storage.ts';
import { WorkflowEngine } from '../../workflows/engine.ts';
import { workflowMigrations } from '../../workflows/migrations.ts';
import type { WorkflowTables } from '../../workflows/tables.ts';
import { patience } from '../support/database.ts';
import { testRuntime } from '../support/runtime.ts';
import { type Asked, FakeGraph } from './fake-graph.ts';
import { threeSteps } from './workflow-place.ts';

/**
 * A process to kill: runs workflows on the stores of `dataDir` until there is nothing left to do. Its graph remembers, in a
 * file, what was asked and what was done, as another process would. Arguments: the data directory, the database URL or `-`,
 * and the crash point to die at, at which passing of it.
 */
const [dataDir = '', databaseUrl = '-', crashPoint, occurrence = '1'] = process.argv.slice(2);
const crashPoints = crashPoint ? createKillAt(crashPoint as CrashPoint, Number(occurrence)) : noCrashPoints;
const runtime = testRuntime();
const storage = await openStorage({ dataDir, runtime, patience, ...(databaseUrl === '-' ? {} : { databaseUrl }) });
const journal = await createJournal({
  database: await storage.open<JournalTables>('journal', journalMigrations),
  runtime,
});
const database = await storage.open<WorkflowTables>('workflows', workflowMigrations);

const ledger = join(dataDir, 'ledger.jsonl');
const lines = existsSync(ledger) ? readFileSync(ledger, 'utf8').split('\n').filter(Boolean) : [];
const graph = new FakeGraph();
for (const done of lines.map((line) => JSON.parse(line) as { readonly done?: string })) {
  if (done.done) graph.remember(done.done);
}
graph.reply = ({ key, input }: Asked) => {
  appendFileSync(ledger, `${JSON.stringify({ asked: key, input })}\n`);
  appendFileSync(ledger, `${JSON.stringify({ done: key })}\n`);
  return 'ACCEPT';
};

const engine = new WorkflowEngine({
  database,
  journal,
  client: graph,
  rules: [threeSteps],
  runtime: testRuntime({ crashPoints }),
});
await engine.start();
await engine.idle();
await engine.stop();
await journal.close();
await storage.close();
