import { expect, test } from 'vitest';
import type { Principal } from '../../auth/principal.ts';
import type { PlanNode } from '../../gateway/planning/plan.ts';
import { boundPlanner } from '../../gateway/planning/planners/bounded-planner.ts';
import { startFederation } from '../support/federation-gateway.ts';

const aPlan: PlanNode = { kind: 'sequence', nodes: [] };

/** A planner whose answers the test gives, and a clock that the test moves. */
function controlled() {
  const begun: string[] = [];
  const stopped: string[] = [];
  const answers: (() => void)[] = [];
  const due = new Set<() => void>();
  const planner = boundPlanner(
    {
      overridePercentages: [],
      plan: (operation, _draw, signal) => {
        begun.push(operation);
        return new Promise((resolve, reject) => {
          answers.push(() => resolve(aPlan));
          signal?.addEventListener('abort', () => {
            stopped.push(operation);
            reject(new Error('Stopped.'));
          });
        });
      },
    },
    {
      after(_, run) {
        const expire = () => {
          due.delete(expire);
          run();
        };
        due.add(expire);
        return () => due.delete(expire);
      },
      sleep: () => Promise.resolve(),
    },
  );
  return { planner, begun, stopped, answers, due };
}

test('an operation that takes too long to plan is refused and stopped, and its place is free', async () => {
  const { planner, begun, stopped, answers, due } = controlled();
  const stuck = planner.plan('a');
  const other = planner.plan('b');
  expect(begun).toEqual(['a', 'b']);
  // Its share is over, which is for others; then its time, which may be that this process was busy.
  [...due][0]?.();
  [...due].at(-1)?.();
  expect(stopped).toEqual([]);
  [...due].at(-1)?.();
  await expect(stuck).rejects.toMatchObject({ code: 'PLANNING_TIMEOUT' });
  expect(stopped).toEqual(['a']);
  const next = planner.plan('c');
  await expect.poll(() => begun).toEqual(['a', 'b', 'c']);
  answers[1]?.();
  answers[2]?.();
  expect(await Promise.all([other, next])).toEqual([aPlan, aPlan]);
});

test('who has had a share gives way to who has had none, begins anew behind them, and is refused the second time', async () => {
  const { planner, begun, stopped, answers, due } = controlled();
  const [long, other] = [planner.plan('long'), planner.plan('other')];
  [...due][0]?.();
  expect(stopped).toEqual([]);
  const third = planner.plan('third');
  expect(stopped).toEqual(['long']);
  await expect.poll(() => begun).toEqual(['long', 'other', 'third']);
  answers[2]?.();
  expect(await third).toBe(aPlan);
  await expect.poll(() => begun).toEqual(['long', 'other', 'third', 'long']);
  [...due].at(-1)?.();
  const fourth = planner.plan('fourth');
  await expect(long).rejects.toMatchObject({ code: 'PLANNING_TIMEOUT' });
  expect(stopped).toEqual(['long', 'long']);
  await expect.poll(() => begun.at(-1)).toBe('fourth');
  for (const answer of answers) answer();
  expect(await Promise.all([other, fourth])).toEqual([aPlan, aPlan]);
});

test('who waits too long for a turn is refused and never planned', async () => {
  const { planner, begun, answers, due } = controlled();
  const running = [planner.plan('a'), planner.plan('b')];
  const late = planner.plan('c');
  [...due][2]?.();
  [...due].at(-1)?.();
  await expect(late).rejects.toMatchObject({ code: 'PLANNING_OVERLOADED' });
  for (const answer of answers) answer();
  await Promise.all(running);
  expect(begun).toEqual(['a', 'b']);
});

test('who has waited has its whole time to be planned', async () => {
  const { planner, answers, due } = controlled();
  const running = [planner.plan('a'), planner.plan('b')];
  const late = planner.plan('c');
  const [, , waited] = [...due];
  answers[0]?.();
  await expect.poll(() => due.size).toBe(2);
  expect(due.has(waited!)).toBe(false);
  for (const answer of answers) answer();
  await Promise.all([...running, late]);
  expect(due.size).toBe(0);
});

test('more new operations than can wait are refused at once', async () => {
  const { planner } = controlled();
  const all = Array.from({ length: 203 }, (_, i) => planner.plan(`q${i}`));
  for (const one of all) one.catch(() => undefined);
  await expect(all.at(-1)).rejects.toMatchObject({ code: 'PLANNING_OVERLOADED' });
});

test('a hundred implementations and deep nesting over many subgraphs leave the event loop free', async () => {
  const types = Array.from({ length: 100 }, (_, i) => `T${i}`);
  const definitions = Object.fromEntries(
    Array.from({ length: 4 }, (_, s) => [
      `s${s}`,
      {
        typeDefs: `
          ${s === 0 ? 'type Query { start: Node }' : ''}
          interface Node { id: ID! next: Node }
          ${types.map((name) => `type ${name} implements Node @key(fields: "id") { id: ID! next: Node @shareable f${s}: Int }`).join('\n')}
        `,
        ...(s === 0 && { resolvers: { Query: { start: () => null } } }),
      },
    ]),
  );
  const federation = await startFederation(definitions);
  const fields = types.slice(0, 8).map((name) => `... on ${name} { f0 f1 f2 f3 }`);
  const nested = (depth: number): string =>
    depth === 0 ? 'id' : `id ${fields.join(' ')} next { ${nested(depth - 1)} }`;
  const before = process.cpuUsage();
  const { data, errors } = await federation.query(`{ start { ${nested(7)} } }`);
  const { user, system } = process.cpuUsage(before);
  expect(errors).toBeUndefined();
  expect(data).toEqual({ start: null });
  // Planning takes seconds, of another process.
  expect((user + system) / 1000).toBeLessThan(2000);
  await federation.close();
});

test('a crowd of new operations gives way: between any two of them others are served', async () => {
  const { gateway, close } = await startFederation({ things: { typeDefs: 'type Query { a: Int }', resolvers: {} } });
  const principal = { id: 'p', name: 'P', kind: 'PERSON', roles: [], plants: [], scopes: [] } as unknown as Principal;
  const told: (string | undefined)[] = [];
  const asked = Array.from({ length: 20 }, async (_, index) => {
    const { errors } = await gateway.execute({ query: `{ b${index} }`, principal });
    told.push(errors?.[0]?.message);
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  await turn();
  expect(told.length).toBeLessThan(4);
  await Promise.all(asked);
  expect(told).toEqual(asked.map((_, index) => `Cannot query field "b${index}" on type "Query".`));
  await close();
});
