import type { GraphQLFormattedError } from 'graphql';
import type { Runtime } from '../../runtime/runtime.ts';
import type { SubscriptionsConfig } from '../config.ts';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import type { RequestContext } from '../request/request-context.ts';
import type { DeliveryPolicy } from '../supergraph/subscription-rules.ts';
import { type ReplayBudget, ReplayRing } from './replay-ring.ts';
import { StreamClient, type StreamListener } from './stream-client.ts';
import type { StreamEvent } from './stream-event.ts';
import type { StreamStart } from './stream-key.ts';
import { endedError } from './stream-problem.ts';
import { type OpenedOperation, type Resumption, Upstream } from './upstream.ts';

export interface StreamRequest extends OpenedOperation {
  readonly context: RequestContext;
  /** Equal keys may share one stream. See `streamKey`. */
  readonly key: string;
  readonly start: StreamStart;
  /** Absent where events have no cursor. */
  readonly resumption: Resumption | undefined;
  readonly delivery: DeliveryPolicy;
  /** Whether the source's end is the end. */
  readonly isFinite: boolean;
}

export interface SharedStreamServices {
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'ids' | 'log'>;
  readonly config: SubscriptionsConfig;
  readonly answers: AnswerWriter;
  readonly budget: ReplayBudget;
  /** A stream of the same key that has got `previous` and then `cursor` already. */
  streamAhead(of: SharedStream, previous: string, cursor: string): SharedStream | undefined;
  closed(stream: SharedStream): void;
}

/**
 * One upstream, and everyone who listens to it. An event is resolved and encoded once, however many clients there are.
 *
 * `open` while it has clients. `idle` when the last has left: where events have cursors it stays for `replayKeepMs`, for
 * clients that come again. `closed` for good when the upstream ends, nobody comes again, or another stream of its key
 * turns out to be ahead and takes its clients: that is how a client that asked the subgraph for old events, or for a
 * snapshot, joins all others once it has caught up.
 */
export class SharedStream {
  readonly key: string;
  readonly #services: SharedStreamServices;
  readonly #upstream: Upstream;
  readonly #ring: ReplayRing | undefined;
  readonly #clients = new Map<StreamClient, RequestContext>();
  #speaker: RequestContext;
  #speakerHasLeft = false;
  #state: 'open' | 'idle' | 'closed' = 'open';
  #cancelIdle: () => void = () => undefined;
  /** What the upstream waits with. */
  #goOn: (() => void) | undefined;
  /** Whether who wants events from now on may join. */
  #isLive: boolean;

  constructor(request: StreamRequest, services: SharedStreamServices) {
    const { key, start, resumption, context } = request;
    const { config, runtime } = services;
    const cursor = typeof start === 'object' ? start.after : undefined;
    this.key = key;
    this.#services = services;
    this.#speaker = context;
    this.#isLive = start === 'now';
    const bounds = { maxEvents: config.replayEvents, maxBytes: config.replayBytes };
    this.#ring = resumption && new ReplayRing(bounds, services.budget, cursor);
    this.#upstream = new Upstream({
      opened: request,
      cursor,
      resumption,
      isFinite: request.isFinite,
      reconnectForMs: config.reconnectForMs,
      answers: services.answers,
      runtime,
      context: () => this.#speakerNow(),
      isWanted: () => this.#clients.size > 0,
      isCongested: () => this.#onlyClient()?.isCongested() ?? false,
      onceRelieved: (run) => this.#pause(run),
      deliver: (event, previous) => this.#deliver(event, previous),
      ended: (errors) => this.#end(errors),
    });
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  open(): void {
    this.#upstream.open();
  }

  /** @returns whether everything after the cursor is here or will come */
  has(cursor: string): boolean {
    return this.#ring?.positionAfter(cursor) !== undefined;
  }

  /** Adds a client, with what follows its cursor first. @returns a function that lets it leave */
  add(listener: StreamListener, { context, delivery, start }: StreamRequest): () => void {
    const after = typeof start === 'object' ? start.after : undefined;
    const client = new StreamClient(listener, delivery, after);
    this.#enter(client, context, after === undefined ? undefined : this.#ring?.positionAfter(after));
    return () => {
      client.leave();
      client.stream?.forget(client);
    };
  }

  /** Takes the clients of a stream of the same key that this one is ahead of. */
  absorb(other: SharedStream): void {
    if (other.#isLive) this.#isLive = true;
    const end = other.#upstream.cursor;
    const clients = [...other.#clients];
    other.#clients.clear();
    other.close();
    for (const [client, context] of clients) {
      const cursor = client.cursor ?? end;
      const position = cursor === undefined ? undefined : this.#ring?.positionAfter(cursor);
      if (position === undefined) client.end([endedError]);
      else this.#enter(client, context, position);
    }
  }

  /** A client has left. */
  forget(client: StreamClient): void {
    const context = this.#clients.get(client);
    if (!this.#clients.delete(client)) return;
    this.#unpause();
    if (context === this.#speaker) this.#speakerHasLeft = true;
    if (this.#clients.size === 0) this.#becomeIdle();
  }

  /** The supergraph was replaced. */
  move(successorOf: Parameters<Upstream['move']>[0]): Promise<void> {
    return this.#upstream.move(successorOf);
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelIdle();
    this.#upstream.close();
    this.#ring?.clear();
    this.#services.closed(this);
  }

  #enter(client: StreamClient, context: RequestContext, position: number | undefined): void {
    if (this.#state === 'idle') {
      this.#state = 'open';
      this.#cancelIdle();
    }
    client.stream = this;
    this.#clients.set(client, context);
    this.#unpause();
    if (expiryOf(context) > expiryOf(this.#speaker)) this.#speaker = context;
    if (position !== undefined && this.#ring) client.join(this.#ring, position);
  }

  #becomeIdle(): void {
    const { config, runtime } = this.#services;
    const mayReturn = this.#ring && this.#upstream.cursor !== undefined && !this.#upstream.isFailing;
    if (mayReturn && config.replayKeepMs > 0) {
      this.#state = 'idle';
      this.#cancelIdle = runtime.timers.after(config.replayKeepMs, () => this.close());
    } else this.close();
  }

  /** The subgraph is asked in the name of the client whose token lives longest; all have the same authority. */
  #speakerNow(): RequestContext {
    if (this.#speakerHasLeft && this.#clients.size > 0) {
      this.#speakerHasLeft = false;
      const contexts = [...this.#clients.values()];
      this.#speaker = contexts.reduce((best, one) => (expiryOf(one) > expiryOf(best) ? one : best));
    }
    return this.#speaker;
  }

  /** Who catches up alone sets the pace. Live events wait for nobody. */
  #onlyClient(): StreamClient | undefined {
    if (this.#isLive || this.#clients.size !== 1) return undefined;
    const [client] = this.#clients.keys();
    return client;
  }

  /** Until the client has read, or is not the only one any more. */
  #pause(goOn: () => void): void {
    this.#goOn = goOn;
    this.#onlyClient()?.onceRelieved(() => this.#unpause());
  }

  #unpause(): void {
    const goOn = this.#goOn;
    this.#goOn = undefined;
    goOn?.();
  }

  #deliver(event: StreamEvent, previous: string | undefined): void {
    const { cursor } = event;
    const mayBeBehind = cursor !== undefined && previous !== undefined && cursor !== previous;
    const ahead = mayBeBehind ? this.#services.streamAhead(this, previous, cursor) : undefined;
    if (ahead) ahead.absorb(this);
    else {
      this.#ring?.add(event);
      for (const client of this.#clients.keys()) client.next(event);
    }
  }

  #end(errors: readonly GraphQLFormattedError[] | undefined): void {
    const clients = [...this.#clients.keys()];
    this.#clients.clear();
    this.close();
    for (const client of clients) {
      if (errors) client.end(errors);
      else client.complete();
    }
  }
}

const expiryOf = ({ principal }: RequestContext): number => principal?.expiresAt ?? Number.POSITIVE_INFINITY;
