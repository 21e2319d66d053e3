import { sql, type Transaction } from 'kysely';
import type { Database } from '../storage/database.ts';
import { readPrunedTo } from './events.ts';
import type { JournalTables } from './tables.ts';

const chunkSize = 1_000;

export interface PruneOptions {
  /** ISO 8601 in UTC: what was recorded then or later stays. */
  readonly recordedBefore: string;
  /** A position: what comes after it stays, however old it is. @default no bound */
  readonly upTo?: string;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/**
 * Forgets the oldest events, as far as they are old enough and everybody concerned has taken them. A reader whose cursor is
 * older gets a Gap. The newest event of each subject stays in the table, because the next one is numbered after it.
 * Choose a time well beyond the life of idempotency keys: a forgotten event's id can be appended again.
 * @returns the position up to which events are no longer kept
 */
export async function pruneEvents(database: Database<JournalTables>, options: PruneOptions): Promise<string> {
  for (;;) {
    const more = await database.write((tx) => pruneChunk(tx, options));
    if (!more || options.signal?.aborted) return String(await readPrunedTo(database.read));
  }
}

/** @returns whether there may be more to forget */
async function pruneChunk(
  tx: Transaction<JournalTables>,
  { recordedBefore, upTo: bound }: PruneOptions,
): Promise<boolean> {
  const prunedTo = await readPrunedTo(tx);
  const oldest = await tx
    .selectFrom('journal_event')
    .select(['position', 'recorded_at'])
    .where('position', '>', prunedTo)
    .$if(bound !== undefined, (query) => query.where('position', '<=', Number(bound)))
    .orderBy('position')
    .limit(chunkSize)
    .execute();
  // By position, not by time alone: clocks jump, and only a prefix may go.
  const keptFrom = oldest.findIndex((event) => event.recorded_at >= recordedBefore);
  const old = keptFrom === -1 ? oldest : oldest.slice(0, keptFrom);
  const upTo = old.at(-1)?.position;
  if (upTo === undefined) return false;
  await tx.updateTable('journal_state').set({ pruned_to: upTo }).execute();
  await sql`delete from journal_event
    where position <= ${upTo}
      and subject in (select subject from journal_event where position > ${prunedTo} and position <= ${upTo})
      and sequence < (select max(newer.sequence) from journal_event newer where newer.subject = journal_event.subject)`.execute(
    tx,
  );
  return keptFrom === -1;
}
