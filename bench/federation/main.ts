import type { ChildProcess } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { freePort } from '../../test/support/free-port.ts';
import { pinning, startChild, stopChild } from './child-process.ts';
import { measureFanOut } from './fan-out.ts';
import { answerFile, gateways, type MeasuredGateway, type Scene } from './gateways.ts';
import { type Figures, type LoadOptions, loadMaker, measureLoad } from './load.ts';
import { measurePlanning } from './planning.ts';
import { type Mode, names, reportTargets } from './targets.ts';

const help = `andon bench-federation: Andon's gateway and others on the public federation benchmark's query, in one run.

  --seconds N      length of each load (default: 10)
  --connections N  clients at once (default: 50)
  --only NAME      gateways whose name contains this
  --clients N      subscribers of the fan-out (default: 10000; 0 leaves it out)
  --help           this text

Installs the other gateways into bench/federation/node_modules first. Each gateway runs alone, pinned to one core;
answers are compared before and after each load. At the end every target stands with what was measured. Modes:

  off       nothing is shared; each request has a variable of its own, which changes no answer
  tokens    the same with a token, and a signed one with each call to a subgraph
  subgraph  equal calls to a subgraph that run at the same moment are made once
  router    all clients send the same request, and equal requests in flight may be answered once
`;

const modes: Readonly<Record<Mode, 'distinct' | 'equal'>> = {
  off: 'distinct',
  tokens: 'distinct',
  subgraph: 'distinct',
  router: 'equal',
};

export async function runFederationBenchCommand(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      seconds: { type: 'string', default: '10' },
      connections: { type: 'string', default: '50' },
      only: { type: 'string', default: '' },
      clients: { type: 'string', default: '10000' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return print(help);
  const { folder, andon } = findClone();
  installPeers(folder);
  const temporary = mkdtempSync(join(tmpdir(), 'andon-bench-'));
  const subgraphPort = await freePort();
  const subgraphs = await startChild({
    argv: [process.execPath, join(folder, 'processes/subgraphs.mjs')],
    core: 0,
    cwd: folder,
    env: { PORT: `${subgraphPort}` },
  });
  try {
    const supergraph = writeSupergraph(folder, temporary, subgraphPort);
    const bench = new Bench({ folder, andon, supergraph, temporary }, values);
    print(`${pinning}; load: ${loadMaker}, ${values.connections} connections, ${values.seconds} s each\n`);
    // What else runs here takes from every figure: ratios suffer least.
    print(`${availableParallelism()} cores, busy at the start: ${loadavg()[0]?.toFixed(1)}\n`);
    const chosen = gateways.filter(({ name }) => name === names.bare || name.includes(values.only));
    await bench.compare(chosen);
    const fanOut = Number(values.clients) > 0 ? await measureFanOut(folder, andon, Number(values.clients)) : undefined;
    if (fanOut) print(fanOut.report);
    const planning = await measurePlanning(readFileSync(supergraph, 'utf8'), bench.query);
    print(reportTargets({ loads: bench.loads, planning, fanOut }));
  } finally {
    await stopChild(subgraphs);
    rmSync(temporary, { recursive: true });
  }
}

/** The compiled code runs from dist/, the peers are installed beside the sources. */
function findClone(): { folder: string; andon: string } {
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, 'andon.mjs')) || root.endsWith('dist')) root = dirname(root);
  return { folder: join(root, 'bench/federation'), andon: join(root, 'dist/cli.js') };
}

function installPeers(folder: string): void {
  const installed = join(folder, 'node_modules/.package-lock.json');
  const wanted = join(folder, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
  process.stderr.write('andon: installing the other gateways (first run only) …\n');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm ci failed in ${folder}.`);
}

function writeSupergraph(folder: string, temporary: string, port: number): string {
  const file = join(temporary, 'supergraph.graphql');
  const sdl = readFileSync(join(folder, 'supergraph.graphql'), 'utf8');
  writeFileSync(file, sdl.replaceAll('127.0.0.1:4200', `127.0.0.1:${port}`));
  return file;
}

class Bench {
  readonly #scene: Scene;
  readonly #seconds: number;
  readonly #connections: number;
  readonly query: string;
  readonly loads = new Map<string, Map<Mode, Figures>>();
  #expected: unknown;

  constructor(scene: Scene, { seconds, connections }: { readonly seconds: string; readonly connections: string }) {
    this.#scene = scene;
    this.#seconds = Number(seconds);
    this.#connections = Number(connections);
    this.query = readFileSync(join(scene.folder, 'query.graphql'), 'utf8').replaceAll(/\s+/g, ' ');
  }

  async compare(all: readonly MeasuredGateway[]): Promise<void> {
    for (const mode of ['off', 'tokens', 'subgraph', 'router'] as const) {
      for (const gateway of all) if (gateway.modes.includes(mode)) await this.#measure(gateway, mode);
    }
  }

  async #measure(gateway: MeasuredGateway, mode: Mode): Promise<void> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/graphql`;
    const { argv, env, authorization } = gateway.launch(this.#scene, port, mode);
    const address = { url, authorization };
    const ready = () => this.#answers(address);
    const child = await startChild({ argv, env, core: 1, cwd: this.#scene.folder, ready });
    try {
      await this.#check(gateway, address);
      const figures = await this.#load(child, address, mode);
      await this.#check(gateway, address);
      const known = this.loads.get(gateway.name) ?? new Map<Mode, Figures>();
      this.loads.set(gateway.name, known.set(mode, figures));
      print(line(gateway.name, mode, figures, this.loads.get(names.andon)?.get(mode)));
    } finally {
      await stopChild(child);
    }
  }

  async #answers({ url, authorization }: Address): Promise<boolean> {
    const headers = headersOf(authorization);
    return fetch(url, { method: 'POST', headers, body: '{"query":"{ __typename }"}' }).then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  /** Nobody is measured whose answer differs, with whatever variable. */
  async #check({ name }: MeasuredGateway, { url, authorization }: Address): Promise<void> {
    for (const first of [5, 1005, 123_005]) {
      const body = JSON.stringify({ query: this.query, variables: { first } });
      const response = await fetch(url, { method: 'POST', headers: headersOf(authorization), body });
      const answer = (await response.json()) as { data?: unknown; errors?: unknown };
      if (answer.errors || !answer.data) throw new Error(`${name} failed: ${JSON.stringify(answer).slice(0, 500)}`);
      if (this.#expected === undefined) {
        this.#expected = answer.data;
        writeFileSync(join(this.#scene.temporary, answerFile), JSON.stringify(answer));
      }
      if (!isDeepStrictEqual(answer.data, this.#expected)) throw new Error(`${name} answers something else.`);
    }
  }

  #load({ pid = 0 }: ChildProcess, address: Address, mode: Mode): Promise<Figures> {
    return measureLoad({
      folder: this.#scene.folder,
      ...address,
      pid,
      connections: this.#connections,
      seconds: this.#seconds,
      query: JSON.stringify(this.query),
      requests: modes[mode],
    });
  }
}

type Address = Pick<LoadOptions, 'url' | 'authorization'>;

const headersOf = (authorization: string | undefined) => ({
  'content-type': 'application/json',
  ...(authorization !== undefined && { authorization }),
});

function line(name: string, mode: Mode, figures: Figures, ours: Figures | undefined): string {
  const { perSecond, p50Ms, p99Ms, cpuMsPerRequest, memoryMiB, failed } = figures;
  const ratio = ours && ours !== figures ? `  andon does ${(ours.perSecond / perSecond).toFixed(1)} times as many` : '';
  const trouble = failed > 0 ? `  FAILED=${failed}` : '';
  return `${mode.padEnd(9)} ${name.padEnd(44)} ${perSecond}/s  p50=${p50Ms}ms  p99=${p99Ms}ms  cpu=${cpuMsPerRequest}ms/request  memory=${memoryMiB}MiB${trouble}${ratio}\n`;
}

function print(text: string): void {
  process.stdout.write(text);
}
