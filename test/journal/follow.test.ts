import { setMaxListeners } from 'node:events';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { createJournal } from '../../journal/create-journal.ts';
import type { EventFilter, JournalEvent } from '../../journal/envelope.ts';
import { matchesFilter } from '../../journal/event-filter.ts';
import type { Gap } from '../../journal/gap.ts';
import type { Journal } from '../../journal/journal.ts';
import { journalMigrations } from '../../journal/migrations.ts';
import { pruneEvents } from '../../journal/prune-events.ts';
import type { JournalTables } from '../../journal/tables.ts';
import { dialects, openTestJournal, type TestJournal } from '../support/database.ts';
import { hold, sampleEvent, take, takeEvents } from '../support/journal-samples.ts';
import { testRuntime } from '../support/runtime.ts';
import { steadyTimers } from '../support/steady-time.ts';

const neverPolling = () => testRuntime({ timers: { ...steadyTimers, after: () => () => undefined } });

describe.each(dialects)('following the journal on %s', (dialect) => {
  const opened: TestJournal[] = [];
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((journal) => journal.dispose()));
  });

  async function open(overrides = {}): Promise<TestJournal> {
    const journal = await openTestJournal(dialect, overrides);
    opened.push(journal);
    return journal;
  }

  const append = (journal: Journal, ...ids: readonly string[]) =>
    journal.write(async (tx) => {
      for (const id of ids) await tx.append(sampleEvent(id));
    });

  const ids = (events: readonly (JournalEvent | Gap)[]) =>
    events.map((event) => ('gap' in event ? `gap ${event.from}-${event.to}` : event.id));

  test('from now on begins with the first event after it', async () => {
    const { journal } = await open();
    await append(journal, 'before');
    const follower = journal.events.follow(null, {}, stop.signal);
    await append(journal, 'first', 'second');
    expect(ids(await take(follower, 2))).toEqual(['first', 'second']);
  });

  test('from a cursor begins with the event after it, and goes on live', async () => {
    const { journal } = await open();
    await append(journal, '1', '2', '3');
    const follower = journal.events.follow('1', {}, stop.signal);
    expect(ids(await take(follower, 2))).toEqual(['2', '3']);
    const live = follower.next();
    await append(journal, '4');
    expect((await live).value).toMatchObject({ id: '4', position: '4' });
  });

  test('gives only what matches, without stopping at what does not', async () => {
    const { journal } = await open();
    const follower = journal.events.follow(null, { plantCodes: ['MUC'] }, stop.signal);
    await append(journal, '1');
    await journal.write((tx) => tx.append(sampleEvent('2', { plantCode: 'MUC' })));
    await append(journal, '3');
    await journal.write((tx) => tx.append(sampleEvent('4', { plantCode: 'MUC' })));
    expect(ids(await take(follower, 2))).toEqual(['2', '4']);
  });

  test('refuses a malformed or future cursor, and ends', async () => {
    const { journal } = await open();
    await append(journal, '1');
    for (const cursor of ['nonsense', '2']) {
      const follower = journal.events.follow(cursor, {}, stop.signal);
      await expect(follower.next()).rejects.toMatchObject({ code: 'INVALID_CURSOR' });
      expect(await follower.next()).toEqual({ done: true, value: undefined });
    }
  });

  test('ends when it is aborted, returned, or the journal closes, also while it waits', async () => {
    const { journal } = await open();
    const abort = new AbortController();
    const followers = [abort.signal, stop.signal, stop.signal].map((signal) => journal.events.follow(null, {}, signal));
    const waiting = followers.map((follower) => follower.next());
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    expect(await waiting[0]).toEqual({ done: true, value: undefined });
    await followers[1]!.return?.();
    expect(await waiting[1]).toEqual({ done: true, value: undefined });
    await journal.close();
    expect(await waiting[2]).toEqual({ done: true, value: undefined });
    const late = journal.events.follow(null, {}, abort.signal);
    expect(await late.next()).toEqual({ done: true, value: undefined });
  });

  test('answers several calls at once in order', async () => {
    const { journal } = await open();
    const follower = journal.events.follow(null, {}, stop.signal);
    const calls = [follower.next(), follower.next(), follower.next()];
    await append(journal, '1', '2', '3');
    expect((await Promise.all(calls)).map(({ value }) => (value as JournalEvent).id)).toEqual(['1', '2', '3']);
  });

  test('a reader far behind gets everything, and then what is live', async () => {
    const { journal } = await open();
    const slow = journal.events.follow('0', {}, stop.signal);
    const total = 5_000; // more than is kept in memory
    for (let from = 0; from < total; from += 500) {
      await append(journal, ...Array.from({ length: 500 }, (_, index) => `e-${from + index + 1}`));
    }
    const caughtUp = await takeEvents(slow, total);
    expect(caughtUp.map((event) => event.position)).toEqual(
      Array.from({ length: total }, (_, index) => `${index + 1}`),
    );
    const live = slow.next();
    await append(journal, 'live');
    expect((await live).value).toMatchObject({ id: 'live' });
  });

  test('a thousand live readers share one read of the store for each wake-up', async () => {
    const { database } = await open();
    const runtime = neverPolling();
    let reads = 0;
    const counting = {
      ...database,
      read: database.read.withPlugin({
        transformQuery: ({ node }) => {
          reads += 1;
          return node;
        },
        transformResult: async ({ result }) => result,
      }),
    };
    const journal = await createJournal({ database: counting, runtime });
    const followers = Array.from({ length: 1_000 }, () => journal.events.follow(null, {}, stop.signal));
    const waiting = followers.map((follower) => follower.next());
    reads = 0;
    await append(journal, '1');
    expect((await Promise.all(waiting)).every(({ value }) => (value as JournalEvent).id === '1')).toBe(true);
    expect(reads).toBeLessThan(10);
    await journal.close();
  });

  test('sees commits in their order, each once, under 200 concurrent writers', async () => {
    const { journal } = await open();
    const follower = journal.events.follow(null, {}, stop.signal);
    const acknowledged: string[] = [];
    await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        journal.write((tx) => tx.append(sampleEvent(`e-${index}`))).then((event) => acknowledged.push(event.position)),
      ),
    );
    const seen = await takeEvents(follower, 200);
    expect(seen.map((event) => event.position)).toEqual(acknowledged);
  });

  test('a reader that is cut at random and comes back with its cursor sees every event once, in order', async () => {
    const { journal } = await open();
    const plan = fc.record({
      writers: fc.array(
        fc.array(fc.record({ events: fc.integer({ min: 0, max: 3 }), fails: fc.boolean() }), { maxLength: 5 }),
        {
          minLength: 1,
          maxLength: 6,
        },
      ),
      cuts: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 20 }),
      plants: fc.option(fc.constantFrom<readonly string[]>(['BER'], ['MUC'], ['BER', 'MUC']), { nil: undefined }),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(plan, async ({ writers, cuts, plants }) => {
        run += 1;
        const start = await journal.events.head();
        const filter: EventFilter = plants ? { plantCodes: plants } : {};
        const writing = Promise.all(writers.map((steps, writer) => writeSteps(journal, `${run}-${writer}`, steps)));
        const reading = readWithCuts(journal, { cursor: start, filter, cuts });
        await writing;
        await append(journal, `end-${run}`);
        const expected = await journal.events.after(start, {}, 1_000);
        expect((await reading).map((event) => event.position)).toEqual(
          expected
            .filter((event) => matchesFilter(event, filter) || event.id === `end-${run}`)
            .map((event) => event.position),
        );
      }),
      { numRuns: dialect === 'sqlite' ? 200 : 25 },
    );
  });

  /** Ends with the event whose id begins with `end`; it matches every filter that the test makes but a plant's own. */
  async function readWithCuts(
    journal: Journal,
    { cursor, filter, cuts }: { cursor: string; filter: EventFilter; cuts: readonly number[] },
  ): Promise<readonly JournalEvent[]> {
    const seen: JournalEvent[] = [];
    let from = cursor;
    const wide: EventFilter = filter.plantCodes ? { plantCodes: [...filter.plantCodes, 'BER'] } : filter;
    for (let cut = 0; ; cut += 1) {
      const abort = new AbortController();
      const follower = journal.events.follow(from, wide, abort.signal);
      const limit = cuts[cut] ?? Number.POSITIVE_INFINITY;
      for (let taken = 0; taken < limit; taken += 1) {
        const [event] = await takeEvents(follower, 1);
        from = event!.position;
        const last = event!.id.startsWith('end');
        if (last || matchesFilter(event!, filter)) seen.push(event!);
        if (last) return seen;
      }
      abort.abort();
    }
  }

  async function writeSteps(
    journal: Journal,
    name: string,
    steps: readonly { readonly events: number; readonly fails: boolean }[],
  ): Promise<void> {
    for (const [index, step] of steps.entries()) {
      const writing = journal.write(async (tx) => {
        for (let event = 0; event < step.events; event += 1) {
          const plantCode = (index + event) % 2 === 0 ? 'BER' : 'MUC';
          await tx.append(sampleEvent(`${name}-${index}-${event}`, { plantCode, subject: hold(event) }));
        }
        if (step.fails) throw new Error('rolled back');
      });
      await writing.catch(() => undefined);
    }
  }

  test('the filter means the same in memory and in the store', async () => {
    const { journal } = await open();
    const plants = ['BER', 'MUC'];
    const lines = ['L1', 'L2', null];
    const partners = ['P1', null];
    await journal.write(async (tx) => {
      let number = 0;
      for (const plantCode of plants) {
        for (const line of lines) {
          for (const partner of partners) {
            number += 1;
            await tx.append(sampleEvent(`e-${number}`, { plantCode, line, partner, subject: hold(number % 3) }));
          }
        }
      }
    });
    const all = await journal.events.after('0', {}, 100);
    const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
    const filters = fc.record({
      types: optional(fc.subarray(['quality.hold.placed', 'quality.hold.released'] as const)),
      plantCodes: optional(fc.subarray([...plants, 'HAM'])),
      line: optional(fc.constantFrom('L1', 'L2', 'L3')),
      subject: optional(fc.constantFrom(hold(0), hold(1), hold(9))),
      partner: optional(fc.constantFrom('P1', 'P2')),
    });
    await fc.assert(
      fc.asyncProperty(filters, async (drawn) => {
        const filter = Object.fromEntries(
          Object.entries(drawn).filter(([, value]) => value !== undefined),
        ) as EventFilter;
        const stored = await journal.events.after('0', filter, 100);
        expect(ids(stored)).toEqual(ids(all.filter((event) => matchesFilter(event, filter))));
      }),
      { numRuns: dialect === 'sqlite' ? 200 : 40 },
    );
  });

  describe('when old events are no longer kept', () => {
    const old = '2025-01-01T00:00:00.000Z';

    async function pruned(): Promise<TestJournal> {
      let now = Date.parse(old);
      const place = await open({ clock: { now: () => now, monotonic: () => now } });
      for (let number = 1; number <= 6; number += 1) {
        if (number === 5) now += 86_400_000;
        await place.journal.write((tx) => tx.append(sampleEvent(`${number}`, { subject: hold(number % 2) })));
      }
      expect(await pruneEvents(place.database, { recordedBefore: '2025-01-01T12:00:00.000Z' })).toBe('4');
      return place;
    }

    test('a reader with an older cursor gets a gap, then everything that is kept', async () => {
      const { database } = await pruned();
      const restarted = await createJournal({ database, runtime: testRuntime() });
      const follow = (cursor: string) => restarted.events.follow(cursor, {}, stop.signal);
      expect(ids(await take(follow('2'), 3))).toEqual(['gap 2-4', '5', '6']);
      expect(ids(await take(follow('0'), 3))).toEqual(['gap 0-4', '5', '6']);
      expect(ids(await take(follow('4'), 2))).toEqual(['5', '6']);
      await restarted.close();
    });

    test('a page after an older cursor is refused; from the beginning it starts with what is kept', async () => {
      const { journal } = await pruned();
      await expect(journal.events.after('2', {}, 10)).rejects.toMatchObject({
        code: 'CURSOR_EXPIRED',
        message: expect.stringContaining('go on after cursor 4'),
      });
      expect(ids(await journal.events.after('0', {}, 10))).toEqual(['5', '6']);
      expect(ids(await journal.events.after('4', {}, 10))).toEqual(['5', '6']);
    });

    test('positions and sequences go on where they were, also when everything was forgotten', async () => {
      const { journal, database } = await pruned();
      expect(await pruneEvents(database, { recordedBefore: '2026-01-01T00:00:00.000Z' })).toBe('6');
      const next = await journal.write((tx) => tx.append(sampleEvent('7', { subject: hold(1) })));
      expect(next).toMatchObject({ position: '7', sequence: 4 });
      expect(ids(await journal.events.after('0', {}, 10))).toEqual(['7']);
    });
  });

  /** A journal whose reads of events can be held after the store has answered them. */
  async function openHeld(
    place: TestJournal,
  ): Promise<{ journal: Journal; afterRead: { hold?: () => Promise<void> } }> {
    const afterRead: { hold?: () => Promise<void> } = {};
    const read = place.database.read.withPlugin({
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        if (result.rows.some((row) => 'sequence' in row)) await afterRead.hold?.();
        return result;
      },
    });
    const journal = await createJournal({ database: { ...place.database, read }, runtime: neverPolling() });
    return { journal, afterRead };
  }

  test('what is committed while a reader catches up comes after what it catches up on', async () => {
    const place = await open();
    await append(place.journal, '1', '2', '3');
    const { journal, afterRead } = await openHeld(place);
    let held = 0;
    afterRead.hold = async () => {
      held += 1;
      if (held > 1) return;
      const live = journal.events.follow(null, {}, stop.signal);
      await append(journal, '4', '5');
      await take(live, 2); // this process has read them before the page of the other reader arrives
    };
    expect(ids(await take(journal.events.follow('0', {}, stop.signal), 5))).toEqual(['1', '2', '3', '4', '5']);
    await journal.close();
  });

  test('what is committed while the newest events are being read is read as well', async () => {
    const place = await open();
    const { journal, afterRead } = await openHeld(place);
    let held = 0;
    afterRead.hold = async () => {
      held += 1;
      if (held === 1) await append(journal, '2');
    };
    const follower = journal.events.follow(null, {}, stop.signal);
    await append(journal, '1');
    expect(ids(await take(follower, 2))).toEqual(['1', '2']);
    await journal.close();
  });

  test('events are not missed when the store cannot be read for a while', async () => {
    const { database, runtime } = await open();
    let broken = false;
    const breaking = {
      ...database,
      read: database.read.withPlugin({
        transformQuery: ({ node }) => {
          if (broken) throw new Error('store away');
          return node;
        },
        transformResult: async ({ result }) => result,
      }),
    };
    const retries: (() => void)[] = [];
    const timers = {
      ...steadyTimers,
      after(_delayMs: number, run: () => void) {
        retries.push(run);
        return () => undefined;
      },
    };
    const journal = await createJournal({ database: breaking, runtime: { ...runtime, timers } });
    const follower = journal.events.follow(null, {}, stop.signal);
    const waiting = follower.next();
    retries.length = 0;
    broken = true;
    await append(journal, '1');
    await expect.poll(() => retries.length).toBeGreaterThan(0);
    broken = false;
    for (const retry of retries.splice(0)) retry();
    expect((await waiting).value).toMatchObject({ id: '1' });
    await journal.close();
  });
});

describe('following across processes on PostgreSQL', () => {
  test('a commit of another process arrives by notification, without polling', async () => {
    const place = await openTestJournal('postgres');
    const storage = await place.reopen();
    const database = await storage.open<JournalTables>('journal', journalMigrations);
    const other = await createJournal({ database, runtime: neverPolling() });
    const follower = other.events.follow('0', {}, new AbortController().signal);
    for (const id of ['1', '2', '3']) {
      const arrived = follower.next();
      await place.journal.write((tx) => tx.append(sampleEvent(id)));
      expect((await arrived).value).toMatchObject({ id });
    }
    await other.close();
    await place.dispose();
  });

  test('a commit whose notification was lost arrives with the next poll', async () => {
    const place = await openTestJournal('postgres');
    const due: (() => void)[] = [];
    const after = (_delayMs: number, run: () => void) => {
      due.push(run);
      return () => undefined;
    };
    const timers = { ...steadyTimers, after };
    const deaf = { ...place.database, onCommit: () => () => undefined };
    const other = await createJournal({ database: deaf, runtime: testRuntime({ timers }) });
    const arrived = other.events.follow(null, {}, new AbortController().signal).next();
    await place.journal.write((tx) => tx.append(sampleEvent('1')));
    for (const run of due.splice(0)) run();
    expect((await arrived).value).toMatchObject({ id: '1' });
    expect(due).toHaveLength(1); // and it goes on polling
    await other.close();
    await place.dispose();
  });
});
