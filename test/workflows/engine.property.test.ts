import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterAttempt, retryTable } from '../../workflows/retry-policy.ts';
import type { Rule } from '../../workflows/rule.ts';
import { FakeGraph, type Reply } from './fake-graph.ts';
import { orderCreated, WorkflowPlace } from './workflow-place.ts';

/** Everything that can happen to one asking, refusals for good apart. */
const reply = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Reply>('ACCEPT') },
  fc.constantFrom<Reply>('LOSE_ANSWER', 'UNREACHABLE', 'PENDING'),
  fc.constantFrom('VERSION_CONFLICT', 'INTERLOCKED', 'STATE_NOT_ALLOWED').map((reject): Reply => ({ reject })),
);

/** Steps one after the other, then some beside each other: both ways in which rules ask. */
const rule: Rule<'production.order.created'> = {
  name: 'tell-everybody-when-order-created',
  on: ['production.order.created'],
  async react({ data, id }, graph) {
    await graph.transition('tell', { orderNo: data.orderNo, number: data.quantity }, { step: `${id} first` });
    await graph.each(['a', 'b', 'c'], (one) => graph.transition('tell', { one }, { step: `${id} ${one}` }));
    await graph.transition('tell', { orderNo: data.orderNo }, { step: `${id} last` });
  },
};

/** Timers that do not wait: what is tested is what happens, not when. */
const impatient = {
  after(_delayMs: number, run: () => void) {
    const immediate = setImmediate(run);
    return () => clearImmediate(immediate);
  },
  sleep: (_delayMs: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (signal?.aborted) return resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
    }),
};

describe('whatever goes wrong on the way', () => {
  test('every step of every event has its effect exactly once, and nothing is left running', {
    timeout: 240_000,
  }, async () => {
    const run = fc.asyncProperty(
      fc.array(reply, { maxLength: 30 }),
      fc.array(fc.tuple(fc.constantFrom('1', '2', '3'), fc.integer({ min: 1, max: 3 })), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }),
      async (replies, happenings, restarts) => {
        const place = await WorkflowPlace.open('sqlite');
        try {
          const graph = new FakeGraph();
          const left = [...replies];
          graph.reply = () => left.shift() ?? 'ACCEPT';
          const events = happenings.map(([orderNo, number]) => orderCreated(orderNo, number));
          await place.append(...events);
          for (const askings of restarts) await stopAfter(place, graph, askings);
          const engine = await place.startEngine(graph, [rule], { timers: impatient });
          await finish(place, engine);
          const wanted = [...new Set(events.map(({ id }) => id))].flatMap((id) =>
            ['first', 'a', 'b', 'c', 'last'].map((step) => `${id} ${step}`),
          );
          const done = graph.effects.map(({ key }) => key.replace(/^wf\/[^/]+\/[^ ]+\/(created.*)\/\d+$/, '$1'));
          expect(done.toSorted()).toEqual(wanted.toSorted());
          expect(await place.instances()).toEqual([]);
          expect(await place.openExceptions()).toEqual([]);
        } finally {
          await place.dispose();
        }
      },
    );
    await fc.assert(run, { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 60) });
  });

  /** An engine that ends in the middle: what it had begun it finishes, nothing else. */
  async function stopAfter(place: WorkflowPlace, graph: FakeGraph, askings: number): Promise<void> {
    const before = graph.reply;
    let seen = 0;
    let enough = () => {};
    const reached = new Promise<void>((resolve) => {
      enough = resolve;
    });
    graph.reply = (asked) => {
      seen += 1;
      if (seen >= askings) enough();
      return before(asked);
    };
    const engine = await place.startEngine(graph, [rule], { timers: impatient });
    await Promise.race([reached, engine.idle()]);
    await engine.stop();
    graph.reply = before;
  }

  /** Until nothing is left; what was given up is tried again by a person. */
  async function finish(place: WorkflowPlace, engine: { idle(): Promise<void> }): Promise<void> {
    for (let round = 0; round < 200; round += 1) {
      await engine.idle();
      const instances = await place.instances();
      if (instances.length === 0) return;
      for (const { id } of await place.openExceptions()) await place.act('retryException', id, `retry-${id}-${round}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test('no wait is longer than its ceiling, none is shorter than the one before, and whoever gives up says so', () => {
    const kinds = Object.keys(retryTable) as (keyof typeof retryTable)[];
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.integer({ min: 1, max: 10_000 }), (kind, attempts) => {
        const now = afterAttempt({ kind }, attempts);
        const next = afterAttempt({ kind }, attempts + 1);
        expect(now.retryAfterMs ?? 0).toBeLessThanOrEqual(retryTable[kind].ceilingMs);
        if (now.retryAfterMs !== null && next.retryAfterMs !== null)
          expect(next.retryAfterMs).toBeGreaterThanOrEqual(now.retryAfterMs);
        if (now.retryAfterMs === null) expect(now.raise).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
