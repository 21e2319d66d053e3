import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { parse } from 'graphql';
import { beforeAll, expect, test } from 'vitest';
import { PlannerProcess } from '../../../../gateway/planning/planners/planner-process.ts';
import { composeSources } from '../../../../gateway/supergraph/compose.ts';
import { startFederation } from '../../../support/federation-gateway.ts';
import { federationLink } from '../../../support/federation-subgraph.ts';
import { steadyTimers } from '../../../support/steady-time.ts';

/** Eight subgraphs that all lead everywhere by two keys, each with a field of its own: the planner compares ways by the million, for minutes on any machine. */
const definitions = Object.fromEntries(
  Array.from({ length: 8 }, (_, s) => [
    `s${s}`,
    {
      typeDefs: `
        type Query { start: Node @shareable }
        type Node @key(fields: "id") @key(fields: "k${s} id") {
          id: ID! @shareable k${s}: ID! next: Node @shareable f${s}: Int
        }
      `,
      resolvers: { Query: { start: () => ({ id: '1' }) }, Node: { __resolveReference: (self: unknown) => self } },
    },
  ]),
);
const everywhere = Object.keys(definitions)
  .map((name) => name.replace('s', 'f'))
  .join(' ');
const nested = (depth: number): string => (depth === 0 ? everywhere : `${everywhere} next { ${nested(depth - 1)} }`);
const explosive = `{ start { ${nested(20)} } }`;
const harmless = '{ start { f1 } }';

let supergraphSdl: string;
beforeAll(() => {
  const sources = Object.entries(definitions).map(([name, { typeDefs }]) => {
    return { name, url: `http://localhost/${name}`, document: parse(federationLink + typeDefs) };
  });
  supergraphSdl = composeSources(sources).sdl;
});

/** Of this process, as the system knows them. */
function children(): string[] {
  try {
    return execFileSync('pgrep', ['-P', `${process.pid}`, '-f', 'native-planner'], { encoding: 'utf8' })
      .trim()
      .split('\n');
  } catch {
    return [];
  }
}

/** Processor time that a process has used, as the system writes it. */
const processorTime = (pid: string) => execFileSync('ps', ['-o', 'time=', '-p', pid], { encoding: 'utf8' }).trim();

test('an operation that takes too long to plan is stopped: its process ends, what is planned beside it is answered', async () => {
  const planners = new PlannerProcess();
  const planner = await planners.load(supergraphSdl, []);
  const [first] = children();
  const controller = new AbortController();
  const stuck = planner.plan(explosive, 100, controller.signal);
  const beside = planner.plan(harmless, 100);
  // It works: the process uses its time.
  await expect.poll(() => processorTime(first!)).not.toBe('00:00:00');
  const waiting = planner.plan('{ start { f2 } }', 100);
  controller.abort();
  await expect(stuck).rejects.toThrow('took too long');
  expect(await beside).toMatchObject({ kind: expect.any(String) });
  expect(await waiting).toMatchObject({ kind: expect.any(String) });
  await expect.poll(() => children().includes(first!)).toBe(false);
  expect(children()).toHaveLength(1);
});

test('a planner whose gateway was killed ends at once, also in the middle of a plan', async () => {
  const file = new URL('../../../../gateway/planning/planners/native-planner.mjs', import.meta.url);
  const child = fork(file, { execArgv: [] });
  const ended = once(child, 'exit');
  child.send({ id: 1, planner: 'one', supergraphSdl });
  await once(child, 'message');
  child.send({ id: 2, planner: 'one', operation: explosive, draw: 100, labels: [] });
  await expect.poll(() => processorTime(`${child.pid}`)).not.toBe('00:00:00');
  // As the system does it for one that has gone.
  child.disconnect();
  await ended;
});

test('an operation that is stopped before its turn is never planned', async () => {
  const planners = new PlannerProcess();
  const planner = await planners.load(supergraphSdl, []);
  const controllers = [0, 1, 2].map(() => new AbortController());
  const stuck = controllers.map(({ signal }) => planner.plan(explosive, 100, signal));
  const [running] = children();
  controllers[2]!.abort();
  await expect(stuck[2]).rejects.toThrow('took too long');
  expect(children()).toContain(running);
  for (const controller of controllers) controller.abort();
  await Promise.allSettled(stuck);
  expect(await planner.plan(harmless, 100)).toMatchObject({ kind: expect.any(String) });
});

test('clients are refused in time, others are answered meanwhile and afterwards', async () => {
  const federation = await startFederation(definitions, { runtime: { timers: steadyTimers } });
  const refused = federation.post({ query: explosive });
  const answers = ['a', 'b', 'c'].map((name) => federation.query(`{ ${name}: start { id } }`));
  for (const { errors } of await Promise.all(answers)) expect(errors).toBeUndefined();
  const { status, body } = await refused;
  expect([status, body.errors?.[0]?.extensions?.['code']]).toEqual([503, 'PLANNING_TIMEOUT']);
  expect((await federation.query('{ d: start { id } }')).data).toEqual({ d: { id: '1' } });
  await federation.close();
});
