import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseOptions } from '../../runtime/parse-options.ts';
import { UsageError } from '../../runtime/usage-error.ts';
import { freePort } from '../../test/support/free-port.ts';
import { readNumber } from '../read-number.ts';
import { pinning, startChild, stopChild } from './child-process.ts';
import { Comparison } from './comparison.ts';
import { measureFanOut } from './fan-out.ts';
import { gateways } from './gateways.ts';
import { loadMaker } from './load.ts';
import { measurePlanning } from './planning.ts';
import { names, reportTargets } from './targets.ts';

const help = `andon bench-federation: Andon's gateway and others on the public federation benchmark's query, in one run.

  --rounds N       turns of load for each gateway (default: 3)
  --seconds N      length of a turn (default: 5)
  --connections N  clients at once (default: 50)
  --only NAME      gateways whose name contains this
  --clients N      subscribers of the fan-out (default: 10000; 0 leaves it out)
  --help           this text

Installs the other gateways into bench/federation/node_modules first. Gateways that are compared take turns on one core,
so that all of them see the host's good and bad minutes; answers are compared before and after. At the end every target stands with what was measured. Modes:

  off       nothing is shared; each request has a variable of its own, which changes no answer
  tokens    the same with a token, and a signed one with each call to a subgraph
  subgraph  equal calls to a subgraph that run at the same moment are made once
  router    all clients send the same request, and equal requests in flight may be answered once
`;

export async function runFederationBenchCommand(argv: string[]): Promise<void> {
  const { values } = parseOptions({
    args: argv,
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      connections: { type: 'string', default: '50' },
      only: { type: 'string', default: '' },
      clients: { type: 'string', default: '10000' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return print(help);
  for (const name of ['rounds', 'seconds', 'connections'] as const) {
    readNumber(`--${name}`, values[name], { min: 1, max: 3600 });
  }
  const subscribers = readNumber('--clients', values.clients, { min: 0, max: 1_000_000 });
  if (!gateways.some(({ name }) => name.includes(values.only))) {
    throw new UsageError(
      `--only is "${values.only}". Write a part of one of ${gateways.map(({ name }) => name).join(', ')}.`,
    );
  }
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
    const bench = new Comparison({ folder, andon, supergraph, temporary }, values);
    print(
      `${pinning}; load: ${loadMaker}, ${values.connections} connections, ${values.rounds} turns of ${values.seconds} s\n`,
    );
    // What else runs here takes from every figure: ratios suffer least.
    print(`${availableParallelism()} cores, busy at the start: ${loadavg()[0]?.toFixed(1)}\n`);
    const chosen = gateways.filter(({ name }) => name === names.bare || name.includes(values.only));
    await bench.compare(chosen);
    const fanOut = subscribers > 0 ? await measureFanOut(folder, andon, subscribers) : undefined;
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

function print(text: string): void {
  process.stdout.write(text);
}
