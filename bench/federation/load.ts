import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cpuMs, percentile, round } from '../measure.ts';
import { onCore } from './child-process.ts';

const hasWrk = spawnSync('wrk', ['-v']).error === undefined;

/** What makes the load, for the report. */
export const loadMaker = hasWrk ? 'wrk, one thread' : 'undici (wrk is not installed)';

export interface LoadOptions {
  readonly folder: string;
  readonly url: string;
  /** What each request brings. */
  readonly authorization: string | undefined;
  readonly pid: number;
  readonly connections: number;
  readonly seconds: number;
  /** JSON text of the query. */
  readonly query: string;
  readonly requests: 'distinct' | 'equal';
}

export interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMsPerRequest: number;
  readonly memoryMiB: number;
  readonly failed: number;
}

/** One turn of load. */
interface Sent {
  readonly requests: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

export interface Turn extends Sent {
  /** What the gateway used of its processor until the last answer. */
  readonly cpuMs: number;
}

/** Loads a gateway that is warm. Whatever it has begun is answered and counted: slow ones have much on its way. */
export async function takeTurn(options: LoadOptions): Promise<Turn> {
  const before = cpuMs(options.pid);
  const { requests, seconds, p50Ms, p99Ms, failed } = await sendLoad(options);
  return { requests, seconds, p50Ms, p99Ms, failed, cpuMs: cpuMs(options.pid) - before };
}

export function figuresOf(turns: readonly Turn[], memoryMiB: number): Figures {
  const sum = (of: (turn: Turn) => number) => turns.reduce((total, turn) => total + of(turn), 0);
  const requests = sum((turn) => turn.requests);
  const median = (of: (turn: Turn) => number) => round(percentile(turns.map(of), 0.5));
  return {
    perSecond: Math.round(requests / sum((turn) => turn.seconds)),
    p50Ms: median((turn) => turn.p50Ms),
    p99Ms: median((turn) => turn.p99Ms),
    cpuMsPerRequest: Math.round((sum((turn) => turn.cpuMs) / requests) * 1000) / 1000,
    memoryMiB,
    failed: sum((turn) => turn.failed),
  };
}

/** Code that was run a thousand times is compiled; on a busy machine that takes longer than it takes to get hot. */
export async function warmUp(options: LoadOptions): Promise<void> {
  const seconds = Math.max(3, options.seconds / 2);
  for (let sent = 0, round = 0; sent < 1000 && round < 5; round += 1) {
    sent += (await sendLoad({ ...options, seconds })).requests;
  }
}

async function sendLoad(options: LoadOptions): Promise<Sent> {
  const { folder, url, connections, seconds, query, requests, authorization = '' } = options;
  if (!hasWrk) {
    const script = join(folder, 'processes/load.mjs');
    return JSON.parse(
      await run([process.execPath, script, url, `${connections}`, `${seconds}`, query, requests, authorization]),
    );
  }
  const script = join(folder, 'processes/requests.lua');
  const flags = ['-t1', `-c${connections}`, `-d${seconds + drainSeconds}s`, '--timeout', '10s', '--latency'];
  const args = ['--', query, requests, `${seconds}`, authorization];
  return readWrk(await run(['wrk', ...flags, '-s', script, url, ...args]));
}

/** What is on its way when the last request has been sent is answered within. */
const drainSeconds = 3;

async function run(argv: readonly string[]): Promise<string> {
  const [command = '', ...args] = onCore(0, argv);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} failed:\n${output}`);
  return output;
}

const millisecondsIn: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function readWrk(report: string): Sent {
  const number = (pattern: RegExp) => Number(pattern.exec(report)?.[1] ?? 0);
  const latency = (share: string) => {
    const [, value, unit] = new RegExp(`^\\s*${share}%\\s+([\\d.]+)(us|ms|s|m)`, 'm').exec(report) ?? [];
    return Number(value) * (millisecondsIn[unit ?? ''] ?? Number.NaN);
  };
  return {
    requests: number(/(\d+) requests in/),
    seconds: number(/Last answer after ([\d.]+) s/),
    p50Ms: latency('50'),
    p99Ms: latency('99'),
    failed: number(/Non-2xx or 3xx responses: (\d+)/) + number(/timeout (\d+)/),
  };
}
