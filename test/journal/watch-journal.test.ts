import { expect, test } from 'vitest';
import { watchJournal } from '../../journal/watch-journal.ts';
import { testRuntime } from '../support/runtime.ts';

/** Time that passes when the test says so. */
function createTimers() {
  const waiting = new Set<{ readonly delayMs: number; readonly run: () => void }>();
  return {
    after(delayMs: number, run: () => void) {
      const timer = { delayMs, run };
      waiting.add(timer);
      return () => void waiting.delete(timer);
    },
    sleep: () => Promise.resolve(),
    /** Ends the only wait of this length, and lets what follows happen. */
    async pass(delayMs: number) {
      const due = [...waiting].filter((timer) => timer.delayMs === delayMs);
      expect(due).toHaveLength(1);
      waiting.delete(due[0]!);
      due[0]!.run();
      await new Promise((resolve) => setImmediate(resolve));
    },
    waiting,
  };
}

function watched(head: () => Promise<string>) {
  const timers = createTimers();
  const watch = watchJournal({ events: { head } } as never, { ...testRuntime(), timers });
  return { timers, watch };
}

test('a journal that fails is away until it answers again', async () => {
  let fails = true;
  const { timers, watch } = watched(async () => {
    if (fails) throw new Error('away');
    return '1';
  });
  expect(watch.problem()).toBeUndefined();
  await timers.pass(1_000);
  expect(watch.problem()).toContain('The journal cannot be reached');
  fails = false;
  await timers.pass(1_000);
  expect(watch.problem()).toBeUndefined();
});

test('a journal that does not answer is away, too', async () => {
  let answer: (head: string) => void = () => undefined;
  const { timers, watch } = watched(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  await timers.pass(1_000);
  expect(watch.problem()).toBeUndefined();
  await timers.pass(3_000);
  expect(watch.problem()).toContain('The journal cannot be reached');
  answer('1');
  await new Promise((resolve) => setImmediate(resolve));
  expect(watch.problem()).toBeUndefined();
  watch.stop();
  expect(timers.waiting.size).toBe(0);
});
