import { defaultGatewayConfig } from '../../gateway/config.ts';
import { createNativeEngine, type Engine } from '../../gateway/engine/engine.ts';
import { createSharing } from '../../gateway/execution/sharing/sharing.ts';
import { CostReport } from '../../gateway/limits/cost-report.ts';
import { createHivePlanner } from '../../gateway/planning/planners/hive-planner.ts';
import { AnswerRoom } from '../../gateway/subgraph-client/answer-room.ts';
import { createClientRegistry } from '../../gateway/subgraph-client/client-registry.ts';
import { createSystemRuntime } from '../../runtime/system-runtime.ts';
import { percentile } from '../measure.ts';
import { largeSupergraph, longQuery } from './large-supergraph.ts';

export interface PlanningFigures {
  /** Milliseconds that the planner takes for the benchmark's query, the way to its process and back included: median. */
  readonly plannerMs: number;
  /** Milliseconds from the query's text to something that runs: the first text of a process that is ready. */
  readonly firstMs: number;
  /** The same for later texts, none of which was seen before: median. */
  readonly coldMs: number;
  /** Microseconds of the same for a text that was seen: mean. */
  readonly hitUs: number;
  /** Milliseconds from the SDL of the large supergraph to an engine that answers. */
  readonly largeLoadMs: number;
  /** Milliseconds from text to something that runs on it: the first one, which pays for what is made once. */
  readonly largeColdMs: number;
}

const coldRuns = 101;
const hitRuns = 100_000;
/** What `andon gateway` does before it is ready. */
const warmUpMs = 300;

/** Parse, limits, validation, plan and compilation, as each request passes through them. */
export async function measurePlanning(supergraphSdl: string, query: string): Promise<PlanningFigures> {
  const engine = await createEngine(supergraphSdl);
  await engine.warmUp(warmUpMs);
  const runs: number[] = [];
  for (let run = 0; run < coldRuns; run += 1) {
    runs.push(await timeOf(() => engine.preparer.prepare(query.replace('TestQuery', `TestQuery${run}`), undefined)));
  }
  const hits = await timeOf(async () => {
    for (let run = 0; run < hitRuns; run += 1) await engine.preparer.prepare(query, undefined);
  });
  await engine.close();
  const plannerMs = await measurePlanner(supergraphSdl, query);
  const sdl = largeSupergraph({ subgraphs: 100, types: 3000 });
  let large: Engine | undefined;
  const largeLoadMs = await timeOf(async () => {
    large = await createEngine(sdl);
  });
  const largeColdMs = await timeOf(async () => large?.preparer.prepare(longQuery(10), undefined));
  await large?.close();
  const [firstMs = Number.NaN, ...later] = runs;
  return {
    plannerMs,
    firstMs,
    coldMs: percentile(later, 0.5),
    hitUs: (hits / hitRuns) * 1000,
    largeLoadMs,
    largeColdMs,
  };
}

/** Without what the gateway does with a text before, beside and after. */
async function measurePlanner(supergraphSdl: string, query: string): Promise<number> {
  const planner = await createHivePlanner(supergraphSdl);
  const runs: number[] = [];
  for (let run = 0; run < coldRuns; run += 1) {
    runs.push(await timeOf(() => planner.plan(query.replace('TestQuery', `TestQuery${run}`))));
  }
  return percentile(runs, 0.5);
}

function createEngine(supergraphSdl: string): Promise<Engine> {
  const runtime = createSystemRuntime({ logLevel: 'error' });
  const config = defaultGatewayConfig;
  const costReport = new CostReport(runtime.log);
  const options = { supergraphSdl, runtime, config, subgraphs: new Map(), signInternal: undefined, costReport };
  const room = new AnswerRoom(config.subgraphs, runtime);
  const clients = createClientRegistry({ ...options, config: config.subgraphs, room });
  return createNativeEngine({ ...options, clients, room, sharing: createSharing(config, runtime.clock, room) });
}

async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}
