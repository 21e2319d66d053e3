import { type SelectQueryBuilder, sql } from 'kysely';
import type { EventFilter, JournalEvent } from './envelope.ts';
import type { JournalTables } from './tables.ts';

type EventQuery<Selected> = SelectQueryBuilder<JournalTables, 'journal_event', Selected>;

/** The same question twice, asked of an event in memory and of the table; a test holds them together. */
export function matchesFilter(event: JournalEvent, filter: EventFilter): boolean {
  if (filter.types && !filter.types.includes(event.type)) return false;
  if (filter.plantCodes && !filter.plantCodes.includes(event.plantCode)) return false;
  if (filter.line !== undefined && event.line !== filter.line) return false;
  if (filter.subject !== undefined && event.subject !== filter.subject) return false;
  return filter.partner === undefined || event.partner === filter.partner;
}

export function whereFilter<Selected>(query: EventQuery<Selected>, filter: EventFilter): EventQuery<Selected> {
  let filtered = query;
  if (filter.types) filtered = whereOneOf(filtered, 'type', filter.types);
  if (filter.plantCodes) filtered = whereOneOf(filtered, 'plant_code', filter.plantCodes);
  if (filter.line !== undefined) filtered = filtered.where('line', '=', filter.line);
  if (filter.subject !== undefined) filtered = filtered.where('subject', '=', filter.subject);
  if (filter.partner !== undefined) filtered = filtered.where('partner', '=', filter.partner);
  return filtered;
}

/** An empty list means nothing, not everything; PostgreSQL has no empty `in ()`. */
function whereOneOf<Selected>(
  query: EventQuery<Selected>,
  column: 'type' | 'plant_code',
  values: readonly string[],
): EventQuery<Selected> {
  return values.length === 0 ? query.where(sql<boolean>`1 = 0`) : query.where(column, 'in', [...values]);
}
