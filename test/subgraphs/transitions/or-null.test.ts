import { expect, test } from 'vitest';
import { orNull } from '../../../subgraphs/transitions/or-null.ts';
import { steadyTimers } from '../../support/steady-time.ts';

const never = () => new Promise<never>(() => undefined);

test('what was asked before this process stalled is waited for when it goes on', async () => {
  let waits = 0;
  const sleep = () => {
    waits += 1;
    // Over at once, as all waiting is that was due during a stall; what comes then takes its time.
    return waits === 1 ? Promise.resolve() : never();
  };
  const asked = new Promise((resolve) => setImmediate(resolve, 'QUALITY_INSPECTION'));
  expect(await orNull(asked, { ...steadyTimers, sleep })).toBe('QUALITY_INSPECTION');
});

test('what is not answered, or fails, is null', async () => {
  expect(await orNull(never(), { ...steadyTimers, sleep: () => Promise.resolve() })).toBeNull();
  expect(await orNull(Promise.reject(new Error('gone')), { ...steadyTimers, sleep: never })).toBeNull();
});
