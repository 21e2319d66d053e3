import type { Runtime } from '../runtime/runtime.ts';
import type { Database } from '../storage/database.ts';
import { findCommand, findCommandByKey, unsettledCommands, unsettledCommandsOn } from './commands.ts';
import { EventFollower } from './event-follower.ts';
import { EventTail } from './event-tail.ts';
import { readEventsAfterCursor, readHead } from './events.ts';
import { activeInterlocks, listInterlocks } from './interlocks.ts';
import type { Journal } from './journal.ts';
import { createJournalTransaction } from './journal-transaction.ts';
import { listAudit } from './list-audit.ts';
import { createSharedClock, type SharedClock } from './shared-clock.ts';
import type { JournalTables } from './tables.ts';

/** On PostgreSQL a lost notification delays an event by at most this much. */
const pollIntervalMs = 1_000;

export interface JournalOptions {
  /** The store, opened with `journalMigrations`. Closing it stays with whoever opened it. */
  readonly database: Database<JournalTables>;
  readonly runtime: Runtime;
}

export async function createJournal({ database, runtime }: JournalOptions): Promise<Journal> {
  const { read } = database;
  const { log, timers } = runtime;
  const sharedClock = await createSharedClock({ database, clock: runtime.clock });
  const tail = new EventTail({ read, head: await readHead(read), log, timers });
  const stopListening = database.onCommit(() => tail.wake());
  const stopPolling = database.dialect === 'postgres' ? poll(runtime, tail, sharedClock) : () => undefined;
  let newestOwn = tail.head;

  return {
    isShared: database.dialect === 'postgres',
    now: () => sharedClock.now(),
    async write(work) {
      let newest = 0;
      const result = await database.write(async (sql) => {
        newest = 0; // it may run again
        const tx = createJournalTransaction(sql, { ...runtime, sharedClock }, (position) => {
          newest = position;
        });
        const value = await work(tx);
        await tx.end();
        runtime.crashPoints.reached('K8');
        return value;
      });
      newestOwn = Math.max(newestOwn, newest);
      return result;
    },
    events: {
      head: async () => String(await readHead(read)),
      after: (cursor, filter, limit) => readEventsAfterCursor(read, cursor, { filter, limit }),
      follow(cursor, filter, signal) {
        // "From now on" leaves out what this process has already been told is committed.
        const start = cursor === null ? { position: Math.max(tail.head, newestOwn) } : { cursor };
        return new EventFollower({ read, tail, start, filter, signal });
      },
    },
    interlocks: {
      active: (entities, restriction) => activeInterlocks(read, entities, restriction),
      list: (filter, page) => listInterlocks(read, filter, page),
    },
    commands: {
      find: (transitionId) => findCommand(read, transitionId),
      findByKey: (scopedKey) => findCommandByKey(read, scopedKey),
      unsettled: (limit, transitions) => unsettledCommands(read, limit, transitions ?? null),
      unsettledOn: (entities, except) => unsettledCommandsOn(read, entities, except),
    },
    audit: { list: (filter, page) => listAudit(read, filter, page) },
    async close() {
      stopListening();
      stopPolling();
      tail.close();
    },
  };
}

function poll({ timers }: Runtime, tail: EventTail, sharedClock: SharedClock): () => void {
  let cancel = timers.after(pollIntervalMs, again);
  function again() {
    tail.wake();
    sharedClock.keep();
    cancel = timers.after(pollIntervalMs, again);
  }
  return () => cancel();
}
