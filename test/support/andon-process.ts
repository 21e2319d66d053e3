import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { readDevelopmentKeys } from '../../auth/development-keys.ts';
import { developmentPeople, signDevelopmentToken } from '../../auth/development-tokens.ts';
import { systemClock } from '../../runtime/clock.ts';

/** The benchmark runs this file from dist/. */
const above = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const root = basename(above) === 'dist' ? dirname(above) : above;

export type PersonId = (typeof developmentPeople)[number]['id'];

export interface GraphAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what the graph answers is what the test is about
  readonly data: any;
  readonly errors: readonly {
    readonly message: string;
    readonly path?: readonly unknown[];
    readonly extensions?: Record<string, unknown>;
  }[];
  readonly extensions?: Record<string, unknown>;
}

/** A machine that stalls is waited for; what hangs says what it was doing, before the limit of its test ends it without a word. */
const patienceMs = 90_000;

/** @throws naming what was waited for, and what the process had printed by then */
async function patiently<Value>(what: string, promise: Promise<Value>, output: () => string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const say = () =>
      reject(new Error(`${what} is waited for since ${patienceMs / 1000} s. Printed by then:\n${output()}`));
    timer = setTimeout(say, patienceMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks a running Andon as anybody would. */
export async function askAndon(
  url: string,
  token: string | null,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<GraphAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(patienceMs),
  });
  const body = (await response.json()) as Partial<GraphAnswer>;
  return { ...body, status: response.status, data: body.data ?? null, errors: body.errors ?? [] };
}

/** A token of one of the people that Andon makes up for development. */
export async function tokenOf(person: PersonId, dataDir: string, hours = 1): Promise<string> {
  const someone = developmentPeople.find(({ id }) => id === person);
  if (!someone) throw new Error(`Nobody is called ${person}.`);
  return signDevelopmentToken(someone, { keys: await readDevelopmentKeys(dataDir), clock: systemClock, hours });
}

/** A subscription whose events a test takes one by one. */
export interface Subscriber {
  // biome-ignore lint/suspicious/noExplicitAny: see GraphAnswer
  next(): Promise<any>;
  /** Every event that has arrived and was not taken. */
  readonly waiting: readonly unknown[];
  /** Cuts the connection the hard way, as a lost network does. */
  cut(): void;
}

export interface AndonProcessOptions {
  /** A data directory to go on with; by default a new one. */
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What a user types instead of `andon up`. */
  readonly command?: readonly [string, ...string[]];
}

/** `andon up` as a user starts it: a process of its own, with real tokens, over HTTP and WebSocket. */
export class AndonProcess {
  readonly dataDir: string;
  readonly #child: ChildProcess;
  #url = '';
  #output = '';

  private constructor(dataDir: string, child: ChildProcess) {
    this.dataDir = dataDir;
    this.#child = child;
  }

  static async start({ dataDir, env = {}, command }: AndonProcessOptions = {}): Promise<AndonProcess> {
    const andon = await AndonProcess.spawn({ ...(dataDir ? { dataDir } : {}), env, ...(command ? { command } : {}) });
    await andon.untilReady();
    return andon;
  }

  /** Starts without waiting, for starts that are expected to fail or to be killed. */
  static async spawn({ dataDir, env = {}, command }: AndonProcessOptions = {}): Promise<AndonProcess> {
    const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'andon-journey-')));
    const inherited = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
    const [program, ...args] = command ?? [process.execPath, join(root, 'dist', 'cli.js'), 'up'];
    const child = spawn(program, args, {
      cwd: root,
      env: { ...inherited, PORT: '0', ANDON_DATA_DIR: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const andon = new AndonProcess(folder, child);
    child.stdout?.on('data', (chunk) => {
      andon.#output += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      andon.#output += chunk;
    });
    return andon;
  }

  untilReady(): Promise<void> {
    return this.#patiently('The start of Andon', this.#untilReady());
  }

  #patiently<Value>(what: string, promise: Promise<Value>): Promise<Value> {
    return patiently(what, promise, () => this.#output);
  }

  async #untilReady(): Promise<void> {
    const exited = once(this.#child, 'exit').then(() => 'exited' as const);
    for (;;) {
      const url = /(http:\/\/[^\s]+)\/graphql/.exec(this.#output)?.[1];
      if (url && this.#output.includes('Andon is ready')) {
        this.#url = url;
        return;
      }
      const grown = Promise.race([
        once(this.#child.stdout ?? this.#child, 'data'),
        once(this.#child.stderr ?? this.#child, 'data'),
      ]);
      if ((await Promise.race([exited, grown])) === 'exited') throw new Error(`andon up ended:\n${this.#output}`);
    }
  }

  get url(): string {
    return this.#url;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything that it has printed. */
  get output(): string {
    return this.#output;
  }

  token(person: PersonId, hours?: number): Promise<string> {
    return tokenOf(person, this.dataDir, hours);
  }

  async ask(person: PersonId, query: string, variables?: Record<string, unknown>): Promise<GraphAnswer> {
    return this.askWithToken(await this.token(person), query, variables);
  }

  askWithToken(token: string | null, query: string, variables?: Record<string, unknown>): Promise<GraphAnswer> {
    return askAndon(`${this.#url}/graphql`, token, query, variables);
  }

  /** Subscribes as `person`. Without `after` it starts from now, so wait for the promise before causing anything. */
  async subscribe(person: PersonId, query: string, variables: Record<string, unknown> = {}): Promise<Subscriber> {
    const token = await this.token(person);
    let socket: WebSocket | null = null;
    const client = createClient({
      url: `${this.#url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      lazy: false,
      onNonLazyError: () => undefined,
      connectionParams: { authorization: `Bearer ${token}` },
      on: {
        opened: (opened) => {
          socket = opened as WebSocket;
        },
      },
    });
    return subscriberOf(
      (sink) => client.subscribe({ query, variables }, sink),
      () => {
        socket?.terminate();
        // It rejects where the connection is cut before it was acknowledged, which is what was wanted.
        Promise.resolve(client.dispose()).catch(() => undefined);
      },
    );
  }

  /** Pulls the plug. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** Asks it to end. @returns its exit code */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await this.#patiently('The end of Andon after SIGTERM', gone);
    return this.#child.exitCode;
  }

  /** Resolves when it has ended by itself. @returns the exit code, or the signal that ended it */
  async untilGone(): Promise<number | string | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      await this.#patiently('The end of Andon by itself', once(this.#child, 'exit'));
    }
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  /** Ends it and removes what it kept. */
  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

interface Sink {
  next(value: unknown): void;
  error(problem: unknown): void;
  complete(): void;
}

/** Turns pushes into pulls: `next` gives what came first, or waits for it. */
function subscriberOf(start: (sink: Sink) => () => void, cut: () => void): Subscriber {
  const waiting: unknown[] = [];
  const takers: { resolve(value: unknown): void; reject(problem: unknown): void }[] = [];
  let ended: { readonly problem: unknown } | null = null;
  const end = (problem: unknown) => {
    ended = { problem };
    for (const taker of takers.splice(0)) taker.reject(problem);
  };
  start({
    next: (value) => {
      const taker = takers.shift();
      if (taker) taker.resolve(value);
      else waiting.push(value);
    },
    error: end,
    complete: () => end(new Error('The subscription has ended.')),
  });
  return {
    waiting,
    next: () => {
      if (waiting.length > 0) return Promise.resolve(waiting.shift());
      if (ended) return Promise.reject(ended.problem);
      return new Promise((resolve, reject) => takers.push({ resolve, reject }));
    },
    cut,
  };
}

/** Asks again until the answer is what is waited for: what follows from an event follows in its own time. */
export async function until<Value>(
  ask: () => Promise<Value>,
  isIt: (value: Value) => boolean,
  waitMs = 60_000,
): Promise<Value> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const value = await ask();
    if (isIt(value)) return value;
    if (Date.now() > deadline) throw new Error(`Still not so after ${waitMs} ms: ${JSON.stringify(value, null, 1)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
