import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { sql, type Transaction } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { auditHash } from '../../journal/audit-hash.ts';
import { canonicalJson } from '../../journal/canonical-json.ts';
import type { AuditRow, JournalTables } from '../../journal/tables.ts';
import { type AuditHead, type AuditVerdict, verifyAudit } from '../../journal/verify-audit.ts';
import { dialects, openTestJournal, type TestJournal } from '../support/database.ts';
import { lot, sampleAudit } from '../support/journal-samples.ts';

const entries = 12;

/** What somebody with the database in hand may do to one entry. */
type Tampering =
  | { readonly act: 'edit'; readonly number: number; readonly column: keyof AuditRow; readonly text: string }
  | { readonly act: 'delete'; readonly number: number }
  | { readonly act: 'swap'; readonly number: number; readonly other: number }
  | { readonly act: 'truncate'; readonly number: number }
  | { readonly act: 'add'; readonly text: string };

const textColumns = [
  'recorded_at',
  'occurred_at',
  'transition_id',
  'transition',
  'outcome',
  'entity_id',
  'plant_code',
  'actor_id',
  'actor_name',
  'actor_kind',
  'reason_code',
  'reason_text',
  'correlation_id',
  'causation_id',
  'from_state',
  'to_state',
  'details',
  'previous_hash',
  'hash',
] as const satisfies readonly (keyof AuditRow)[];

const number = fc.integer({ min: 1, max: entries });
const text = fc.string({ unit: 'grapheme' }).filter((drawn) => !drawn.includes('\0'));
const tampering: fc.Arbitrary<Tampering> = fc.oneof(
  fc.record({ act: fc.constant('edit' as const), number, column: fc.constantFrom(...textColumns), text }),
  fc.record({ act: fc.constant('delete' as const), number }),
  fc
    .record({ act: fc.constant('swap' as const), number, other: number })
    .filter((drawn) => drawn.number !== drawn.other),
  fc.record({ act: fc.constant('truncate' as const), number }),
  fc.record({ act: fc.constant('add' as const), text }),
);

async function tamper(tx: Transaction<JournalTables>, how: Tampering): Promise<void> {
  const at = (wanted: number) =>
    tx.selectFrom('journal_audit').selectAll().where('number', '=', wanted).executeTakeFirstOrThrow();
  if (how.act === 'edit') {
    const row = await at(how.number);
    fc.pre(row[how.column] !== how.text);
    await tx
      .updateTable('journal_audit')
      .set({ [how.column]: how.text })
      .where('number', '=', how.number)
      .execute();
  }
  if (how.act === 'delete') await tx.deleteFrom('journal_audit').where('number', '=', how.number).execute();
  if (how.act === 'truncate') await tx.deleteFrom('journal_audit').where('number', '>=', how.number).execute();
  if (how.act === 'swap') {
    const renumber = (from: number, to: number) =>
      tx.updateTable('journal_audit').set({ number: to }).where('number', '=', from).execute();
    await renumber(how.number, 0);
    await renumber(how.other, how.number);
    await renumber(0, how.other);
  }
  if (how.act === 'add') {
    const last = await at(entries);
    const forged = { ...last, number: entries + 1, previous_hash: last.hash, reason_text: how.text };
    await tx
      .insertInto('journal_audit')
      .values({ ...forged, hash: auditHash(forged) })
      .execute();
  }
}

describe.each(dialects)('the audit trail on %s', (dialect) => {
  let open: TestJournal;

  beforeEach(async () => {
    open = await openTestJournal(dialect);
  });

  afterEach(() => open.dispose());

  const record = (id: string, changes = {}) => open.journal.write((tx) => tx.audit(sampleAudit(id, changes)));

  test('numbers and chains its entries, also several of one transaction', async () => {
    await open.journal.write(async (tx) => {
      await tx.audit(sampleAudit('t-1'));
      await tx.audit(sampleAudit('t-2'));
    });
    await Promise.allSettled([
      record('t-3'),
      open.journal.write(async (tx) => {
        await tx.audit(sampleAudit('rolled back'));
        throw new Error('no');
      }),
      record('t-4'),
    ]);
    const trail = await open.journal.audit.list({}, { first: 10 });
    expect(trail.map((entry) => [entry.number, entry.transitionId])).toEqual([
      [1, 't-1'],
      [2, 't-2'],
      [3, 't-3'],
      [4, 't-4'],
    ]);
    expect(trail.map((entry) => entry.previousHash)).toEqual([
      '0'.repeat(64),
      ...trail.slice(0, 3).map((entry) => entry.hash),
    ]);
    expect(await verifyAudit(open.database)).toEqual({
      ok: true,
      entries: 4,
      head: { number: 4, hash: trail[3]!.hash },
    });
  });

  test('hashes what an auditor can recompute from the entry alone: RFC 8785 and SHA-256', async () => {
    const entry = await record('t-1', { details: { b: [1.5, true, null], a: { é: '"', A: '' } }, reasonText: null });
    const { previousHash, hash, ...content } = entry;
    const expected = createHash('sha256')
      .update(`${previousHash}\n${canonicalJson(content)}`)
      .digest('hex');
    expect(hash).toBe(expected);
    expect(canonicalJson({ b: [1.5, true, null], a: { é: '"', A: '' } })).toBe(
      '{"a":{"A":"","é":"\\""},"b":[1.5,true,null]}',
    );
    expect((await open.journal.audit.list({}, { first: 1 }))[0]).toEqual(entry);
  });

  test('is whole whatever stands in the names and reasons that it was given', async () => {
    const anyText = fc
      .array(fc.oneof(fc.constantFrom(0, 0xd800, 0xdfff, 0xfffe), fc.nat({ max: 0xffff })), { maxLength: 8 })
      .map((units) => String.fromCharCode(...units));
    await fc.assert(
      fc.asyncProperty(anyText, anyText, async (actorName, reasonText) => {
        await record('t', { actorName, reasonText, details: { actorName } });
        expect(await verifyAudit(open.database)).toMatchObject({ ok: true });
      }),
      { numRuns: 50 },
    );
  });

  test('is listed by entity, plant and time, page by page', async () => {
    for (const id of ['t-1', 't-2', 't-3']) {
      await record(id, { entityId: lot(id), plantCode: id === 't-3' ? 'MUC' : 'BER' });
    }
    const list = async (filter: object, page: object = {}) =>
      (await open.journal.audit.list(filter, { first: 10, ...page })).map((entry) => entry.transitionId);
    expect(await list({ entityId: lot('t-2') })).toEqual(['t-2']);
    expect(await list({ plantCodes: ['BER'] })).toEqual(['t-1', 't-2']);
    expect(await list({ plantCodes: [] })).toEqual([]);
    expect(await list({}, { after: '1', first: 1 })).toEqual(['t-2']);
    expect(await list({ from: '2000-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z' })).toHaveLength(3);
    expect(await list({ from: '2100-01-01T00:00:00.000Z' })).toEqual([]);
    expect(await list({ to: '2000-01-01T00:00:00.000Z' })).toEqual([]);
    await expect(list({}, { after: 'x' })).rejects.toMatchObject({ code: 'INVALID_CURSOR' });
  });

  test('can be verified while it grows', async () => {
    let writing = true;
    const writer = (async () => {
      for (let count = 0; writing; count += 1) await record(`t-${count}`);
    })();
    for (let count = 0; count < 20; count += 1) expect(await verifyAudit(open.database)).toMatchObject({ ok: true });
    writing = false;
    await writer;
  });

  test('an empty trail is whole', async () => {
    expect(await verifyAudit(open.database)).toEqual({
      ok: true,
      entries: 0,
      head: { number: 0, hash: '0'.repeat(64) },
    });
  });
});

describe.each(dialects)('tampering with the audit trail on %s', (dialect) => {
  let open: TestJournal;
  let head: AuditHead;

  beforeAll(async () => {
    open = await openTestJournal(dialect);
    for (let count = 1; count <= entries; count += 1) {
      await open.journal.write((tx) => tx.audit(sampleAudit(`t-${count}`, { reasonCode: count % 2 ? null : 'A' })));
    }
    const verdict = await verifyAudit(open.database);
    if (verdict.ok) head = verdict.head;
  });

  afterAll(() => open.dispose());

  /** Tampers, verifies, and takes it back: the transaction never commits. */
  async function verdictAfter(
    act: (tx: Transaction<JournalTables>) => Promise<unknown>,
    anchor?: AuditHead,
  ): Promise<AuditVerdict> {
    const undone = new Error('undone');
    let verdict: AuditVerdict | undefined;
    const writing = open.database.write(async (tx) => {
      await act(tx);
      verdict = await verifyAudit({ ...open.database, read: tx }, anchor);
      throw undone;
    });
    await writing.catch((error: unknown) => {
      if (error !== undone) throw error;
    });
    return verdict as AuditVerdict;
  }

  test('any edit, deletion, exchange, truncation or addition is found', async () => {
    await fc.assert(
      fc.asyncProperty(tampering, async (how) => {
        expect(await verdictAfter((tx) => tamper(tx, how))).toMatchObject({ ok: false });
      }),
      { numRuns: dialect === 'sqlite' ? 1_000 : 60 },
    );
    expect(await verifyAudit(open.database)).toMatchObject({ ok: true, entries });
  });

  test('is named by the first entry that is wrong', async () => {
    expect(
      await verdictAfter((tx) => tamper(tx, { act: 'edit', number: 5, column: 'reason_text', text: 'other' })),
    ).toEqual({
      ok: false,
      entry: 5,
      problem: 'its content is not what its hash was made from',
    });
    expect(await verdictAfter((tx) => tamper(tx, { act: 'delete', number: 5 }))).toEqual({
      ok: false,
      entry: 5,
      problem: 'entry 5 is missing; 6 follows',
    });
    expect(await verdictAfter((tx) => tamper(tx, { act: 'truncate', number: 9 }))).toEqual({
      ok: false,
      entry: 9,
      problem: `missing, and everything after it up to ${entries}`,
    });
  });

  test('by somebody who recomputes the chain and its recorded end is found with a hash that was noted down', async () => {
    const rewrite = async (tx: Transaction<JournalTables>) => {
      await tamper(tx, { act: 'truncate', number: entries });
      const row = await tx
        .selectFrom('journal_audit')
        .selectAll()
        .where('number', '=', entries - 1)
        .executeTakeFirstOrThrow();
      const forged = { ...row, reason_text: 'forged' };
      const hash = auditHash(forged);
      await tx
        .updateTable('journal_audit')
        .set({ reason_text: 'forged', hash })
        .where('number', '=', row.number)
        .execute();
      await sql`update journal_state set audit_number = ${row.number}, audit_hash = ${hash}`.execute(tx);
    };
    expect(await verdictAfter(rewrite)).toMatchObject({ ok: true });
    expect(await verdictAfter(rewrite, head)).toMatchObject({ ok: false, entry: entries });
    expect(await verifyAudit(open.database, head)).toMatchObject({ ok: true });
    expect(await verifyAudit(open.database, { number: 3, hash: 'another' })).toMatchObject({ ok: false, entry: 3 });
  });
});
