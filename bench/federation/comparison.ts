import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { freePort } from '../../test/support/free-port.ts';
import { residentMiB } from '../measure.ts';
import { startChild, stopChild } from './child-process.ts';
import { answerFile, type MeasuredGateway, type Scene } from './gateways.ts';
import { type Figures, figuresOf, type LoadOptions, type Turn, takeTurn, warmUp } from './load.ts';
import { type Mode, names } from './targets.ts';

/** What the clients send in each mode. */
const requestsOf: Readonly<Record<Mode, LoadOptions['requests']>> = {
  off: 'distinct',
  tokens: 'distinct',
  subgraph: 'distinct',
  router: 'equal',
};

/** Modes whose gateways run at the same time and take turns. */
const together: readonly (readonly Mode[])[] = [['off', 'tokens', 'subgraph'], ['router']];

/** A gateway that runs in one mode. */
interface Runner {
  readonly name: string;
  readonly mode: Mode;
  readonly child: ChildProcess;
  readonly load: LoadOptions;
  readonly turns: Turn[];
}

/** As the command line gives them. */
interface ComparisonOptions {
  readonly rounds: string;
  readonly seconds: string;
  readonly connections: string;
}

/** Gateways beside each other, under the same load, by turns on one core. */
export class Comparison {
  readonly #scene: Scene;
  readonly #rounds: number;
  readonly #seconds: number;
  readonly #connections: number;
  readonly query: string;
  readonly loads = new Map<string, Map<Mode, Figures>>();
  #expected: unknown;

  constructor(scene: Scene, { rounds, seconds, connections }: ComparisonOptions) {
    this.#scene = scene;
    this.#rounds = Number(rounds);
    this.#seconds = Number(seconds);
    this.#connections = Number(connections);
    this.query = readFileSync(join(scene.folder, 'query.graphql'), 'utf8').replaceAll(/\s+/g, ' ');
  }

  async compare(all: readonly MeasuredGateway[]): Promise<void> {
    for (const modesOfGroup of together) {
      const chosen = modesOfGroup.flatMap((mode) =>
        all.filter(({ modes }) => modes.includes(mode)).map((gateway) => ({ gateway, mode })),
      );
      const runners: Runner[] = [];
      try {
        for (const { gateway, mode } of chosen) runners.push(await this.#start(gateway, mode));
        await this.#takeTurns(runners);
      } finally {
        await Promise.all(runners.map(({ child }) => stopChild(child)));
      }
    }
  }

  async #start(gateway: MeasuredGateway, mode: Mode): Promise<Runner> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/graphql`;
    const { argv, env, authorization } = gateway.launch(this.#scene, port, mode);
    const ready = () => this.#answers({ url, authorization });
    const child = await startChild({ argv, env, core: 1, cwd: this.#scene.folder, ready });
    const load: LoadOptions = {
      folder: this.#scene.folder,
      url,
      authorization,
      pid: child.pid ?? 0,
      connections: this.#connections,
      seconds: this.#seconds,
      query: JSON.stringify(this.query),
      requests: requestsOf[mode],
    };
    try {
      await this.#check(gateway.name, load);
    } catch (cause) {
      await stopChild(child);
      throw cause;
    }
    return { name: gateway.name, mode, child, load, turns: [] };
  }

  async #takeTurns(runners: readonly Runner[]): Promise<void> {
    for (const { load } of runners) await warmUp(load);
    for (let round = 0; round < this.#rounds; round += 1) {
      for (const { load, turns } of runners) turns.push(await takeTurn(load));
    }
    for (const { name, mode, load, turns } of runners) {
      await this.#check(name, load);
      const figures = figuresOf(turns, residentMiB(load.pid));
      const known = this.loads.get(name) ?? new Map<Mode, Figures>();
      this.loads.set(name, known.set(mode, figures));
      process.stdout.write(line(name, mode, figures, this.loads.get(names.andon)?.get(mode)));
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
  async #check(name: string, { url, authorization }: Address): Promise<void> {
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
