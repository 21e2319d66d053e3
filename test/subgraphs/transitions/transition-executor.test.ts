import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createJournal } from '../../../journal/create-journal.ts';
import type { Journal } from '../../../journal/journal.ts';
import { journalMigrations } from '../../../journal/migrations.ts';
import type { JournalTables } from '../../../journal/tables.ts';
import { openStorage, type Storage } from '../../../storage/open-storage.ts';
import { TransitionExecutor } from '../../../subgraphs/transitions/transition-executor.ts';
import { testRuntime } from '../../support/runtime.ts';
import { steadyTimers } from '../../support/steady-time.ts';
import { everythingAllowed } from '../subgraph-under-test.ts';
import { type Fault, holdId, operator, Press, pressId, pressTransitions } from './press.ts';

let folder: string;
let storage: Storage;
let journal: Journal;
let press: Press;
let executor: TransitionExecutor;

const graph = { query: async () => ({ data: null, errors: [] }) };

function newExecutor(policies = everythingAllowed, isShared = false): TransitionExecutor {
  return new TransitionExecutor({
    system: 'MES',
    transitions: pressTransitions(press),
    port: press,
    journal: { ...journal, isShared },
    policies,
    graph,
    runtime: testRuntime(),
  });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'andon-executor-'));
  storage = await openStorage({ dataDir: folder, runtime: testRuntime() });
  journal = await createJournal({
    database: await storage.open<JournalTables>('journal', journalMigrations),
    runtime: testRuntime(),
  });
  press = new Press();
  executor = newExecutor();
});

afterEach(async () => {
  await journal.close();
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

const ask = (name: string, key: string, more: object = {}) =>
  executor.execute({ name, input: {}, meta: { idempotencyKey: key, ...more }, principal: operator });
const events = async () => journal.events.after('0', {}, 100_000);
const auditOutcomes = async () =>
  (await journal.audit.list({}, { first: 100 })).map(({ transition, outcome }) => `${transition} ${outcome}`);

describe('a transition', () => {
  test('asked for a hundred times at once under one key happens once, and everybody gets the same document', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask('strokePress', 'k')));
    expect(press.strokes).toBe(1);
    expect(answers.filter(({ outcome }) => outcome === 'ACCEPTED')).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === 'DUPLICATE')).toHaveLength(99);
    expect(new Set(answers.map(({ document }) => document)).size).toBe(1);
    expect(await events()).toHaveLength(1);
  });

  test('is refused with every reason at once: policy, state, version-independent guards and interlocks', async () => {
    await ask('lockPress', 'lock');
    press.state = 'RUNNING';
    executor = newExecutor({ ...everythingAllowed, mayTransition: () => ({ allowed: false }) });
    const answer = await ask('startPress', 'k');
    expect(answer.rejections.map(({ code }) => code)).toEqual(['FORBIDDEN', 'STATE_NOT_ALLOWED', 'INTERLOCKED']);
    expect(answer.rejections.at(-1)).toMatchObject({ system: 'QMS', blockingRef: holdId });
    expect(await auditOutcomes()).toContain('startPress REJECTED');
  });

  test('that was refused answers the same under the same key, even once it would be accepted', async () => {
    press.state = 'RUNNING';
    await ask('startPress', 'k');
    press.state = 'IDLE';
    expect(await ask('startPress', 'k')).toMatchObject({ outcome: 'DUPLICATE', originalOutcome: 'REJECTED' });
    expect(await ask('startPress', 'another')).toMatchObject({ outcome: 'ACCEPTED' });
  });

  test('in another plant is answered as if there were nothing', async () => {
    const stranger = { ...operator, plants: ['LYO'] };
    const answer = await executor.execute({
      name: 'startPress',
      input: {},
      meta: { idempotencyKey: 'k' },
      principal: stranger,
    });
    expect(answer).toMatchObject({ outcome: 'REJECTED', subjectId: null, rejections: [{ code: 'NOT_FOUND' }] });
  });

  test('refused by the system of record is REJECTED with the system’s own reason', async () => {
    press.faults.push('REFUSES');
    expect(await ask('strokePress', 'k')).toMatchObject({
      outcome: 'REJECTED',
      rejections: [{ code: 'PERIOD_CLOSED', system: 'MES' }],
    });
    expect(await events()).toEqual([]);
  });

  test('is PENDING while its system cannot be reached, and completed once it can, without being asked again', async () => {
    press.faults.push('UNREACHABLE');
    expect(await ask('strokePress', 'k')).toMatchObject({ outcome: 'PENDING', document: null });
    expect(await ask('strokePress', 'k')).toMatchObject({ outcome: 'PENDING' });
    expect(await executor.settleUnsettled()).toBe(true);
    expect(press.strokes).toBe(1);
    expect(await ask('strokePress', 'k')).toMatchObject({ outcome: 'DUPLICATE', originalOutcome: 'ACCEPTED' });
    expect(await auditOutcomes()).toEqual(expect.arrayContaining(['strokePress PENDING', 'strokePress ACCEPTED']));
  });

  test('whose answer was lost is read back, not guessed and not done again', async () => {
    press.faults.push('DONE_BUT_NO_ANSWER');
    expect(await ask('strokePress', 'k')).toMatchObject({ outcome: 'PENDING' });
    expect(await executor.settleUnsettled()).toBe(true);
    expect(press.strokes).toBe(1);
    expect(await ask('strokePress', 'k')).toMatchObject({ originalOutcome: 'ACCEPTED' });
  });

  test('that was not done is not sent any more once an interlock has come in between', async () => {
    press.faults.push('UNREACHABLE');
    await ask('startPress', 'k');
    await ask('lockPress', 'lock');
    await executor.settleUnsettled();
    expect(press.state).toBe('IDLE');
    expect(await ask('startPress', 'k')).toMatchObject({
      originalOutcome: 'REJECTED',
      rejections: [{ code: 'INTERLOCKED' }],
    });
  });

  test('that a slow system may still carry out is neither refused nor sent again when an interlock comes in between', async () => {
    press.faults.push('NOT_DONE_AND_NO_ANSWER');
    await ask('startPress', 'k');
    await ask('lockPress', 'lock');
    expect(await executor.settleUnsettled()).toBe(false);
    expect(await ask('startPress', 'k')).toMatchObject({ outcome: 'PENDING' });
    expect(press.state).toBe('IDLE');
    press.carryOutLate();
    expect(await executor.settleUnsettled()).toBe(true);
    expect(await ask('startPress', 'k')).toMatchObject({ outcome: 'DUPLICATE', originalOutcome: 'ACCEPTED' });
  });

  test('that restricts is answered only after what was in flight on the same thing has finished', async () => {
    let open: () => void = () => undefined;
    press.gate = new Promise((resolve) => {
      open = resolve;
    });
    const starting = ask('startPress', 'start');
    while ((await journal.commands.unsettledOn([pressId], '')).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 1));
    let locked = false;
    const locking = ask('lockPress', 'lock').then(() => {
      locked = true;
    });
    while ((await journal.interlocks.active([pressId])).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 1));
    expect(locked).toBe(false);
    open();
    await Promise.all([starting, locking]);
    expect((await starting).outcome).toBe('ACCEPTED');
    expect((await ask('strokePress', 'after')).rejections).toMatchObject([{ code: 'INTERLOCKED' }]);
  });

  test('that restricts and is refused by its system takes back its own interlocks, and none that stood before', async () => {
    press.faults.push('REFUSES');
    expect(await ask('lockPress', 'refused')).toMatchObject({ outcome: 'REJECTED' });
    expect(await journal.interlocks.active([pressId])).toEqual([]);
    await ask('lockPress', 'accepted');
    press.faults.push('REFUSES');
    expect(await ask('lockPress', 'the same cause again')).toMatchObject({ outcome: 'REJECTED' });
    expect(await journal.interlocks.active([pressId])).toMatchObject([{ cause: holdId, liftedAt: null }]);
  });

  test('that is sent again is waited for by what restricts, too', async () => {
    press.faults.push('UNREACHABLE');
    await ask('startPress', 'start');
    let open: () => void = () => undefined;
    press.gate = new Promise((resolve) => {
      open = resolve;
    });
    const settling = executor.settleUnsettled();
    while (press.sent < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    let locked = false;
    const locking = ask('lockPress', 'lock').then(() => {
      locked = true;
    });
    while ((await journal.interlocks.active([pressId])).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 1));
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(locked).toBe(false);
    open();
    await Promise.all([settling, locking]);
    expect(press.state).toBe('RUNNING');
  });

  test('that wait in a long row do not keep a stop waiting: those under way are completed, the others at the next start', async () => {
    const many = 30;
    for (let index = 0; index < many; index += 1) {
      press.faults.push('UNREACHABLE');
      await ask('strokePress', `k-${index}`);
    }
    let open: () => void = () => undefined;
    press.gate = new Promise((resolve) => {
      open = resolve;
    });
    press.sent = 0;
    const stop = new AbortController();
    const settling = executor.settleUnsettled(stop.signal);
    while (press.sent === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    stop.abort();
    open();
    expect(await settling).toBe(false);
    expect(press.strokes).toBeLessThan(many);
    expect(press.strokes).toBe(press.sent);
    expect(await newExecutor().settleUnsettled()).toBe(true);
    expect(press.strokes).toBe(many);
  });

  test('whose system never answers is PENDING once its time is up, and no hold waits for it longer', async () => {
    const deadlines: (() => void)[] = [];
    const after = (_delayMs: number, due: () => void) => {
      deadlines.push(due);
      return () => undefined;
    };
    executor = new TransitionExecutor({
      system: 'MES',
      transitions: pressTransitions(press),
      port: press,
      journal,
      policies: everythingAllowed,
      graph,
      runtime: testRuntime({ timers: { ...steadyTimers, after } }),
    });
    press.gate = new Promise(() => undefined);
    const stuck = ask('strokePress', 'k');
    while (press.sent < 1) await new Promise(setImmediate);
    for (const due of deadlines.splice(0)) due();
    expect(await stuck).toMatchObject({ outcome: 'PENDING' });
    press.gate = Promise.resolve();
    expect(await ask('lockPress', 'lock')).toMatchObject({ outcome: 'ACCEPTED' });
  });

  test('that one process is sending is not given up by another, whatever comes in between', async () => {
    const everybody = everythingAllowed;
    const [sender, other] = [newExecutor(everybody, true), newExecutor(everybody, true)];
    let open: () => void = () => undefined;
    press.gate = new Promise((resolve) => {
      open = resolve;
    });
    const starting = sender.execute({
      name: 'startPress',
      input: {},
      meta: { idempotencyKey: 'start' },
      principal: operator,
    });
    while ((await journal.commands.unsettledOn([pressId], '')).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 1));
    const locking = other.execute({
      name: 'lockPress',
      input: {},
      meta: { idempotencyKey: 'lock' },
      principal: operator,
    });
    while ((await journal.interlocks.active([pressId])).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 1));
    await other.settleUnsettled();
    open();
    expect(await starting).toMatchObject({ outcome: 'ACCEPTED' });
    expect(await locking).toMatchObject({ outcome: 'ACCEPTED' });
    expect(press.state).toBe('RUNNING');
  });

  test('under a key that was used for something else is an error', async () => {
    await ask('strokePress', 'k');
    await expect(ask('startPress', 'k')).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  test('without a usable key or time is an error that says what to do', async () => {
    await expect(ask('strokePress', ' ')).rejects.toMatchObject({ code: 'BAD_IDEMPOTENCY_KEY' });
    await expect(ask('strokePress', 'k', { occurredAt: 'yesterday' })).rejects.toMatchObject({ code: 'BAD_TIME' });
  });
});

describe('whatever fails, in whatever order', () => {
  const step = fc.record({
    name: fc.constantFrom('startPress', 'stopPress', 'strokePress'),
    key: fc.integer({ min: 0, max: 12 }).map((number) => `k${number}`),
    fault: fc.option(fc.constantFrom<Fault>('UNREACHABLE', 'DONE_BUT_NO_ANSWER', 'NOT_DONE_AND_NO_ANSWER', 'REFUSES'), {
      nil: undefined,
    }),
    newProcess: fc.boolean(),
  });

  test('each accepted transition is done exactly once, announced exactly once, and nothing else is', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
        run += 1;
        press.strokes = 0;
        press.state = 'IDLE';
        press.faults.length = 0;
        const before = (await events()).length;
        const keys = new Map<string, string>();
        for (const { name, key, fault, newProcess } of steps) {
          if (newProcess) executor = newExecutor();
          if (fault) press.faults.push(fault);
          const scoped = `${run}-${name}-${key}`;
          keys.set(scoped, name);
          await ask(name, scoped);
        }
        press.faults.length = 0;
        while (!(await executor.settleUnsettled()));
        const answers = await Promise.all(
          [...keys].map(async ([key, name]) => ({ name, answer: await ask(name, key) })),
        );
        const accepted = answers.filter(({ answer }) => answer.originalOutcome === 'ACCEPTED');
        expect(answers.every(({ answer }) => answer.outcome === 'DUPLICATE')).toBe(true);
        expect(press.strokes).toBe(accepted.filter(({ name }) => name === 'strokePress').length);
        const all = await events();
        expect(all.length - before).toBe(accepted.length);
      }),
      { numRuns: 60 },
    );
  });
});
