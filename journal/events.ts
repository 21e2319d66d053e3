import type { Kysely } from 'kysely';
import { parseCursor } from './cursor.ts';
import type { EntityId } from './entity-ref.ts';
import type { EventFilter, JournalEvent, NewEvent } from './envelope.ts';
import { CursorExpiredError } from './errors.ts';
import { whereFilter } from './event-filter.ts';
import { type QueryRunner, statement } from './statement.ts';
import type { EventRow, JournalTables } from './tables.ts';

/**
 * Position and sequence are counted by the statement itself. One transaction writes at a time, and pruning keeps the
 * newest event of the journal and of each subject, so both go up by one and never twice to the same number.
 */
const insertEvent = statement<Pick<EventRow, 'position' | 'sequence'>>(
  `insert into journal_event (position, id, type, source, subject, plant_code, line, partner, sequence, occurred_at,
     recorded_at, correlation_id, causation_id, actor_id, actor_kind, state_change, data)
   values ((select coalesce(max(position), 0) + 1 from journal_event), $1, $2, $3, $4, $5, $6, $7,
     (select coalesce(max(sequence), 0) + 1 from journal_event where subject = $4), $8, $9, $10, $11, $12, $13, $14, $15)
   on conflict (id) do nothing
   returning position, sequence`,
);
const findEvent = statement<EventRow>('select * from journal_event where id = $1');
const findHead = statement<{ head: number }>('select coalesce(max(position), 0) as head from journal_event');
const findPrunedTo = statement<{ pruned_to: number }>('select pruned_to from journal_state where id = 1');

/** @returns the event as recorded, and whether this call recorded it: an id that exists is not recorded again */
export async function appendEvent(
  tx: QueryRunner,
  event: NewEvent,
  recordedAt: string,
): Promise<{ readonly event: JournalEvent; readonly appended: boolean }> {
  const [appended] = await insertEvent(tx, [
    event.id,
    event.type,
    event.source,
    event.subject,
    event.plantCode,
    event.line,
    event.partner,
    event.occurredAt,
    recordedAt,
    event.correlationId,
    event.causationId,
    event.actorId,
    event.actorKind,
    event.stateChange,
    JSON.stringify(event.data),
  ]);
  if (appended) {
    const { position, sequence } = appended;
    return { event: { ...event, position: String(position), sequence, recordedAt }, appended: true };
  }
  const [existing] = await findEvent(tx, [event.id]);
  if (!existing) throw new Error(`event ${event.id} was neither appended nor found`);
  return { event: toJournalEvent(existing), appended: false };
}

/** The position of the newest committed event; 0 in an empty journal. */
export async function readHead(runner: QueryRunner): Promise<number> {
  const [row] = await findHead(runner, []);
  return row?.head ?? 0;
}

/** Events up to this position are no longer kept. */
export async function readPrunedTo(runner: QueryRunner): Promise<number> {
  const [row] = await findPrunedTo(runner, []);
  return row?.pruned_to ?? 0;
}

export async function readEvents(
  read: Kysely<JournalTables>,
  after: number,
  { filter, limit }: { readonly filter: EventFilter; readonly limit: number },
): Promise<readonly JournalEvent[]> {
  const query = read.selectFrom('journal_event').selectAll().where('position', '>', after);
  const rows = await whereFilter(query, filter).orderBy('position').limit(limit).execute();
  return rows.map(toJournalEvent);
}

/**
 * As `Journal.events.after`: cursor '0' means from the oldest event that is kept.
 * @throws InvalidCursorError, CursorExpiredError
 */
export async function readEventsAfterCursor(
  read: Kysely<JournalTables>,
  cursor: string,
  page: { readonly filter: EventFilter; readonly limit: number },
): Promise<readonly JournalEvent[]> {
  const after = parseCursor(cursor);
  if (after === 0) return readEvents(read, await readPrunedTo(read), page);
  const events = await readEvents(read, after, page);
  // Looked up after the events: what was pruned before they were read is known by now.
  const prunedTo = await readPrunedTo(read);
  if (after < prunedTo) throw new CursorExpiredError(cursor, String(prunedTo));
  return events;
}

function toJournalEvent(row: EventRow): JournalEvent {
  return {
    position: String(row.position),
    id: row.id,
    type: row.type as JournalEvent['type'],
    source: row.source,
    subject: row.subject as EntityId,
    plantCode: row.plant_code,
    line: row.line,
    partner: row.partner,
    sequence: row.sequence,
    occurredAt: row.occurred_at,
    recordedAt: row.recorded_at,
    correlationId: row.correlation_id,
    causationId: row.causation_id,
    actorId: row.actor_id,
    actorKind: row.actor_kind,
    stateChange: row.state_change,
    data: JSON.parse(row.data),
  };
}
