import type { GraphQLFormattedError } from 'graphql';
import type { Logger } from '../../runtime/logger.ts';
import { Cancellation } from '../cancellation.ts';
import type { CompiledOperation, EventStream, Variables } from '../execution/compile-operation.ts';
import type { RequestContext } from '../execution/run.ts';
import { callErrorToFieldError, SubgraphCallError } from '../execution/subgraph-error.ts';
import { RequestError, refuse } from '../request-error.ts';
import { writeResponseBody } from '../response-body.ts';
import type { SubgraphResponse } from '../subgraph-client/local-subgraph.ts';

export interface StreamRequest {
  readonly operation: CompiledOperation;
  readonly variables: Variables;
  readonly context: RequestContext;
  /** Equal keys may share one stream; undefined has a stream of its own. See `streamKey`. */
  readonly key: string | undefined;
}

/** A client of a stream. `end` is called once, and nothing after it. */
export interface StreamListener {
  /** @param body the JSON text of one whole response */
  next(body: string): void;
  end(errors: readonly GraphQLFormattedError[]): void;
}

/**
 * Opens one upstream stream per distinct key and hands each event to all that listen. An event is resolved and encoded
 * once, however many clients there are. The upstream closes with its last listener.
 */
export class SharedStreams {
  readonly #log: Logger;
  readonly #shared = new Map<string, Stream>();
  readonly #all = new Set<Stream>();

  constructor(log: Logger) {
    this.#log = log;
  }

  get size(): number {
    return this.#shared.size;
  }

  /** @returns a function that stops listening */
  listen(request: StreamRequest, listener: StreamListener): () => void {
    const stream = this.#streamFor(request);
    stream.listeners.add(listener);
    return () => {
      stream.listeners.delete(listener);
      if (stream.listeners.size === 0) this.#close(stream);
    };
  }

  #streamFor(request: StreamRequest): Stream {
    const { key } = request;
    const known = key === undefined ? undefined : this.#shared.get(key);
    if (known) return known;
    const stream: Stream = {
      key,
      request,
      listeners: new Set(),
      cancellation: new Cancellation(),
      events: undefined,
      reloads: 0,
    };
    this.#all.add(stream);
    if (key !== undefined) this.#shared.set(key, stream);
    void this.#pump(stream, request);
    return stream;
  }

  /**
   * The supergraph was replaced. Each stream whose operation still fits it, with events from the same source, goes on
   * without a gap: only how its events are answered changes. Any other ends with SCHEMA_RELOAD, and says why.
   */
  async moveTo(successorOf: (operation: CompiledOperation) => Promise<CompiledOperation>): Promise<void> {
    // Whoever comes now must not join a stream that may be about to end.
    this.#shared.clear();
    await Promise.all([...this.#all].map((stream) => this.#move(stream, successorOf)));
  }

  async #move(stream: Stream, successorOf: Parameters<SharedStreams['moveTo']>[0]): Promise<void> {
    stream.reloads += 1;
    const { reloads, request, key } = stream;
    try {
      const operation = await successorOf(request.operation);
      const next = await operation.stream(operation.coerceVariables(request.variables));
      // The next reload overtook this one, or the stream has ended meanwhile.
      if (stream.reloads !== reloads || stream.cancellation.aborted) return;
      if (stream.events && !next.hasSourceOf(stream.events)) throw sourceChanged();
      stream.events = next;
      if (key !== undefined && !this.#shared.has(key)) this.#shared.set(key, stream);
    } catch (cause) {
      if (stream.reloads === reloads) this.#end(stream, [reloadError(cause)]);
      if (!(cause instanceof RequestError)) this.#log.error('subscription could not be moved', { cause });
    }
  }

  #end(stream: Stream, errors: readonly GraphQLFormattedError[]): void {
    const listeners = [...stream.listeners];
    stream.listeners.clear();
    this.#close(stream);
    for (const listener of listeners) listener.end(errors);
  }

  #close(stream: Stream): void {
    this.#all.delete(stream);
    if (stream.key !== undefined && this.#shared.get(stream.key) === stream) this.#shared.delete(stream.key);
    stream.cancellation.cancel();
  }

  async #pump(stream: Stream, { operation, variables, context }: StreamRequest): Promise<void> {
    const own = { ...context, cancellation: stream.cancellation };
    const deliver = async () => {
      const opened = await operation.stream(variables);
      stream.events ??= opened;
      return this.#deliver(stream, stream.events.open(own), own);
    };
    const errors = await deliver().catch((cause: unknown) => this.#explain(cause, context));
    this.#end(stream, errors);
  }

  /** A stream that ends by itself is told as such: to a listener, silence would look like "nothing happens". */
  async #deliver(
    stream: Stream,
    events: AsyncIterable<SubgraphResponse>,
    context: RequestContext,
  ): Promise<readonly GraphQLFormattedError[]> {
    const iterator = events[Symbol.asyncIterator]();
    const stopped = new Promise<IteratorResult<SubgraphResponse, undefined>>((resolve) => {
      stream.cancellation.onCancel(() => resolve({ done: true, value: undefined }));
    });
    for (;;) {
      const { done, value } = await Promise.race([iterator.next(), stopped]);
      // A reload may have replaced how events are answered since the last one.
      const answer = !done && (await stream.events?.answer(value, context));
      if (!answer) break;
      const body = writeResponseBody(answer);
      for (const listener of [...stream.listeners]) listener.next(body);
    }
    // A generator that waits for its next event only returns after it: nobody waits here for that.
    void iterator.return?.().catch(() => undefined);
    return [endedError];
  }

  #explain(cause: unknown, { requestId }: RequestContext): readonly GraphQLFormattedError[] {
    if (cause instanceof RequestError) return cause.errors.map((error) => error.toJSON());
    if (cause instanceof SubgraphCallError) {
      const { message, extensions } = callErrorToFieldError(cause);
      return [{ message, extensions: { ...extensions } }];
    }
    this.#log.error('subscription failed', { requestId, cause });
    return [{ message: 'The gateway failed to answer.', extensions: { code: 'INTERNAL_SERVER_ERROR' } }];
  }
}

interface Stream {
  readonly key: string | undefined;
  readonly request: StreamRequest;
  readonly listeners: Set<StreamListener>;
  readonly cancellation: Cancellation;
  /** How events are answered now; undefined until the stream is planned. */
  events: EventStream | undefined;
  /** How often the supergraph was replaced under it. */
  reloads: number;
}

const sourceChanged = () =>
  refuse(400, 'SCHEMA_RELOAD', 'Its events come from another place now. Subscribe again, with your last cursor.');

function reloadError(cause: unknown): GraphQLFormattedError {
  const reasons = cause instanceof RequestError ? cause.message : 'It could not be planned again.';
  const message = `The schema was replaced, and this subscription cannot go on: ${reasons}`;
  return { message, extensions: { code: 'SCHEMA_RELOAD', retryable: true } };
}

const endedError: GraphQLFormattedError = {
  message:
    'The source of this subscription ended it. Subscribe again, with your last cursor where the field takes one.',
  extensions: { code: 'SUBSCRIPTION_ENDED', retryable: true },
};
