import { afterEach, describe, expect, test } from 'vitest';
import type { EntityId } from '../../journal/entity-ref.ts';
import { startRetention } from '../../journal/retention.ts';
import { dialects, openTestJournal, type TestJournal } from '../support/database.ts';
import { sampleEvent } from '../support/journal-samples.ts';

const day = 86_400_000;
const hour = 3_600_000;
const start = Date.parse('2025-01-01T00:00:00.000Z');

describe.each(dialects)('events older than they are kept, on %s', (dialect) => {
  let place: TestJournal;
  let now = start;
  const sleeping: { readonly delayMs: number; wake(): void }[] = [];
  const timers = {
    after: () => () => undefined,
    sleep: (delayMs: number, signal?: AbortSignal) =>
      new Promise<void>((wake) => {
        sleeping.push({ delayMs, wake });
        signal?.addEventListener('abort', () => wake(), { once: true });
      }),
  };
  const runtime = { clock: { now: () => now, monotonic: () => now }, timers };

  afterEach(() => place.dispose());

  /** Six events, one a day, each about something else. */
  async function sixDays(): Promise<void> {
    now = start;
    place = await openTestJournal(dialect, { clock: runtime.clock });
    for (let number = 1; number <= 6; number += 1) {
      const subject = 'mfg:BER:hold:H' as EntityId;
      await place.journal.write((tx) => tx.append(sampleEvent(`${number}`, { subject })));
      now += day;
    }
  }

  async function kept(): Promise<readonly string[]> {
    return (await place.journal.events.after('0', {}, 10)).map(({ id }) => id);
  }

  /** Waits until a round is done: then it sleeps for an hour. @returns what begins the next round */
  async function roundDone(): Promise<() => void> {
    for (;;) {
      const round = sleeping.findIndex(({ delayMs }) => delayMs === hour);
      if (round >= 0) return sleeping.splice(round, 1)[0]!.wake;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test('are forgotten at once and every hour, up to what the workflows have taken', async () => {
    await sixDays();
    let taken = '2';
    const { database } = place;
    const stop = startRetention({
      database,
      days: 3,
      takenUpTo: async () => taken,
      runtime: { ...place.runtime, ...runtime },
    });
    const nextRound = await roundDone();
    expect(await kept()).toEqual(['3', '4', '5', '6']);
    taken = '6';
    nextRound();
    await roundDone();
    expect(await kept()).toEqual(['4', '5', '6']);
    await stop();
  });

  test('are forgotten once, whoever does it at the same time', async () => {
    await sixDays();
    const options = {
      database: place.database,
      days: 3,
      takenUpTo: async () => '6',
      runtime: { ...place.runtime, ...runtime },
    };
    const stops = [startRetention(options), startRetention(options)];
    await roundDone();
    await roundDone();
    expect(await kept()).toEqual(['4', '5', '6']);
    await Promise.all(stops.map((stop) => stop()));
  });

  test('stay where they are to be kept for ever', async () => {
    await sixDays();
    const { database } = place;
    const stop = startRetention({
      database,
      days: null,
      takenUpTo: async () => '6',
      runtime: { ...place.runtime, ...runtime },
    });
    await stop();
    expect(await kept()).toHaveLength(6);
  });
});
