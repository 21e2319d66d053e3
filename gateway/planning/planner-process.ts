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
  /** The process has not loaded this supergraph, or no longer. */
  readonly isUnknown?: boolean;
}

/** The native planner of one supergraph. */
export interface NativePlanner {
  readonly overridePercentages: readonly number[];
  /** @throws Error no plan was found. PlannerCrashError this operation ends the planner */
  plan(operation: string, draw: number): Promise<HiveNode | undefined>;
}

/** The planner's process ended over this one operation. */
export class PlannerCrashError extends Error {
  /** @param lastWords what the process wrote before it ended */
  constructor(lastWords: string) {
    super(`The native planner ended over this operation. ${lastWords}`.trim());
    this.name = 'PlannerCrashError';
  }
}

interface Job {
  readonly request: PlannerRequest;
  readonly resolve: (reply: PlannerReply) => void;
  readonly reject: (cause: Error) => void;
  /** One of several that ran when the process ended: it runs alone now, so that the next end has one cause. */
  isSuspect: boolean;
}

/** Operations that are planned at once. */
const maxRunning = 2;

/**
 * The native planner, in a process beside this one. Version 0.0.38 meets some operations, which a client may send, with a
 * Rust panic, and a panic ends its process: in this process that would be the gateway.
 *
 * There is no process before the first request. While one runs, up to two requests are in it. When it ends over one
 * request, that request fails; over two, each is sent again, alone, to the next process. What waits goes on in the next
 * process, which is sent each supergraph again when it is asked about it.
 */
export class PlannerProcess {
  #child: ChildProcess | undefined;
  #lastWords = '';
  #lastId = 0;
  readonly #running = new Map<number, Job>();
  #waiting: Job[] = [];

  /** @throws Error the add-on does not load here, or does not take this supergraph */
  async load(supergraphSdl: string, labels: readonly string[]): Promise<NativePlanner> {
    const planner = `${++this.#lastId}`;
    const { overridePercentages = [] } = await this.#ask({ planner, supergraphSdl });
    return {
      overridePercentages,
      plan: async (operation, draw) => {
        const request = { planner, operation, draw, labels };
        const reply = await this.#ask(request);
        return (reply.isUnknown ? await this.#ask({ ...request, supergraphSdl }) : reply).node;
      },
    };
  }

  async #ask(request: Omit<PlannerRequest, 'id'>): Promise<PlannerReply> {
    const id = ++this.#lastId;
    const reply = await new Promise<PlannerReply>((resolve, reject) => {
      this.#waiting.push({ request: { ...request, id }, resolve, reject, isSuspect: false });
      this.#startWaiting();
    });
    if (reply.error !== undefined) throw new Error(reply.error);
    return reply;
  }

  #startWaiting(): void {
    for (;;) {
      const [next] = this.#waiting;
      const isQuarantined = next?.isSuspect || [...this.#running.values()].some(({ isSuspect }) => isSuspect);
      if (!next || this.#running.size >= (isQuarantined ? 1 : maxRunning)) break;
      this.#waiting.shift();
      this.#running.set(next.request.id, next);
      this.#child ??= this.#start();
      this.#child.send(next.request, () => undefined);
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
    job?.resolve(reply);
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
