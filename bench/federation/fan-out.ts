import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { residentMiB } from '../measure.ts';
import { freePort, onCore, startChild, stopChild } from './child-process.ts';

export interface FanOutFigures {
  /** The lines of the report. */
  readonly report: string;
  /** How much later the last client has an event than from `ws` alone. */
  readonly ratio: number;
  readonly kibPerClient: number;
}

interface FanOut {
  readonly medianLastMs: number;
  readonly worstLastMs: number;
  readonly kibPerClient: number;
}

const events = 9;

/**
 * One event for many clients of one field: how long until the last has it, and what a client costs, against `ws` alone
 * that sends the same bytes.
 */
export async function measureFanOut(folder: string, andon: string, clients: number): Promise<FanOutFigures> {
  const bare = await measureBroadcast(folder, clients);
  const ours = await measureAndon(folder, andon, clients);
  const ratio = ours.medianLastMs / bare.medianLastMs;
  const own = line('andon', clients, ours).trimEnd();
  const report = `${line('ws alone', clients, bare)}${own}  ratio=${ratio.toFixed(2)}\n`;
  return { report, ratio, kibPerClient: ours.kibPerClient };
}

async function measureBroadcast(folder: string, clients: number): Promise<FanOut> {
  const port = await freePort();
  const argv = [process.execPath, join(folder, 'processes/broadcast.mjs')];
  const server = await startChild({ argv, core: 1, cwd: folder, env: { PORT: `${port}` } });
  try {
    return await subscribe(folder, server, { port, clients, fire: `http://127.0.0.1:${port}/fire` });
  } finally {
    await stopChild(server);
  }
}

async function measureAndon(folder: string, andon: string, clients: number): Promise<FanOut> {
  const [alarmsPort, port] = [await freePort(), await freePort()];
  const temporary = mkdtempSync(join(tmpdir(), 'andon-bench-'));
  const supergraph = join(temporary, 'supergraph.graphql');
  const sdl = readFileSync(join(folder, 'fan-out.graphql'), 'utf8');
  writeFileSync(supergraph, sdl.replace('127.0.0.1:4200', `127.0.0.1:${alarmsPort}`));
  const alarms = await startChild({
    argv: [process.execPath, join(folder, 'processes/alarms.mjs')],
    core: 0,
    cwd: folder,
    env: { PORT: `${alarmsPort}` },
  });
  const argv = [process.execPath, andon, 'gateway', '--supergraph', supergraph, '--port', `${port}`];
  const gateway = await startChild({ argv, core: 1, cwd: folder });
  try {
    return await subscribe(folder, gateway, { port, clients, fire: `http://127.0.0.1:${alarmsPort}/fire` });
  } finally {
    await stopChild(gateway);
    await stopChild(alarms);
    rmSync(temporary, { recursive: true });
  }
}

interface Subscribers {
  readonly port: number;
  readonly clients: number;
  readonly fire: string;
}

async function subscribe(folder: string, server: ChildProcess, subscribers: Subscribers): Promise<FanOut> {
  const { port, clients, fire } = subscribers;
  const pid = server.pid ?? 0;
  const before = residentMiB(pid);
  const script = join(folder, 'processes/subscribers.mjs');
  const argv = onCore(0, [process.execPath, script, `${port}`, '/graphql', `${clients}`, fire, `${events}`]);
  const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout);
  await once(lines, 'line');
  const memory = residentMiB(pid) - before;
  child.stdin.write('go\n');
  const [text] = (await once(lines, 'line')) as [string];
  await stopChild(child);
  return { ...JSON.parse(text), kibPerClient: (memory * 1024) / clients };
}

function line(name: string, clients: number, { medianLastMs, worstLastMs, kibPerClient }: FanOut): string {
  const times = `last served after ${medianLastMs.toFixed(1)}ms (worst of ${events}: ${worstLastMs.toFixed(1)}ms)`;
  return `fan-out   ${name.padEnd(44)} ${clients} clients  ${times}  ${kibPerClient.toFixed(1)}KiB/client\n`;
}
