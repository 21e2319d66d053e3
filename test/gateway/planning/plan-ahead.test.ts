import { describe, expect, it } from 'vitest';
import type { PlanNode } from '../../../gateway/planning/plan.ts';
import { planAhead } from '../../../gateway/planning/plan-ahead.ts';
import { PlannerCrashError } from '../../../gateway/planning/planners/planner-process.ts';
import { PlanningError } from '../../../gateway/planning/planning-error.ts';

const plan: PlanNode = { kind: 'forget' };

/** A planner whose answers the test gives, and what it was asked. */
function createHeldPlanner() {
  const asked: string[] = [];
  const answers: { resolve(node: PlanNode): void; reject(cause: unknown): void }[] = [];
  const ahead = planAhead({
    overridePercentages: [],
    plan(operation) {
      asked.push(operation);
      return new Promise((resolve, reject) => answers.push({ resolve, reject }));
    },
  });
  return { ahead, asked, answers };
}

/** A validation whose end the test decides. */
function createValidation() {
  let accept = () => {};
  let refuse = (_cause: unknown) => {};
  const validated = new Promise<void>((resolve, reject) => {
    accept = resolve;
    refuse = reject;
  });
  return { validated, accept: () => accept(), refuse: (cause: unknown) => refuse(cause) };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('planning ahead of validation', () => {
  it('asks the planner before the document is known to be valid, and answers after', async () => {
    const { ahead, asked, answers } = createHeldPlanner();
    const { validated, accept } = createValidation();
    const planned = ahead('{ a }', undefined, validated);
    expect(asked).toEqual(['{ a }']);
    answers[0]?.resolve(plan);
    const early = Symbol('nothing yet');
    expect(await Promise.race([planned, settle().then(() => early)])).toBe(early);
    accept();
    expect(await planned).toBe(plan);
  });

  it('refuses as validation does, whatever the planner says', async () => {
    const { ahead, answers } = createHeldPlanner();
    const { validated, refuse } = createValidation();
    const planned = ahead('{ unknown }', undefined, validated);
    answers[0]?.reject(new PlanningError('PLANNING_FAILED'));
    refuse(new Error('invalid'));
    await expect(planned).rejects.toThrow('invalid');
  });

  it('keeps nobody waiting: while one operation is planned, the next one is validated first', async () => {
    const { ahead, asked, answers } = createHeldPlanner();
    const first = createValidation();
    const second = createValidation();
    void ahead('{ a }', undefined, first.validated).catch(() => undefined);
    const refused = ahead('{ b }', undefined, second.validated);
    second.refuse(new Error('invalid'));
    await expect(refused).rejects.toThrow('invalid');
    expect(asked).toEqual(['{ a }']);
    first.accept();
    answers[0]?.resolve(plan);
  });

  it.each([
    ['ends the planner', new PlanningError('PLANNING_FAILED', { cause: new PlannerCrashError('panic') })],
    ['holds it up', new PlanningError('PLANNING_TIMEOUT')],
  ])('stops for good once a refused document %s', async (_what, cause) => {
    const { ahead, asked, answers } = createHeldPlanner();
    const first = createValidation();
    const refused = ahead('{ a }', undefined, first.validated);
    first.refuse(new Error('invalid'));
    await expect(refused).rejects.toThrow('invalid');
    answers[0]?.reject(cause);
    await settle();
    const second = createValidation();
    const planned = ahead('{ b }', undefined, second.validated);
    await settle();
    expect(asked).toEqual(['{ a }']);
    second.accept();
    await settle();
    expect(asked).toEqual(['{ a }', '{ b }']);
    answers[1]?.resolve(plan);
    expect(await planned).toBe(plan);
  });

  it('goes on after a valid operation that ends the planner', async () => {
    const { ahead, asked, answers } = createHeldPlanner();
    const cause = new PlanningError('PLANNING_FAILED', { cause: new PlannerCrashError('panic') });
    const failed = ahead('{ a }', undefined, Promise.resolve());
    answers[0]?.reject(cause);
    await expect(failed).rejects.toBe(cause);
    await settle();
    const { validated, refuse } = createValidation();
    void ahead('{ b }', undefined, validated).catch(() => undefined);
    expect(asked).toEqual(['{ a }', '{ b }']);
    refuse(new Error('invalid'));
  });
});
