import { sql } from 'kysely';
import type { Clock } from '../runtime/clock.ts';
import type { Database } from '../storage/database.ts';
import type { JournalTables } from './tables.ts';

const lookIntervalMs = 10_000;
/** An answer that took longer says too little about when it was given, where answers do not usually take that long. */
const promptMs = 250;
const firstLooks = 5;

export interface SharedClockOptions {
  readonly database: Pick<Database<JournalTables>, 'read' | 'dialect'>;
  readonly clock: Clock;
}

/** The time by which processes of one journal agree on who is completing a command, and until when. */
export interface SharedClock extends Pick<Clock, 'now'> {
  /** To be called every now and then: looks at the database's clock where the last look is long ago. */
  keep(): void;
}

/**
 * That of the database where several processes share it: the clocks of their machines differ and jump, and to one that is a
 * few seconds ahead every claim of the others would have run out. Between two looks the monotonic clock carries it on.
 */
export async function createSharedClock({ database, clock }: SharedClockOptions): Promise<SharedClock> {
  if (database.dialect === 'sqlite') return { now: () => clock.now(), keep: () => undefined };
  let aheadMs = 0;
  let tookMs = Number.POSITIVE_INFINITY;
  let lookedAt = clock.monotonic();

  async function look(): Promise<void> {
    const askedAt = clock.monotonic();
    lookedAt = askedAt;
    const query = sql<{ now: number }>`select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as now`;
    const { rows } = await query.execute(database.read);
    const answeredAt = clock.monotonic();
    const [row] = rows;
    if (!row || answeredAt - askedAt > Math.max(promptMs, 2 * tookMs)) return;
    tookMs = answeredAt - askedAt;
    aheadMs = row.now - (askedAt + answeredAt) / 2;
  }

  for (let looks = 0; looks < firstLooks && tookMs > promptMs; looks += 1) await look();
  return {
    now: () => Math.round(clock.monotonic() + aheadMs),
    keep() {
      // While the database is away nothing is claimed either.
      if (clock.monotonic() - lookedAt >= lookIntervalMs) look().catch(() => undefined);
    },
  };
}
