import type { Database } from '../storage/database.ts';
import { type AuditHead, readAuditHead } from './audit-chain.ts';
import { auditHash, noHash } from './audit-hash.ts';
import type { AuditRow, JournalTables } from './tables.ts';

export type { AuditHead };

/** Rows read at once: large enough to be quick, small enough not to keep a running process from its work. */
const pageSize = 1_000;

export type AuditVerdict =
  | { readonly ok: true; readonly entries: number; readonly head: AuditHead }
  | { readonly ok: false; readonly entry: number; readonly problem: string };

/**
 * Recomputes the whole chain and names the first entry that was changed, is missing, or stands where it should not. It
 * may run beside a process that writes.
 *
 * What it can prove: whoever changes, removes or reorders entries must recompute every later hash and the recorded head.
 * Somebody with full write access to the database can do just that, and can cut the tail together with the head. Against
 * them, keep `head` of an earlier verdict outside (a signed report, another system) and pass it as `anchor`: that entry
 * must still be there with that hash (21 CFR 11.10(e); NIST SP 800-92, 5.1 on log integrity).
 */
export async function verifyAudit(database: Database<JournalTables>, anchor?: AuditHead): Promise<AuditVerdict> {
  let last: AuditHead = { number: 0, hash: noHash };
  for (;;) {
    const rows = await readPage(database, last.number);
    for (const row of rows) {
      const problem = problemOf(row, last) ?? anchorProblem(row, anchor);
      if (problem) return problem;
      last = { number: row.number, hash: row.hash };
    }
    if (rows.length > 0) continue;
    // Read after the entries: a running process may have written both since, and then there are more pages.
    const head = await readAuditHead(database.read);
    if (head.number > last.number && (await readPage(database, last.number)).length > 0) continue;
    return endProblem(last, head, anchor) ?? { ok: true, entries: last.number, head: last };
  }
}

function problemOf(row: AuditRow, last: AuditHead): AuditVerdict | undefined {
  const expected = last.number + 1;
  if (row.number !== expected) return bad(expected, `entry ${expected} is missing; ${row.number} follows`);
  if (row.previous_hash !== last.hash) return bad(row.number, 'does not continue from the entry before it');
  if (row.hash !== auditHash(row)) return bad(row.number, 'its content is not what its hash was made from');
  return undefined;
}

function anchorProblem(row: AuditRow, anchor: AuditHead | undefined): AuditVerdict | undefined {
  if (row.number !== anchor?.number || row.hash === anchor.hash) return undefined;
  return bad(row.number, 'is another than the one that was noted down');
}

function endProblem(last: AuditHead, head: AuditHead, anchor: AuditHead | undefined): AuditVerdict | undefined {
  const noted = Math.max(head.number, anchor?.number ?? 0);
  if (last.number < noted) return bad(last.number + 1, `missing, and everything after it up to ${noted}`);
  if (last.number > head.number) return bad(head.number + 1, 'stands after the recorded end of the trail');
  if (last.hash !== head.hash) return bad(last.number, 'is another than the recorded end of the trail');
  return undefined;
}

function bad(entry: number, problem: string): AuditVerdict {
  return { ok: false, entry, problem };
}

async function readPage({ read }: Database<JournalTables>, after: number): Promise<readonly AuditRow[]> {
  const query = read.selectFrom('journal_audit').selectAll().where('number', '>', after);
  return query.orderBy('number').limit(pageSize).execute();
}
