import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CrashPoint } from '../../runtime/crash-points.ts';
import { dialects, openTestJournal, type TestJournal } from '../support/database.ts';
import { hold, lot, sampleAudit, sampleCommand, sampleEvent, sampleInterlock } from '../support/journal-samples.ts';

describe.each(dialects)('the journal on %s', (dialect) => {
  let open: TestJournal;
  const passed: CrashPoint[] = [];

  beforeEach(async () => {
    passed.length = 0;
    open = await openTestJournal(dialect, { crashPoints: { reached: (point) => passed.push(point) } });
  });

  afterEach(() => open.dispose());

  const write: TestJournal['journal']['write'] = (work) => open.journal.write(work);

  describe('events', () => {
    test('come back as they were appended, with position, sequence and time of recording', async () => {
      const event = sampleEvent('e-1', { partner: 'CAFÉ', causationId: 'cause' });
      const recorded = await write((tx) => tx.append(event));
      expect(recorded).toEqual({ ...event, position: '1', sequence: 1, recordedAt: expect.any(String) });
      expect(await open.journal.events.after('0', {}, 10)).toEqual([recorded]);
      expect(await open.journal.events.head()).toBe('1');
    });

    test('are numbered 1, 2, 3 … within their subject and without a gap over all, whatever is rolled back', async () => {
      await Promise.allSettled(
        Array.from({ length: 60 }, (_, index) =>
          write(async (tx) => {
            await tx.append(sampleEvent(`e-${index}`, { subject: hold(index % 3) }));
            if (index % 5 === 4) throw new Error('rolled back');
          }),
        ),
      );
      const events = await open.journal.events.after('0', {}, 100);
      expect(events.map((event) => event.position)).toEqual(Array.from({ length: 48 }, (_, index) => `${index + 1}`));
      for (const subject of [hold(0), hold(1), hold(2)]) {
        const own = events.filter((event) => event.subject === subject);
        expect(own.map((event) => event.sequence)).toEqual(own.map((_, index) => index + 1));
      }
    });

    test('with an id that exists are not appended again, and the first one is returned', async () => {
      const first = await write((tx) => tx.append(sampleEvent('e-1')));
      const again = await write((tx) => tx.append(sampleEvent('e-1', { reason: 'other', subject: hold(2) } as never)));
      expect(again).toEqual(first);
      const both = await write((tx) => Promise.all([tx.append(sampleEvent('e-2')), tx.append(sampleEvent('e-2'))]));
      expect(both[0]).toEqual(both[1]);
      expect(await open.journal.events.head()).toBe('2');
    });

    test('are read by filter, in order, page by page', async () => {
      await write(async (tx) => {
        await tx.append(sampleEvent('1', { plantCode: 'BER' }));
        await tx.append(sampleEvent('2', { plantCode: 'MUC', line: null }));
        await tx.append({ ...sampleEvent('3'), type: 'quality.hold.released' } as never);
        await tx.append(sampleEvent('4', { partner: 'P1', subject: hold(2) }));
      });
      const read = async (filter: object, after = '0', limit = 10) =>
        (await open.journal.events.after(after, filter, limit)).map((event) => event.id).join('');
      expect(await read({})).toBe('1234');
      expect(await read({}, '2', 1)).toBe('3');
      expect(await read({ plantCodes: ['MUC'] })).toBe('2');
      expect(await read({ plantCodes: [] })).toBe('');
      expect(await read({ types: ['quality.hold.placed'] })).toBe('124');
      expect(await read({ types: [] })).toBe('');
      expect(await read({ line: 'LINE-1' })).toBe('134');
      expect(await read({ subject: hold(2) })).toBe('4');
      expect(await read({ partner: 'P1' })).toBe('4');
    });

    test.each(['', 'x', '-1', '01', '1.5', '1e3', '99999999999999999999', ' 1'])(
      'refuse the cursor "%s"',
      async (cursor) => {
        await expect(open.journal.events.after(cursor, {}, 1)).rejects.toMatchObject({
          code: 'INVALID_CURSOR',
          message: expect.stringContaining('Use the cursor of the last event that you received'),
        });
      },
    );
  });

  describe('interlocks', () => {
    test('are active on their entity from the moment that they are placed until their cause is lifted', async () => {
      const placed = await write((tx) => tx.place(sampleInterlock()));
      expect(placed).toEqual({
        ...sampleInterlock(),
        id: `${hold(1)}/${lot(1)}`,
        placedAt: expect.any(String),
        liftedAt: null,
        liftedByTransition: null,
      });
      expect(await open.journal.interlocks.active([lot(2), lot(1)])).toEqual([placed]);
      const lifted = await write((tx) => tx.lift(hold(1), 't-2'));
      expect(lifted).toEqual([{ ...placed, liftedAt: expect.any(String), liftedByTransition: 't-2' }]);
      expect(await open.journal.interlocks.active([lot(1)])).toEqual([]);
    });

    test('are found by restriction, on any number of entities, and not on others', async () => {
      await write(async (tx) => {
        await tx.place(sampleInterlock({ entityId: lot(1), restrictions: ['SHIP'] }));
        await tx.place(sampleInterlock({ entityId: lot(2), restrictions: ['CONSUME', 'MOVE'] }));
        await tx.place(sampleInterlock({ entityId: lot(1), cause: hold(2), restrictions: ['CONSUME'] }));
      });
      const find = async (lots: number[], restriction?: 'SHIP' | 'CONSUME') =>
        (await open.journal.interlocks.active(lots.map(lot), restriction)).map((found) => found.id).sort();
      const [one, two, other] = [`${hold(1)}/${lot(1)}`, `${hold(1)}/${lot(2)}`, `${hold(2)}/${lot(1)}`];
      expect(await find([])).toEqual([]);
      expect(await find([3])).toEqual([]);
      expect(await find([1], 'SHIP')).toEqual([one]);
      expect(await find([1, 2, 3], 'CONSUME')).toEqual([two, other].sort());
      expect(await find(Array.from({ length: 300 }, (_, index) => index))).toEqual([one, two, other].sort());
    });

    test('are seen by the transaction that places them', async () => {
      const seen = await write(async (tx) => {
        await tx.place(sampleInterlock());
        return tx.active([lot(1)], 'SHIP');
      });
      expect(seen).toHaveLength(1);
    });

    test('placed again by the same cause stay as they are; after they were lifted they are active again', async () => {
      const first = await write((tx) => tx.place(sampleInterlock()));
      expect(await write((tx) => tx.place(sampleInterlock({ reason: 'another', restrictions: ['MOVE'] })))).toEqual(
        first,
      );
      await write((tx) => tx.lift(hold(1), 't-2'));
      const again = await write((tx) => tx.place(sampleInterlock({ reason: 'again', placedByTransition: 't-3' })));
      expect(again).toMatchObject({ id: first.id, reason: 'again', placedByTransition: 't-3', liftedAt: null });
      expect(await open.journal.interlocks.active([lot(1)])).toEqual([again]);
    });

    test('are lifted by their own cause only, and once', async () => {
      await write((tx) => tx.place(sampleInterlock()));
      await write((tx) => tx.place(sampleInterlock({ cause: hold(2) })));
      expect(await write((tx) => tx.lift(hold(1), 't-2'))).toHaveLength(1);
      expect(await write((tx) => tx.lift(hold(1), 't-3'))).toEqual([]);
      expect((await open.journal.interlocks.active([lot(1)])).map((found) => found.cause)).toEqual([hold(2)]);
    });

    test('are listed in the order of placing, filtered, page by page', async () => {
      for (const number of [3, 1, 2]) {
        await write((tx) =>
          tx.place(sampleInterlock({ entityId: lot(number), plantCode: number === 2 ? 'MUC' : 'BER' })),
        );
      }
      await write((tx) => tx.place(sampleInterlock({ cause: hold(9), entityId: lot(9) })));
      await write((tx) => tx.lift(hold(9), 't'));
      const list = (filter: object, page: object = {}) => open.journal.interlocks.list(filter, { first: 10, ...page });
      const all = await list({});
      expect(all).toHaveLength(4);
      expect(await list({ active: true })).toHaveLength(3);
      expect((await list({ active: false })).map((found) => found.cause)).toEqual([hold(9)]);
      expect(await list({ plantCodes: ['MUC'] })).toHaveLength(1);
      expect(await list({ plantCodes: [] })).toEqual([]);
      expect(await list({ cause: hold(9) })).toHaveLength(1);
      const pages = [...(await list({}, { first: 3 })), ...(await list({}, { after: all[2]!.id }))];
      expect(pages).toEqual(all);
      await expect(list({}, { after: 'unknown' })).rejects.toMatchObject({ code: 'INVALID_CURSOR' });
    });
  });

  describe('commands', () => {
    test('are begun once per key: a repetition gets what is recorded', async () => {
      const first = await write((tx) => tx.begin(sampleCommand('t-1', { scopedKey: 'quinn/key' })));
      expect(first).toEqual({
        begun: {
          ...sampleCommand('t-1', { scopedKey: 'quinn/key' }),
          state: 'INTENT',
          outcome: null,
          answer: null,
          deferrals: 0,
          deferredReason: null,
          deferredAt: null,
          claimedUntil: null,
          begunAt: expect.any(String),
          settledAt: null,
        },
      });
      const again = await write((tx) =>
        tx.begin(sampleCommand('t-2', { scopedKey: 'quinn/key', requestHash: 'other' })),
      );
      expect(again).toEqual({ known: (first as { begun: unknown }).begun });
      expect(await open.journal.commands.find('t-2')).toBeUndefined();
      expect(await open.journal.commands.unsettledOn([lot(1)], 't-1')).toEqual([]);
      expect(await open.journal.commands.findByKey('quinn/key')).toMatchObject({ transitionId: 't-1' });
    });

    test('asked for 100 times at once with one key are begun once', async () => {
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          write((tx) => tx.begin(sampleCommand(`t-${index}`, { scopedKey: 'quinn/key' }))),
        ),
      );
      expect(results.filter((result) => 'begun' in result)).toHaveLength(1);
      const ids = results.map((result) => ('begun' in result ? result.begun : result.known).transitionId);
      expect(new Set(ids).size).toBe(1);
    });

    test('are settled once, and keep their answer', async () => {
      await write((tx) => tx.begin(sampleCommand('t-1')));
      await write((tx) => tx.settle('t-1', { outcome: 'REJECTED', answer: { code: 'ON_HOLD', n: [1, null] } }));
      const settled = { state: 'SETTLED', outcome: 'REJECTED', answer: { code: 'ON_HOLD', n: [1, null] } };
      expect(await open.journal.commands.find('t-1')).toMatchObject({ ...settled, settledAt: expect.any(String) });
      const again = write((tx) => tx.settle('t-1', { outcome: 'ACCEPTED', answer: null }));
      await expect(again).rejects.toMatchObject({ code: 'COMMAND_NOT_UNSETTLED' });
      await expect(write((tx) => tx.defer('t-1', 'late'))).rejects.toMatchObject({ code: 'COMMAND_NOT_UNSETTLED' });
      const unknown = write((tx) => tx.settle('t-9', { outcome: 'ACCEPTED', answer: null }));
      await expect(unknown).rejects.toMatchObject({ code: 'COMMAND_NOT_UNSETTLED' });
      expect(await open.journal.commands.find('t-1')).toMatchObject(settled);
    });

    test('without an outcome are found, oldest first and by what they touch, until they are settled', async () => {
      for (const number of [1, 2, 3]) {
        await write((tx) => tx.begin(sampleCommand(`t-${number}`, { touches: [lot(number), lot(0), lot(0)] })));
      }
      await write((tx) => tx.defer('t-2', 'no answer from the ERP within 5 s'));
      const ids = (commands: readonly { transitionId: string }[]) => commands.map((command) => command.transitionId);
      expect(ids(await open.journal.commands.unsettled(10))).toEqual(['t-1', 't-2', 't-3']);
      expect(ids(await open.journal.commands.unsettled(2))).toEqual(['t-1', 't-2']);
      expect(ids(await open.journal.commands.unsettledOn([lot(0)], 't-1'))).toEqual(['t-2', 't-3']);
      expect(ids(await open.journal.commands.unsettledOn([lot(1), lot(3), lot(8)], 't-9'))).toEqual(['t-1', 't-3']);
      expect(await open.journal.commands.unsettledOn([], 't-9')).toEqual([]);
      expect(await open.journal.commands.find('t-2')).toMatchObject({
        state: 'INTENT',
        deferrals: 1,
        deferredReason: 'no answer from the ERP within 5 s',
      });
      await write((tx) => tx.settle('t-2', { outcome: 'ACCEPTED', answer: null }));
      expect(ids(await open.journal.commands.unsettled(10))).toEqual(['t-1', 't-3']);
      expect(ids(await open.journal.commands.unsettledOn([lot(0)], 't-1'))).toEqual(['t-3']);
      const kept = await open.database.read.selectFrom('journal_command_touch').select('transition_id').execute();
      expect(kept.map((row) => row.transition_id).sort()).toEqual(['t-1', 't-1', 't-3', 't-3']); // of t-2 nothing
    });

    test('that touch nothing can be begun and settled', async () => {
      await write((tx) => tx.begin(sampleCommand('t-1', { touches: [] })));
      await write((tx) => tx.settle('t-1', { outcome: 'ACCEPTED', answer: null }));
      expect(await open.journal.commands.find('t-1')).toMatchObject({ state: 'SETTLED', touches: [] });
    });
  });

  describe('a transaction', () => {
    test('writes event, audit entry, interlock and outcome together or not at all', async () => {
      await write((tx) => tx.begin(sampleCommand('t-1')));
      const failing = write(async (tx) => {
        await tx.append(sampleEvent('e-1'));
        await tx.place(sampleInterlock());
        await tx.audit(sampleAudit('t-1'));
        await tx.settle('t-1', { outcome: 'ACCEPTED', answer: null });
        throw new Error('power cut');
      });
      await expect(failing).rejects.toThrow('power cut');
      expect(await open.journal.events.head()).toBe('0');
      expect(await open.journal.interlocks.active([lot(1)])).toEqual([]);
      expect(await open.journal.audit.list({}, { first: 10 })).toEqual([]);
      expect(await open.journal.commands.find('t-1')).toMatchObject({ state: 'INTENT' });
    });

    test('passes the crash points in order', async () => {
      await write((tx) => tx.begin(sampleCommand('t-1')));
      await write(async (tx) => {
        await tx.append(sampleEvent('e-1'));
        await tx.audit(sampleAudit('t-1'));
        await tx.settle('t-1', { outcome: 'ACCEPTED', answer: null });
      });
      expect(passed).toEqual(['K3', 'K8', 'K5', 'K6', 'K7', 'K8']);
    });

    test('lets other stores of the same database take part', async () => {
      await open.database.write((tx) => sql`create table workflow (id text)`.execute(tx));
      await write(async (tx) => {
        await tx.append(sampleEvent('e-1'));
        await sql`insert into workflow (id) values ('w-1')`.execute(tx.sql);
      });
      const { rows } = await sql`select id from workflow`.execute(open.database.read);
      expect(rows).toEqual([{ id: 'w-1' }]);
    });
  });
});
