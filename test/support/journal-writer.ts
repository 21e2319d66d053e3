import { writeSync } from 'node:fs';
import { createJournal } from '../../journal/create-journal.ts';
import { journalMigrations } from '../../journal/migrations.ts';
import type { JournalTables } from '../../journal/tables.ts';
import { type CrashPoint, createKillAt, noCrashPoints } from '../../runtime/crash-points.ts';
import { openStorage } from '../../storage/open-storage.ts';
import { patience } from './database.ts';
import { hold, lot, sampleAudit, sampleCommand, sampleEvent, sampleInterlock } from './journal-samples.ts';
import { testRuntime } from './runtime.ts';

/**
 * A process to kill: writes transitions from eight sides at once and prints the id of each on a line of its own once it
 * has been acknowledged. Arguments: a name that makes its ids unique, the data directory, the database URL or `-`, and
 * the crash point to die at, at which passing of it.
 */
const [name = '', dataDir = '', databaseUrl = '-', crashPoint, occurrence = '1'] = process.argv.slice(2);
const crashPoints = crashPoint ? createKillAt(crashPoint as CrashPoint, Number(occurrence)) : noCrashPoints;
const runtime = testRuntime({ crashPoints });
const storage = await openStorage({ dataDir, runtime, patience, ...(databaseUrl === '-' ? {} : { databaseUrl }) });
const database = await storage.open<JournalTables>('journal', journalMigrations);
const journal = await createJournal({ database, runtime });
let count = 0;

async function writeForEver(): Promise<void> {
  for (;;) {
    count += 1;
    const id = `${name}-${count}`;
    await journal.write((tx) => tx.begin(sampleCommand(id, { touches: [lot(count % 7)] })));
    await journal.write(async (tx) => {
      await tx.place(sampleInterlock({ entityId: lot(id), cause: hold(id) }));
      await tx.append(sampleEvent(id, { subject: hold(count % 5) }));
      await tx.audit(sampleAudit(id));
      await tx.settle(id, { outcome: 'ACCEPTED', answer: { id } });
    });
    writeSync(1, `${id}\n`); // at once: what is buffered would be lost with the process
  }
}

await Promise.all(Array.from({ length: 8 }, writeForEver));
