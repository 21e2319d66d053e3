import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { largeSupergraph } from '../../../bench/federation/large-supergraph.ts';
import { defaultGatewayConfig } from '../../../gateway/config.ts';
import { createNativeEngine, type Engine } from '../../../gateway/engine/engine.ts';
import { warmUp } from '../../../gateway/engine/warm-up.ts';
import { createSharing } from '../../../gateway/execution/sharing/sharing.ts';
import { CostReport } from '../../../gateway/limits/cost-report.ts';
import { AnswerRoom } from '../../../gateway/subgraph-client/answer-room.ts';
import { createClientRegistry } from '../../../gateway/subgraph-client/client-registry.ts';
import { createSystemRuntime } from '../../../runtime/system-runtime.ts';

const benchmark = readFileSync(new URL('../../../bench/federation/supergraph.graphql', import.meta.url), 'utf8');
const config = defaultGatewayConfig;
const logged: string[] = [];
const note = (event: string) => void logged.push(event);
const runtime = {
  ...createSystemRuntime({ logLevel: 'silent' }),
  log: { debug: note, info: note, warn: note, error: note },
};
const room = new AnswerRoom(config.subgraphs, runtime);

let engine: Engine;
afterEach(() => engine.close());

async function createEngine(supergraphSdl: string): Promise<Engine> {
  const costReport = new CostReport(runtime.log);
  const options = { supergraphSdl, runtime, config, subgraphs: new Map(), signInternal: undefined, costReport };
  const clients = createClientRegistry({ ...options, config: config.subgraphs, room });
  engine = await createNativeEngine({ ...options, clients, room, sharing: createSharing(config, runtime.clock, room) });
  return engine;
}

const unasked = () => expect.unreachable('no subgraph is asked');

const unneeded = { start: () => expect.unreachable('samples are planned by the first planner') };

test.each([
  ['the benchmark', benchmark],
  ['a chain of types', largeSupergraph({ subgraphs: 5, types: 50 })],
])('warming up leaves nothing behind: %s', async (_of, sdl) => {
  const { preparer, warmUp: run } = await createEngine(sdl);
  await run(100);
  expect(preparer.mostUsed(10)).toEqual([]);
  expect(logged).toEqual([]);
});

/** What operations are made ready in, where no subgraph is ever asked. */
const scopeOf = (supergraph: Awaited<ReturnType<typeof createEngine>>['supergraph']) => ({
  types: supergraph.types,
  clock: runtime.clock,
  room,
  sharing: createSharing(config, runtime.clock, room),
  sharesObjects: true,
  requirements: supergraph.subgraphTypes,
  exposure: { maskUnknown: true, log: runtime.log },
  client: (service: string) => ({ service, execute: unasked, subscribe: unasked, close: async () => undefined }),
});

test('an operation that takes too long to plan keeps nobody waiting', async () => {
  const { supergraph } = await createEngine(benchmark);
  const planner = { overridePercentages: [], plan: () => new Promise<undefined>(() => undefined) };
  const options = { supergraph, config, planner, second: unneeded, scope: scopeOf(supergraph), runtime };
  await expect(warmUp({ ...options, budgetMs: 5 })).resolves.toBeUndefined();
});

test('warming up ends with its time, and after a few hundred operations at most', async () => {
  const { supergraph } = await createEngine(benchmark);
  const asked = new Set<string>();
  const planner = {
    overridePercentages: [],
    plan(operation: string) {
      asked.add(/Sample\d+/.exec(operation)?.[0] ?? operation);
      return Promise.resolve(undefined);
    },
  };
  const options = {
    supergraph,
    config,
    planner,
    second: { start: () => (started += 1) },
    scope: scopeOf(supergraph),
  };
  let started = 0;
  let now = 0;
  const clock = { now: () => now, monotonic: () => (now += 10_000) };
  await warmUp({ ...options, runtime: { ...runtime, clock }, budgetMs: 55_000 });
  expect(asked.size).toBe(5);
  asked.clear();
  await warmUp({ ...options, runtime: { ...runtime, clock }, budgetMs: 1e9 });
  expect(asked.size).toBe(200);
  // The first planner planned no sample, and the second was not needed for any of them either.
  expect(started).toBe(0);
});
