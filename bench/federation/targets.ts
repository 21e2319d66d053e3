import type { FanOutFigures } from './fan-out.ts';
import type { Figures } from './load.ts';
import type { PlanningFigures } from './planning.ts';

/** What is shared while a load runs: see the help of `bench-federation`. */
export type Mode = 'off' | 'tokens' | 'subgraph' | 'router';

export interface Measured {
  /** By gateway, then by mode. */
  readonly loads: ReadonlyMap<string, ReadonlyMap<Mode, Figures>>;
  readonly planning: PlanningFigures;
  readonly fanOut: FanOutFigures | undefined;
}

export const names = {
  andon: 'andon',
  apollo: '@apollo/gateway 2.14.4',
  bare: 'Node alone, the same body each time',
  hiveStitching: '@graphql-hive/gateway 2.15.1 (stitching)',
  hiveRust: '@graphql-hive/gateway 2.15.1 (Rust planner)',
} as const;

/** One promise about speed. `value` is missing where what it needs was not measured in this run. */
interface Target {
  readonly what: string;
  readonly value: number | undefined;
  readonly unit: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Every target with what this run measured, one a line. */
export function reportTargets(measured: Measured): string {
  return targetsOf(measured).map(line).join('');
}

function targetsOf({ loads, planning, fanOut }: Measured): readonly Target[] {
  const figures = (name: string, mode: Mode) => loads.get(name)?.get(mode);
  const cpu = (name: string, mode: Mode) => figures(name, mode)?.cpuMsPerRequest;
  const rate = (name: string) => figures(name, 'router')?.perSecond;
  const own = cpu(names.andon, 'off');
  const hiveRates = [rate(names.hiveStitching), rate(names.hiveRust)].filter((value) => value !== undefined);
  const bestHive = hiveRates.length > 0 ? Math.max(...hiveRates) : undefined;
  return [
    { what: 'processor time per request, nothing shared', value: own, unit: 'ms', atMost: 1.5 },
    { what: '… less than @apollo/gateway', value: ratio(cpu(names.apollo, 'off'), own), unit: 'x', atLeast: 9 },
    {
      what: '… less than Hive with the Rust planner',
      value: ratio(cpu(names.hiveRust, 'off'), own),
      unit: 'x',
      atLeast: 2.7,
    },
    { what: '… with tokens, each call signed', value: cpu(names.andon, 'tokens'), unit: 'ms', atMost: 1.5 },
    { what: 'the same, calls shared', value: cpu(names.andon, 'subgraph'), unit: 'ms', atMost: 0.9 },
    // Where the targets were set, this was 0.04 ms: the others grow with it.
    { what: 'to compare: Node alone sends the answer in', value: cpu(names.bare, 'router'), unit: 'ms' },
    { what: 'requests a second, answers shared', value: rate(names.andon), unit: '/s', atLeast: 10_000 },
    { what: '… more than the faster Hive', value: ratio(rate(names.andon), bestHive), unit: 'x', atLeast: 5 },
    { what: 'planning the query, first of the process', value: planning.firstMs, unit: 'ms', atMost: 3 },
    { what: 'planning the query, cold', value: planning.coldMs, unit: 'ms', atMost: 3 },
    { what: 'planning the query, known', value: planning.hitUs, unit: 'us', atMost: 20 },
    { what: 'last of all subscribers, to ws alone', value: fanOut?.ratio, unit: 'x', atMost: 1.3 },
    { what: 'memory of a subscriber', value: fanOut?.kibPerClient, unit: 'KiB', atMost: 15 },
    { what: '100 subgraphs, 3000 types: loading', value: planning.largeLoadMs, unit: 'ms', atMost: 3000 },
    { what: '100 subgraphs, 3000 types: planning 10 hops', value: planning.largeColdMs, unit: 'ms', atMost: 50 },
  ];
}

function ratio(a: number | undefined, b: number | undefined): number | undefined {
  const value = a === undefined || b === undefined ? Number.NaN : a / b;
  return Number.isFinite(value) ? value : undefined;
}

function line({ what, value, unit, atMost, atLeast }: Target): string {
  const target =
    atMost !== undefined ? `at most ${atMost}${unit}` : atLeast !== undefined ? `at least ${atLeast}${unit}` : '';
  const reached = value !== undefined && value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity);
  const verdict = value === undefined ? 'not measured' : target === '' ? '' : reached ? 'reached' : 'MISSED';
  const shown = value === undefined ? '' : `${value >= 100 ? Math.round(value) : Number(value.toPrecision(3))}${unit}`;
  return `target    ${what.padEnd(44)} ${shown.padStart(9)}  ${target.padEnd(18)} ${verdict}\n`;
}
