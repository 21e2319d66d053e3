import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../test/support/free-port.ts';
import { cpuMs, percentile, residentMiB } from '../measure.ts';
import { onCore, startChild, stopChild } from './child-process.ts';

export interface FanOutFigures {
  /** The lines of the report. */
  readonly report: string;
  /** How much later the last client has an event than from `ws` alone. */
  readonly ratio: number;
  readonly kibPerClient: number;
}

interface Side {
  readonly name: string;
  readonly server: ChildProcess;
  readonly lastMs: number[];
  readonly kibPerClient: number;
  cpuMs: number;
  /** Sends one event to every client. @returns milliseconds until the last has it */
  fire(): Promise<number>;
}

const events = 11;

/**
 * One event for many clients of one field: how long until the last has it, and what a client costs, against `ws` alone
 * that sends the same bytes. Both serve the same number of clients at the same time, and events go to one and the other in
 * turn, so that whatever else runs here takes from both alike; the figures are medians.
 */
export async function measureFanOut(folder: string, andon: string, clients: number): Promise<FanOutFigures> {
  const stops: (() => Promise<void>)[] = [];
  try {
    const bare = await openBroadcast({ folder, clients, stops });
    const ours = await openAndon({ folder, clients, stops }, andon);
    for (let event = 0; event < events; event += 1) {
      // Each goes first as often as the other.
      for (const side of event % 2 ? [ours, bare] : [bare, ours]) await measure(side);
    }
    const ratio = median(ours.lastMs) / median(bare.lastMs);
    const report = `${line(bare, clients)}\n${line(ours, clients)}  ratio=${ratio.toFixed(2)}\n`;
    return { report, ratio, kibPerClient: ours.kibPerClient };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

const median = (values: readonly number[]) => percentile(values, 0.5);

async function measure(side: Side): Promise<void> {
  const before = cpuMs(side.server.pid ?? 0);
  side.lastMs.push(await side.fire());
  side.cpuMs += cpuMs(side.server.pid ?? 0) - before;
}

interface Setting {
  readonly folder: string;
  readonly clients: number;
  /** What ends what was started, in the order of starting. */
  readonly stops: (() => Promise<void>)[];
}

async function openBroadcast(setting: Setting): Promise<Side> {
  const port = await freePort();
  const argv = [process.execPath, join(setting.folder, 'processes/broadcast.mjs')];
  const server = await startChild({ argv, core: 1, cwd: setting.folder, env: { PORT: `${port}` } });
  setting.stops.push(() => stopChild(server));
  return subscribe(setting, { name: 'ws alone', server, port, source: port });
}

async function openAndon(setting: Setting, andon: string): Promise<Side> {
  const { folder, stops } = setting;
  const [source, port] = [await freePort(), await freePort()];
  const temporary = mkdtempSync(join(tmpdir(), 'andon-bench-'));
  stops.push(async () => rmSync(temporary, { recursive: true }));
  const supergraph = join(temporary, 'supergraph.graphql');
  const sdl = readFileSync(join(folder, 'fan-out.graphql'), 'utf8');
  writeFileSync(supergraph, sdl.replace('127.0.0.1:4200', `127.0.0.1:${source}`));
  const alarms = [process.execPath, join(folder, 'processes/alarms.mjs')];
  const subgraph = await startChild({ argv: alarms, core: 0, cwd: folder, env: { PORT: `${source}` } });
  stops.push(() => stopChild(subgraph));
  const argv = [process.execPath, andon, 'gateway', '--supergraph', supergraph, '--port', `${port}`];
  const server = await startChild({ argv, core: 1, cwd: folder });
  stops.push(() => stopChild(server));
  return subscribe(setting, { name: 'andon', server, port, source });
}

interface Served {
  readonly name: string;
  readonly server: ChildProcess;
  readonly port: number;
  /** Port of what fires the events. */
  readonly source: number;
}

async function subscribe({ folder, clients, stops }: Setting, { name, server, port, source }: Served): Promise<Side> {
  const pid = server.pid ?? 0;
  const before = residentMiB(pid);
  const script = join(folder, 'processes/subscribers.mjs');
  const fireUrl = `http://127.0.0.1:${source}/fire`;
  const argv = onCore(0, [process.execPath, script, `${port}`, '/graphql', `${clients}`, fireUrl]);
  const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  stops.push(() => stopChild(child));
  const lines = createInterface(child.stdout);
  await once(lines, 'line');
  return {
    name,
    server,
    lastMs: [],
    cpuMs: 0,
    kibPerClient: ((residentMiB(pid) - before) * 1024) / clients,
    async fire() {
      child.stdin.write('fire\n');
      const [text] = (await once(lines, 'line')) as [string];
      return Number(text);
    },
  };
}

function line({ name, lastMs, cpuMs: spentMs, kibPerClient }: Side, clients: number): string {
  const times = `last served after ${median(lastMs).toFixed(1)}ms (worst of ${events}: ${Math.max(...lastMs).toFixed(1)}ms)`;
  const costs = `cpu=${(spentMs / events).toFixed(1)}ms/event  ${kibPerClient.toFixed(1)}KiB/client`;
  return `fan-out   ${name.padEnd(44)} ${clients} clients  ${times}  ${costs}`;
}
