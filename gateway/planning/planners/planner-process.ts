import { type ChildProcess, fork } from 'node:child_process';
import type { PlanNode as HiveNode } from '@graphql-hive/router-query-planner';

/** What `native-planner.mjs` is asked. Without an operation it only loads. */
export interface PlannerRequest {
  readonly id: number;
  /** A name for the supergraph. */
  readonly planner: string;
  readonly supergraphSdl?: string;
  readonly operation?: string;
  readonly draw?: number;
  /** Labels of @override whose fields have moved. */
  readonly labels?: readonly string[];
}

export interface PlannerReply {
  readonly id: number;
  readonly node?: HiveNode;
  readonly overridePercentages?: readonly number[];
  readonly error?: string;
  /** Whether the add-on loads, so that the error is about what it was given. */
  readonly hasAddon?: boolean;
  /** The process has not loaded this supergraph, or no longer. */
  readonly isUnknown?: boolean;
}

/** The native planner of one supergraph. */
export interface NativePlanner {
  readonly overridePercentages: readonly number[];
  /** @throws Error no plan was found, or `signal` ended it. PlannerCrashError this operation ends the planner */
  plan(operation: string, draw: number, signal?: AbortSignal): Promise<HiveNode | undefined>;
}

/** The planner's process ended over this one operation. */
export class PlannerCrashError extends Error {
  /** @param lastWords what the process wrote before it ended */
  constructor(lastWords: string) {
    super(`The native planner ended over this operation. ${lastWords}`.trim());
    this.name = 'PlannerCrashError';
  }
}

/** The planner does not take what it was given: a supergraph, or an operation. */
export class PlannerRefusal extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'PlannerRefusal';
  }
}

const stopped = () => new Error('The planner was stopped: this operation took too long.');

interface Job {
  readonly request: PlannerRequest;
  readonly resolve: (asked: Asked) => void;
  readonly reject: (cause: Error) => void;
  /** One of several that ran when the process ended: it runs alone now, so that the next end has one cause. */
  isSuspect: boolean;
  readonly onSent: (() => void) | undefined;
}

interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  readonly isSuspect?: boolean;
  /** Called when all of the request has left this process. */
  readonly onSent?: (() => void) | undefined;
}

interface Asked {
  readonly reply: PlannerReply;
  /** Whether it still is one: it was not planned, as its supergraph was unknown. */
  readonly isSuspect: boolean;
}

/** Operations that are planned at once. */
const maxRunning = 2;

/**
 * The native planner, in a process beside this one. Version 0.0.38 meets some operations, which a client may send, with a
 * Rust panic, and a panic ends its process: in this process that would be the gateway.
 *
 * There is no process before the first request. While one runs, up to two requests are in it. When it ends over one
 * request, that request fails; over two, each is sent again, alone, to the next process. What waits goes on in the next
 * process, which is sent each supergraph again when it is asked about it. An operation whose signal says so while it is
 * planned ends the process, because nothing else ends its work; what runs beside it is sent again to the next one.
 */
export class PlannerProcess {
  #child: ChildProcess | undefined;
  #lastWords = '';
  #lastId = 0;
  readonly #running = new Map<number, Job>();
  #waiting: Job[] = [];

  /**
   * @param onSent called when the other process can do without this one, also where it fails
   * @throws Error the add-on does not load here. PlannerRefusal it does not take this supergraph
   */
  async load(supergraphSdl: string, labels: readonly string[], onSent?: () => void): Promise<NativePlanner> {
    const planner = `${++this.#lastId}`;
    const { reply } = await this.#ask({ planner, supergraphSdl }, { onSent }).finally(onSent);
    const { overridePercentages = [] } = reply;
    let loading: Promise<unknown> | undefined;
    // A request of its own, that no operation's signal ends: else a supergraph that takes long to load never would be.
    const loadAgain = () => {
      loading ??= this.#ask({ planner, supergraphSdl }).finally(() => {
        loading = undefined;
      });
      return loading;
    };
    const refuse = (cause: unknown): never => {
      // The next operation need not wait for another process.
      if (cause instanceof PlannerCrashError) loadAgain().catch(() => undefined);
      throw cause;
    };
    return {
      overridePercentages,
      plan: async (operation, draw, signal) => {
        let isSuspect = false;
        for (;;) {
          const job: Asked = await this.#ask({ planner, operation, draw, labels }, { signal, isSuspect }).catch(refuse);
          if (!job.reply.isUnknown) return job.reply.node;
          isSuspect = job.isSuspect;
          await loadAgain();
        }
      },
    };
  }

  async #ask(request: Omit<PlannerRequest, 'id'>, { signal, isSuspect = false, onSent }: AskOptions = {}) {
    const id = ++this.#lastId;
    const stop = () => this.#stop(id);
    const asked = await new Promise<Asked>((resolve, reject) => {
      if (signal?.aborted) return reject(stopped());
      signal?.addEventListener('abort', stop, { once: true });
      this.#waiting.push({ request: { ...request, id }, resolve, reject, isSuspect, onSent });
      this.#startWaiting();
    }).finally(() => signal?.removeEventListener('abort', stop));
    const { error, hasAddon } = asked.reply;
    if (error !== undefined) throw hasAddon ? new PlannerRefusal(error) : new Error(error);
    return asked;
  }

  #stop(id: number): void {
    const waiting = this.#waiting.find(({ request }) => request.id === id);
    this.#waiting = this.#waiting.filter((job) => job !== waiting);
    waiting?.reject(stopped());
    const running = this.#running.get(id);
    if (!running) return;
    this.#running.delete(id);
    running.reject(stopped());
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
    this.#waiting = [...this.#running.values(), ...this.#waiting];
    this.#running.clear();
    this.#startWaiting();
  }

  #startWaiting(): void {
    for (;;) {
      const [next] = this.#waiting;
      const isQuarantined = next?.isSuspect || [...this.#running.values()].some(({ isSuspect }) => isSuspect);
      if (!next || this.#running.size >= (isQuarantined ? 1 : maxRunning)) break;
      this.#waiting.shift();
      this.#running.set(next.request.id, next);
      this.#child ??= this.#start();
      this.#child.send(next.request, () => next.onSent?.());
    }
    this.#holdLoop(this.#running.size > 0);
  }

  #start(): ChildProcess {
    const child = fork(new URL('./native-planner.mjs', import.meta.url), {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#lastWords = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString('utf8')).slice(0, 1000);
    });
    (child.stderr as { unref?(): void } | null)?.unref?.();
    child.on('message', (message) => this.#finish(message as PlannerReply));
    child.on('error', () => this.#ended(child));
    child.on('close', () => this.#ended(child));
    return child;
  }

  #finish(reply: PlannerReply): void {
    const job = this.#running.get(reply.id);
    this.#running.delete(reply.id);
    job?.resolve({ reply, isSuspect: job.isSuspect });
    this.#startWaiting();
  }

  #ended(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    const jobs = [...this.#running.values()];
    this.#running.clear();
    const [only] = jobs;
    if (jobs.length === 1) only?.reject(new PlannerCrashError(this.#lastWords));
    else this.#waiting = [...jobs.map((job) => ({ ...job, isSuspect: true })), ...this.#waiting];
    this.#startWaiting();
  }

  /** An idle planner keeps no process alive; one that owes an answer does. */
  #holdLoop(isHeld: boolean): void {
    const child = this.#child;
    if (!child) return;
    if (isHeld) {
      child.ref();
      child.channel?.ref();
    } else {
      child.unref();
      child.channel?.unref();
    }
  }
}
