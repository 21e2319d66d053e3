import type { Runtime } from '../../runtime/runtime.ts';
import type { SubscriptionsConfig } from '../config.ts';
import type { CompiledOperation } from '../execution/compiled-operation.ts';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import type { ReplayBudget } from './replay-ring.ts';
import { SharedStream, type SharedStreamServices, type StreamRequest } from './shared-stream.ts';
import type { StreamListener } from './stream-client.ts';

export interface SharedStreamsOptions {
  readonly runtime: SharedStreamServices['runtime'] & Pick<Runtime, 'timers'>;
  readonly config: SubscriptionsConfig;
  readonly answers: AnswerWriter;
}

/**
 * All upstream subscriptions. Clients of equal operation, variables and authority share one: who wants events from now on
 * joins the one that is live; who comes with a cursor joins one whose ring still holds it; anybody else has the subgraph
 * asked, and joins the others once caught up.
 */
export class SharedStreams {
  readonly #services: SharedStreamServices;
  readonly #byKey = new Map<string, Set<SharedStream>>();
  readonly #all = new Set<SharedStream>();

  constructor({ runtime, config, answers }: SharedStreamsOptions) {
    const budget: ReplayBudget = { maxBytes: config.replayTotalBytes, usedBytes: 0 };
    this.#services = {
      runtime,
      config,
      answers,
      budget,
      streamAhead: (of, previous, cursor) =>
        this.#find(of.key, (stream) => stream !== of && stream.has(previous) && stream.has(cursor)),
      closed: (stream) => this.#forget(stream),
    };
  }

  /** How many upstream subscriptions there are, idle ones included. */
  get size(): number {
    return this.#all.size;
  }

  /** @returns a function that stops listening */
  listen(request: StreamRequest, listener: StreamListener): () => void {
    const { key, start } = request;
    const joined =
      start === 'now'
        ? this.#find(key, (stream) => stream.isLive)
        : typeof start === 'object' && request.resumption
          ? this.#find(key, (stream) => stream.has(start.after))
          : undefined;
    if (joined) return joined.add(listener, request);
    const stream = new SharedStream(request, this.#services);
    this.#all.add(stream);
    this.#offer(stream);
    const leave = stream.add(listener, request);
    stream.open();
    return leave;
  }

  /**
   * The supergraph was replaced. Each stream whose operation still fits it goes on without a gap: its events are answered
   * as the new one says, and where they come from another place now, asked for there from the last cursor on. Any other
   * ends with SCHEMA_RELOAD, and says why.
   */
  async moveTo(successorOf: (operation: CompiledOperation) => Promise<CompiledOperation>): Promise<void> {
    // Whoever comes now must not join a stream that may be about to end.
    this.#byKey.clear();
    await Promise.all([...this.#all].map((stream) => this.#move(stream, successorOf)));
  }

  /** Ends every upstream. */
  close(): void {
    for (const stream of [...this.#all]) stream.close();
  }

  async #move(stream: SharedStream, successorOf: Parameters<SharedStreams['moveTo']>[0]): Promise<void> {
    await stream.move(successorOf);
    if (stream.isClosed) return;
    // Only one may take new clients: the other joins it when the next events come.
    this.#offer(stream);
  }

  #find(key: string, fits: (stream: SharedStream) => boolean): SharedStream | undefined {
    for (const stream of this.#byKey.get(key) ?? []) if (fits(stream)) return stream;
    return undefined;
  }

  #offer(stream: SharedStream): void {
    const group = this.#byKey.get(stream.key);
    if (group) group.add(stream);
    else this.#byKey.set(stream.key, new Set([stream]));
  }

  #forget(stream: SharedStream): void {
    this.#all.delete(stream);
    const group = this.#byKey.get(stream.key);
    group?.delete(stream);
    if (group?.size === 0) this.#byKey.delete(stream.key);
  }
}
