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
  /** The same on a machine of the pace for which the target was set; absent where it is a ratio, or that pace is not known. */
  readonly atPace?: number | undefined;
}

/** Where the targets were set, `@apollo/gateway` took so much processor time for a request with nothing shared. */
const apolloMsAtPace = 14.5;

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
  const slowness = ratio(cpu(names.apollo, 'off'), apolloMsAtPace);
  const time = (what: string, ms: number | undefined, atMost: number): Target => {
    return { what, value: ms, unit: 'ms', atMost, atPace: ratio(ms, slowness) };
  };
  const perSecond = rate(names.andon);
  return [
    time('processor time per request, nothing shared', own, 1.5),
    { what: '… less than @apollo/gateway', value: ratio(cpu(names.apollo, 'off'), own), unit: 'x', atLeast: 9 },
    {
      what: '… less than Hive with the Rust planner',
      value: ratio(cpu(names.hiveRust, 'off'), own),
      unit: 'x',
      atLeast: 2.7,
    },
    time('… with tokens, each call signed', cpu(names.andon, 'tokens'), 1.5),
    time('the same, calls shared', cpu(names.andon, 'subgraph'), 0.9),
    // Where the targets were set, this was 0.04 ms.
    { what: 'to compare: Node alone sends the answer in', value: cpu(names.bare, 'router'), unit: 'ms' },
    {
      what: 'requests a second, answers shared',
      value: perSecond,
      unit: '/s',
      atLeast: 10_000,
      atPace: perSecond && slowness && perSecond * slowness,
    },
    { what: '… more than the faster Hive', value: ratio(perSecond, bestHive), unit: 'x', atLeast: 5 },
    time('planning the query', planning.plannerMs, 3),
    time('… and all else from a new text to what runs', planning.coldMs, 3),
    time('the same, first of the process', planning.firstMs, 3),
    { what: 'from a known text to what runs', value: planning.hitUs, unit: 'us', atMost: 20 },
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

function line({ what, value, unit, atMost, atLeast, atPace }: Target): string {
  const target =
    atMost !== undefined ? `at most ${atMost}${unit}` : atLeast !== undefined ? `at least ${atLeast}${unit}` : '';
  const reached = value !== undefined && value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity);
  const verdict = value === undefined ? 'not measured' : target === '' ? '' : reached ? 'reached' : 'MISSED';
  const show = (it: number | undefined) =>
    it === undefined ? '' : `${it >= 100 ? Math.round(it) : Number(it.toPrecision(3))}${unit}`;
  const paced = atPace === undefined ? '' : `  ${show(atPace)} where Apollo takes ${apolloMsAtPace}ms`;
  const text = `target    ${what.padEnd(44)} ${show(value).padStart(9)}  ${target.padEnd(18)} ${verdict.padEnd(7)}${paced}`;
  return `${text.trimEnd()}\n`;
}
