import { readFileSync } from 'node:fs';

/** The processor time that a process has used so far, in milliseconds. Linux counts it in ticks of 10 ms. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The memory that a process occupies, in mebibytes. */
export function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

/** @returns the value below which `share` (0 to 1) of the values lie */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMsPerRequest: number;
}

/** Keeps `clients` requests in flight for `seconds`, after a tenth of that as warm-up, against the process `pid`. */
export async function load(
  pid: number,
  clients: number,
  seconds: number,
  request: () => Promise<void>,
): Promise<LoadResult> {
  await keepBusy(clients, Math.max(1, seconds / 10), request);
  const cpuBefore = cpuMs(pid);
  const started = performance.now();
  const latencies = await keepBusy(clients, seconds, request);
  const elapsedMs = performance.now() - started;
  return {
    perSecond: Math.round((latencies.length / elapsedMs) * 1000),
    p50Ms: round(percentile(latencies, 0.5)),
    p99Ms: round(percentile(latencies, 0.99)),
    cpuMsPerRequest: round((cpuMs(pid) - cpuBefore) / latencies.length),
  };
}

async function keepBusy(clients: number, seconds: number, request: () => Promise<void>): Promise<number[]> {
  const latencies: number[] = [];
  const end = performance.now() + seconds * 1000;
  const client = async () => {
    while (performance.now() < end) {
      const started = performance.now();
      await request();
      latencies.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return latencies;
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
