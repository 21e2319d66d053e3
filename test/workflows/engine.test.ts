import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { retryTable } from '../../workflows/retry-policy.ts';
import type { Rule } from '../../workflows/rule.ts';
import { dialects } from '../support/database.ts';
import { FakeGraph, type Reply } from './fake-graph.ts';
import { ManualTime } from './manual-time.ts';
import { orderCreated, threeSteps, WorkflowPlace } from './workflow-place.ts';

describe.each(dialects)('what follows an event, on %s', (dialect) => {
  let place: WorkflowPlace;
  let graph: FakeGraph;

  beforeEach(async () => {
    place = await WorkflowPlace.open(dialect);
    graph = new FakeGraph();
  });
  afterEach(() => place.dispose());

  /** Answers with these, one after the other, then accepts. */
  function replies(...list: readonly Reply[]): void {
    const left = [...list];
    graph.reply = () => left.shift() ?? 'ACCEPT';
  }

  const steps = () => graph.effects.map(({ input }) => input['step']);

  test('each step is asked once, in order, under a key that names rule, event, step and generation', async () => {
    const engine = await place.startEngine(graph, [threeSteps]);
    await place.append(orderCreated('1'));
    await engine.idle();
    expect(graph.asked.map(({ key }) => key)).toEqual([
      'wf/tell-three-times-when-order-created/created/1/1/one/0',
      'wf/tell-three-times-when-order-created/created/1/1/two/0',
      'wf/tell-three-times-when-order-created/created/1/1/three/0',
    ]);
    expect(await place.instances()).toEqual([]);
  });

  test('it is asked as the workflows, with correlation, cause and reason of the event', async () => {
    const engine = await place.startEngine(graph, [threeSteps]);
    await place.append(orderCreated('1'));
    await engine.idle();
    expect([...graph.principals]).toEqual(['andon:workflows WORKFLOW']);
    expect(graph.asked[0]?.meta).toMatchObject({
      correlationId: 'correlation-1',
      causationId: 'created/1/1',
      occurredAt: expect.stringMatching(/^\d{4}-.*Z$/),
      reason: { code: 'tell-three-times-when-order-created', text: expect.stringContaining('Tell three times') },
    });
  });

  test('events from before the first start are taken up, and none is taken up again by a second start', async () => {
    await place.append(orderCreated('1'), orderCreated('2'));
    const first = await place.startEngine(graph, [threeSteps]);
    await first.idle();
    await first.stop();
    const second = await place.startEngine(graph, [threeSteps]);
    await place.append(orderCreated('3'));
    await second.idle();
    expect(graph.asked).toHaveLength(9);
  });

  test('with the journal closed before it, it asks for nothing more, and stops when it is told to', async () => {
    const follow = vi.spyOn(place.journal.events, 'follow');
    const engine = await place.startEngine(graph, [threeSteps]);
    await place.append(orderCreated('1'));
    await engine.idle();
    await place.journal.close();
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(follow).toHaveBeenCalledTimes(1);
    await engine.stop();
  });

  test('however much follows, what people ask for comes in between: no two steps share a turn of the event loop', async () => {
    let turn = 0;
    let counting = true;
    const count = () => {
      turn += 1;
      if (counting) setImmediate(count);
    };
    const turns: number[] = [];
    graph.reply = () => {
      turns.push(turn);
      return 'ACCEPT';
    };
    const engine = await place.startEngine(graph, [threeSteps]);
    setImmediate(count);
    await place.append(...Array.from({ length: 20 }, (_, index) => orderCreated(`${index}`)));
    await engine.idle();
    counting = false;
    expect(turns).toHaveLength(60);
    expect(new Set(turns).size).toBe(60);
  });

  test('two processes on one store do everything once', async () => {
    const engines = [await place.startEngine(graph, [threeSteps]), await place.startEngine(graph, [threeSteps])];
    await place.append(...Array.from({ length: 20 }, (_, index) => orderCreated(`${index}`)));
    await Promise.all(engines.map((engine) => engine.idle()));
    expect(graph.effects).toHaveLength(60);
    expect(new Set(graph.effects.map(({ key }) => key)).size).toBe(60);
    expect(await place.instances()).toEqual([]);
  });

  test('a system that cannot be reached is asked again under the same key, later each time, as the table says', async () => {
    const time = new ManualTime();
    replies('ACCEPT', 'UNREACHABLE', 'LOSE_ANSWER', 'UNREACHABLE');
    const engine = await place.startEngine(graph, [threeSteps], { clock: time, timers: time });
    await place.append(orderCreated('1'));
    const waits = [await time.elapse(), await time.elapse(), await time.elapse()];
    await engine.idle();
    const { firstDelayMs } = retryTable.UNAVAILABLE;
    expect(waits).toEqual([firstDelayMs, firstDelayMs * 2, firstDelayMs * 4]);
    expect(steps()).toEqual(['one', 'two', 'three']);
    expect(graph.keysOf('tell')).toHaveLength(3);
  });

  test('PENDING is followed under the same key until it is settled', async () => {
    const time = new ManualTime();
    replies('PENDING', 'PENDING', 'PENDING');
    const engine = await place.startEngine(graph, [threeSteps], { clock: time, timers: time });
    await place.append(orderCreated('1'));
    for (let round = 0; round < 3; round += 1) await time.elapse();
    await engine.idle();
    expect(graph.asked.slice(0, 4).map(({ key }) => key.at(-1))).toEqual(['0', '0', '0', '0']);
    expect(new Set(graph.asked.slice(0, 4).map(({ key }) => key)).size).toBe(1);
    expect(steps()).toEqual(['one', 'two', 'three']);
  });

  test('a refusal that may pass is asked again under a new key, since the old one is settled', async () => {
    const time = new ManualTime();
    replies({ reject: 'VERSION_CONFLICT' }, { reject: 'INTERLOCKED' });
    const engine = await place.startEngine(graph, [threeSteps], { clock: time, timers: time });
    await place.append(orderCreated('1'));
    await time.elapse();
    await time.elapse();
    await engine.idle();
    expect(graph.asked.slice(0, 3).map(({ key }) => key.slice(-5))).toEqual(['one/0', 'one/1', 'one/2']);
    expect(steps()).toEqual(['one', 'two', 'three']);
  });

  test('a refusal that the rule takes for done is done', async () => {
    const rule: Rule<'production.order.created'> = { ...threeSteps, verdicts: { tell: { STATE_NOT_ALLOWED: 'DONE' } } };
    replies({ reject: 'STATE_NOT_ALLOWED' });
    const engine = await place.startEngine(graph, [rule]);
    await place.append(orderCreated('1'));
    await engine.idle();
    expect(steps()).toEqual(['two', 'three']);
    expect(await place.openExceptions()).toEqual([]);
  });

  test('the same key always comes with the same input, whatever the rule would say the second time', async () => {
    let attempt = 0;
    const rule: Rule<'production.order.created'> = {
      ...threeSteps,
      async react(_event, asker) {
        attempt += 1;
        await asker.transition('tell', { attempt }, { step: 'one' });
      },
    };
    const time = new ManualTime();
    replies('LOSE_ANSWER');
    const engine = await place.startEngine(graph, [rule], { clock: time, timers: time });
    await place.append(orderCreated('1'));
    await time.elapse();
    await engine.idle();
    expect(graph.asked.map(({ input }) => input)).toEqual([{ attempt: 1 }, { attempt: 1 }]);
  });

  test('events of one subject have their consequences in their order; other subjects do not wait', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let reached = () => {};
    const otherDone = new Promise<void>((resolve) => {
      reached = resolve;
    });
    graph.reply = async ({ input }): Promise<Reply> => {
      if (input['orderNo'] === 'slow' && input['number'] === '1') await gate;
      if (input['orderNo'] === 'quick' && input['step'] === 'three') reached();
      return 'ACCEPT';
    };
    const engine = await place.startEngine(graph, [threeSteps]);
    await place.append(orderCreated('slow', 1), orderCreated('slow', 2), orderCreated('quick', 1));
    await otherDone;
    expect(graph.effects.map(({ input }) => input['orderNo'])).not.toContain('slow');
    release();
    await engine.idle();
    const slow = graph.effects.filter(({ input }) => input['orderNo'] === 'slow').map(({ input }) => input['number']);
    expect(slow).toEqual(['1', '1', '1', '2', '2', '2']);
  });

  test('one branch that does not get through delays none of the others', async () => {
    const rule: Rule<'production.order.created'> = {
      ...threeSteps,
      react: (_event, asker) => asker.each(['a', 'b', 'c'], (step) => asker.transition('tell', { step }, { step })),
    };
    graph.reply = ({ input }) => (input['step'] === 'a' ? { reject: 'PERIOD_CLOSED' } : 'ACCEPT');
    const engine = await place.startEngine(graph, [rule]);
    await place.append(orderCreated('1'));
    await engine.idle();
    expect(steps().sort()).toEqual(['b', 'c']);
  });
});

describe.each(dialects)('what does not get through, on %s', (dialect) => {
  let place: WorkflowPlace;
  let graph: FakeGraph;

  beforeEach(async () => {
    place = await WorkflowPlace.open(dialect);
    graph = new FakeGraph();
  });
  afterEach(() => place.dispose());

  const refuseTwo = () => {
    graph.reply = ({ input }) =>
      input['step'] === 'two' ? { reject: 'PERIOD_CLOSED', message: 'The period is closed.' } : 'ACCEPT';
  };

  test('a person is told which system refused what, and the journal too', async () => {
    refuseTwo();
    const engine = await place.startEngine(graph, [threeSteps]);
    await place.append(orderCreated('1'));
    await engine.idle();
    const [exception] = await place.openExceptions();
    expect(exception).toMatchObject({
      workflow: 'tell-three-times-when-order-created',
      step: 'two',
      code: 'PERIOD_CLOSED',
      system: 'ERP',
      message: 'Tell three times when order created: ERP refused tell: The period is closed.',
      remediation: 'Do something about it.',
      plantCode: 'BER',
      correlationId: 'correlation-1',
      occurrences: 1,
    });
    expect(await place.typesSince('0')).toEqual(['production.order.created', 'exception.raised']);
    expect(await place.instances()).toMatchObject([{ state: 'FAILED' }]);
  });

  test('tried again by that person, it goes on where it stopped, under a new key, and the exception ends', async () => {
    refuseTwo();
    const engine = await place.startEngine(graph, [threeSteps]);
    await place.append(orderCreated('1'));
    await engine.idle();
    const [exception] = await place.openExceptions();
    graph.reply = () => 'ACCEPT';
    expect(await place.act('retryException', exception!.id)).toMatchObject({ status: 'POSTED' });
    await engine.idle();
    expect(graph.effects.map(({ key }) => key.split('/').slice(-2).join('/'))).toEqual(['one/0', 'two/1', 'three/0']);
    expect(await place.typesSince('1')).toEqual(['exception.raised', 'exception.resolved']);
    expect(await place.instances()).toEqual([]);
    expect((await place.exceptions.exceptionsByIds([exception!.id])).get(exception!.id)).toMatchObject({
      state: 'RESOLVED',
      resolution: 'It has got through.',
    });
  });

  test('refused once more, the same exception is raised once more', async () => {
    refuseTwo();
    const engine = await place.startEngine(graph, [threeSteps]);
    await place.append(orderCreated('1'));
    await engine.idle();
    const [first] = await place.openExceptions();
    await place.act('retryException', first!.id);
    await engine.idle();
    expect(await place.openExceptions()).toMatchObject([{ id: first!.id, occurrences: 2 }]);
    expect(await place.typesSince('1')).toEqual(['exception.raised', 'exception.raised']);
  });

  test('closed by a person, nothing more is asked, and what waited behind it goes on', async () => {
    graph.reply = ({ input }) => (input['number'] === '1' ? { reject: 'PERIOD_CLOSED' } : 'ACCEPT');
    const engine = await place.startEngine(graph, [threeSteps]);
    await place.append(orderCreated('1', 1));
    await engine.idle();
    await place.append(orderCreated('1', 2));
    await engine.idle();
    const [exception] = await place.openExceptions();
    expect(graph.effects).toEqual([]);
    await place.act('resolveException', exception!.id);
    await engine.idle();
    expect(graph.effects.map(({ input }) => input['number'])).toEqual(['2', '2', '2']);
    expect(await place.instances()).toEqual([]);
  });

  test('the same retry twice happens once; a retry of what is resolved is refused', async () => {
    refuseTwo();
    const engine = await place.startEngine(graph, [threeSteps]);
    await place.append(orderCreated('1'));
    await engine.idle();
    const [exception] = await place.openExceptions();
    const first = await place.act('resolveException', exception!.id, 'T1');
    expect(await place.act('resolveException', exception!.id, 'T1')).toEqual(first);
    expect(await place.exceptions.postingOf('T1', 'BER', AbortSignal.timeout(1000))).toEqual(first);
    expect(await place.act('retryException', exception!.id, 'T2')).toMatchObject({
      status: 'REFUSED',
      code: 'STATE_NOT_ALLOWED',
    });
  });

  test('a system that stays away is an exception after the alert limit, and it goes on being asked', async () => {
    const time = new ManualTime();
    let isDown = true;
    graph.reply = () => (isDown ? 'UNREACHABLE' : 'ACCEPT');
    const engine = await place.startEngine(graph, [threeSteps], { clock: time, timers: time });
    await place.append(orderCreated('1'));
    let waitedMs = 0;
    for (let attempt = 1; attempt < retryTable.UNAVAILABLE.exceptionAfter; attempt += 1)
      waitedMs += await time.elapse();
    await engine.idle();
    expect(waitedMs).toBe(15_500);
    expect(await place.openExceptions()).toMatchObject([{ code: 'GRAPH_UNAVAILABLE', state: 'OPEN' }]);
    expect(await place.instances()).toMatchObject([{ state: 'WAITING_RETRY' }]);
    isDown = false;
    await time.elapse();
    await place.until((instances) => instances.length === 0);
    await engine.idle();
    expect(await place.openExceptions()).toEqual([]);
    expect(graph.effects).toHaveLength(3);
  });

  test('what the rule says to people when it is stuck is said once', async () => {
    const rule: Rule<'production.order.created'> = {
      ...threeSteps,
      whenStuck: (_event, asker, problem) =>
        asker.transition('complain', { about: problem.message }, { step: 'complain' }),
    };
    graph.reply = ({ mutation }) => (mutation === 'tell' ? { reject: 'PERIOD_CLOSED' } : 'ACCEPT');
    const engine = await place.startEngine(graph, [rule]);
    await place.append(orderCreated('1'));
    await engine.idle();
    const [exception] = await place.openExceptions();
    await place.act('retryException', exception!.id);
    await engine.idle();
    expect(graph.effects).toMatchObject([{ mutation: 'complain' }]);
  });

  test('a defect of a rule is masked, tried a few times, and left to a person', async () => {
    const time = new ManualTime();
    const rule: Rule<'production.order.created'> = {
      ...threeSteps,
      react: () => Promise.reject(new TypeError('secret of the implementation')),
    };
    const engine = await place.startEngine(graph, [rule], { clock: time, timers: time });
    await place.append(orderCreated('1'));
    for (let attempt = 1; attempt < (retryTable.BROKEN.giveUpAfter ?? 0); attempt += 1) await time.elapse();
    await engine.idle();
    await place.until(([instance]) => instance?.state === 'FAILED');
    const [exception] = await place.openExceptions();
    expect(exception?.code).toBe('INTERNAL');
    expect(exception?.message).not.toContain('secret');
  });
});
