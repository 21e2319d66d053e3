import type { GraphQLFormattedError } from 'graphql';
import type { Runtime } from '../../runtime/runtime.ts';
import type { CompiledOperation, EventStream, Variables } from '../execution/compiled-operation.ts';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import { Cancellation } from '../request/cancellation.ts';
import type { RequestContext } from '../request/request-context.ts';
import { internalError, RequestError } from '../request/request-error.ts';
import { eventId } from '../subgraph-client/event-id.ts';
import type { SubgraphResponse } from '../subgraph-client/local-subgraph.ts';
import type { SubgraphClient } from '../subgraph-client/subgraph-client.ts';
import { reconnectDelayMs } from './reconnect-delay.ts';
import type { StreamEvent } from './stream-event.ts';
import { explainProblem, mayPass, reloadError, sourceChanged } from './stream-problem.ts';

/** An operation with its variables: what is asked of the subgraph. */
export interface OpenedOperation {
  readonly operation: CompiledOperation;
  readonly variables: Variables;
}

/** How the events of a subscription are found again. */
export interface Resumption {
  /** @param body the JSON text of one response */
  cursorOf(body: string): string | undefined;
  /** The same subscription from a cursor on, on the supergraph in use. @throws RequestError it does not fit it */
  openAfter(cursor: string): Promise<OpenedOperation>;
}

export interface UpstreamOptions {
  readonly opened: OpenedOperation;
  /** The cursor from which `opened` begins, where it says so. */
  readonly cursor: string | undefined;
  /** Absent where events have no cursor. */
  readonly resumption: Resumption | undefined;
  /** Whether the source's end is the end. */
  readonly isFinite: boolean;
  /** Milliseconds that it may fail before that is told. */
  readonly reconnectForMs: number;
  readonly answers: AnswerWriter;
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'ids' | 'log'>;
  /** In whose name the subgraph is asked now. */
  context(): RequestContext;
  isWanted(): boolean;
  /** Whether the next event is to wait: the only client has not read the last ones. */
  isCongested(): boolean;
  onceRelieved(run: () => void): void;
  deliver(event: StreamEvent, previous: string | undefined): void;
  /** Called once. @param errors undefined where the source has said everything */
  ended(errors: readonly GraphQLFormattedError[] | undefined): void;
}

/** How long a source must have been open to count as well, although no event came. */
const wellAfterMs = 30_000;

/** One time that the subgraph is asked. */
interface Leg {
  readonly cancellation: Cancellation;
  /** How its events are answered; undefined until the subgraph is asked. A reload may change it. */
  events: EventStream | undefined;
}

const newLeg = (): Leg => ({ cancellation: new Cancellation(), events: undefined });

/** The id that a subgraph has given an event: it alone can go on after it. */
interface SourceId {
  readonly id: string;
  readonly client: SubgraphClient;
}

/**
 * The events of one subscription, from the subgraph that has them, each joined with the others.
 *
 * - `asking`: the subgraph is asked, and each event is delivered. It ends the stream or cannot be reached → `pausing`, where
 *   events have a cursor or an id and somebody wants them; else → `closed`, and that is told. It refuses the operation →
 *   `closed`.
 * - `pausing`: after a while it is asked again, from the last cursor on, and with the last id. A clean end counts as a failure
 *   like any other: a source that only ever ends is not well. Failing for `reconnectForMs` → `closed`, and that is told.
 * - Where only one client listens, which catches up with old events, the subgraph waits for it to read.
 * - A reload of the supergraph changes how events are answered; where they come from another place now, they are asked
 *   for there, from the last cursor on: an id means nothing there.
 * - `closed`: whatever the subgraph still says is not heard.
 */
export class Upstream {
  readonly #options: UpstreamOptions;
  #opened: OpenedOperation;
  #leg = newLeg();
  #isFirst = true;
  #cursor: string | undefined;
  #sourceId: SourceId | undefined;
  #isOpen = true;
  #moves = 0;
  #attempts = 0;
  #failingSince: number | undefined;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#opened = options.opened;
    this.#cursor = options.cursor;
  }

  /** Where it would go on. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  get isFailing(): boolean {
    return this.#failingSince !== undefined;
  }

  open(): void {
    void this.#run();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#leg.cancellation.cancel();
  }

  /** The supergraph was replaced. */
  async move(successorOf: (operation: CompiledOperation) => Promise<CompiledOperation>): Promise<void> {
    this.#moves += 1;
    const [moves, leg] = [this.#moves, this.#leg];
    // The next reload overtook this one, or it was asked again meanwhile, by the new supergraph.
    const isPast = () => !this.#isOpen || this.#moves !== moves || this.#leg !== leg;
    try {
      const operation = await successorOf(this.#opened.operation);
      const opened = { operation, variables: operation.coerceVariables(this.#opened.variables) };
      const events = await operation.stream(opened.variables, this.#context(leg).principal);
      if (isPast()) return;
      const staysThere = leg.events && events.hasSourceOf(leg.events);
      if (leg.events && !staysThere) this.#refuseGap(events);
      this.#opened = opened;
      if (staysThere) leg.events = events;
      else this.#interrupt();
    } catch (cause) {
      if (!isPast()) this.#end([reloadError(cause)]);
      if (!(cause instanceof RequestError)) this.#options.runtime.log.error('subscription not moved', { cause });
    }
  }

  #canResume(): boolean {
    return this.#hasCursor() || this.#sourceId !== undefined;
  }

  #hasCursor(): boolean {
    return this.#options.resumption !== undefined && this.#cursor !== undefined;
  }

  #interrupt(): void {
    const { cancellation } = this.#leg;
    this.#leg = newLeg();
    cancellation.cancel();
  }

  #end(errors: readonly GraphQLFormattedError[] | undefined): void {
    this.close();
    this.#options.ended(errors);
  }

  async #run(): Promise<void> {
    while (this.#isOpen) {
      const leg = this.#leg;
      const openedAt = this.#options.runtime.clock.monotonic();
      const problem = await this.#follow(leg);
      if (!this.#isOpen) return;
      if (this.#leg !== leg) continue;
      if (problem === undefined && this.#options.isFinite) return this.#end(undefined);
      if (this.#options.runtime.clock.monotonic() - openedAt >= wellAfterMs) this.#isWell();
      if (!(await this.#pause(leg, problem)) && this.#isOpen) return this.#end(this.#explain(problem));
    }
  }

  /** @returns what went wrong; undefined where the subgraph ended the stream */
  async #follow(leg: Leg): Promise<unknown> {
    try {
      await this.#ask(leg);
      return undefined;
    } catch (cause) {
      return cause ?? new Error('The stream failed without a reason.');
    }
  }

  async #ask(leg: Leg): Promise<void> {
    const opened = await this.#opening();
    const events = await opened.operation.stream(opened.variables, this.#context(leg).principal);
    if (this.#leg !== leg || !this.#isOpen) return;
    this.#isFirst = false;
    this.#opened = opened;
    leg.events = events;
    if (this.#sourceId) this.#refuseGap(events);
    const context = { ...this.#context(leg), lastEventId: this.#idFor(events) };
    const iterator = events.open(context)[Symbol.asyncIterator]();
    const read = this.#readerOf(iterator, leg.cancellation);
    for (let item = await read(); !item.done; item = await read()) {
      // A reload may have replaced how events are answered since the last one.
      const answer = await leg.events.answer(item.value, this.#context(leg));
      if (this.#leg !== leg || !this.#isOpen) break;
      const { [eventId]: id } = item.value;
      this.#sourceId = id === undefined ? undefined : { id, client: leg.events.source.client };
      this.#deliver(this.#options.answers.response(answer));
    }
    // A generator that waits for its next event only returns after it: nobody waits here for that.
    void iterator.return?.().catch(() => undefined);
  }

  #idFor({ source }: EventStream): string | undefined {
    return source.client === this.#sourceId?.client ? this.#sourceId.id : undefined;
  }

  /** @throws RequestError who is to be asked now could not go on after the last event */
  #refuseGap(events: EventStream): void {
    if (!this.#hasCursor() && this.#idFor(events) === undefined) throw sourceChanged();
  }

  /** The iterator's next step, or its end as soon as the cancellation says so. */
  #readerOf(iterator: AsyncIterator<SubgraphResponse>, cancellation: Cancellation) {
    let stop: () => void = () => undefined;
    cancellation.onCancel(() => stop());
    return () =>
      new Promise<IteratorResult<SubgraphResponse>>((resolve, reject) => {
        stop = () => resolve({ done: true, value: undefined });
        const go = () => {
          if (cancellation.aborted) stop();
          else iterator.next().then(resolve, reject);
        };
        if (this.#options.isCongested()) this.#options.onceRelieved(go);
        else go();
      });
  }

  async #opening(): Promise<OpenedOperation> {
    const { resumption } = this.#options;
    if (this.#isFirst || !resumption || this.#cursor === undefined) return this.#opened;
    return resumption.openAfter(this.#cursor);
  }

  #context({ cancellation }: Leg): RequestContext {
    return { ...this.#options.context(), cancellation };
  }

  #deliver(body: string): void {
    if (this.#failingSince !== undefined) this.#isWell();
    const previous = this.#cursor;
    const cursor = this.#options.resumption?.cursorOf(body);
    if (cursor !== undefined) this.#cursor = cursor;
    this.#options.deliver({ body, bytes: Buffer.byteLength(body), cursor }, previous);
  }

  #isWell(): void {
    this.#attempts = 0;
    this.#failingSince = undefined;
  }

  /** @returns whether the subgraph is to be asked again now */
  async #pause(leg: Leg, problem: unknown): Promise<boolean> {
    const { runtime, reconnectForMs, isWanted } = this.#options;
    if (!this.#canResume() || !mayPass(problem) || !isWanted()) return false;
    const now = runtime.clock.monotonic();
    this.#failingSince ??= now;
    if (now - this.#failingSince >= reconnectForMs) return false;
    const delayMs = reconnectDelayMs(this.#attempts, runtime.ids);
    this.#attempts += 1;
    await new Promise<void>((resolve) => {
      const cancel = runtime.timers.after(delayMs, resolve);
      leg.cancellation.onCancel(() => {
        cancel();
        resolve();
      });
    });
    if (this.#leg === leg) this.#leg = newLeg();
    return true;
  }

  #explain(problem: unknown): readonly GraphQLFormattedError[] {
    const told = explainProblem(problem);
    if (told) return told;
    const { requestId } = this.#options.context();
    this.#options.runtime.log.error('subscription failed', { requestId, cause: problem });
    return [internalError(requestId)];
  }
}
