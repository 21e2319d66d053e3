import type { Kysely } from 'kysely';
import { toAuditEntry } from './audit-chain.ts';
import type { AuditEntry, AuditFilter } from './audit-entry.ts';
import { parseCursor } from './cursor.ts';
import type { Page } from './journal.ts';
import type { JournalTables } from './tables.ts';

/** Oldest first; `page.after` is the number of the last entry that the reader has. @throws InvalidCursorError */
export async function listAudit(
  read: Kysely<JournalTables>,
  filter: AuditFilter,
  page: Page,
): Promise<readonly AuditEntry[]> {
  if (filter.plantCodes?.length === 0) return [];
  let query = read.selectFrom('journal_audit').selectAll();
  if (filter.entityId !== undefined) query = query.where('entity_id', '=', filter.entityId);
  if (filter.plantCodes) query = query.where('plant_code', 'in', [...filter.plantCodes]);
  if (filter.from !== undefined) query = query.where('recorded_at', '>=', filter.from);
  if (filter.to !== undefined) query = query.where('recorded_at', '<', filter.to);
  if (page.after !== undefined) query = query.where('number', '>', parseCursor(page.after));
  return (await query.orderBy('number').limit(page.first).execute()).map(toAuditEntry);
}
