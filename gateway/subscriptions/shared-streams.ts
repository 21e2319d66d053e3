import type { GraphQLFormattedError } from 'graphql';
import type { Logger } from '../../runtime/logger.ts';
import { Cancellation } from '../cancellation.ts';
import type { CompiledOperation, OperationAnswer, Variables } from '../execution/compile-operation.ts';
import type { RequestContext } from '../execution/run.ts';
import { callErrorToFieldError, SubgraphCallError } from '../execution/subgraph-error.ts';
import { RequestError } from '../request-error.ts';
import { writeResponseBody } from '../response-body.ts';

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
    const stream: Stream = { key, listeners: new Set(), cancellation: new Cancellation() };
    if (key !== undefined) this.#shared.set(key, stream);
    void this.#pump(stream, request);
    return stream;
  }

  #close(stream: Stream): void {
    if (stream.key !== undefined && this.#shared.get(stream.key) === stream) this.#shared.delete(stream.key);
    stream.cancellation.cancel();
  }

  async #pump(stream: Stream, { operation, variables, context }: StreamRequest): Promise<void> {
    const events = operation.subscribe(variables, { ...context, cancellation: stream.cancellation });
    const errors = await this.#deliver(stream, events).catch((cause: unknown) => this.#explain(cause, context));
    const listeners = [...stream.listeners];
    stream.listeners.clear();
    this.#close(stream);
    for (const listener of listeners) listener.end(errors);
  }

  /** A stream that ends by itself is told as such: to a listener, silence would look like "nothing happens". */
  async #deliver(stream: Stream, events: AsyncIterable<OperationAnswer>): Promise<readonly GraphQLFormattedError[]> {
    const iterator = events[Symbol.asyncIterator]();
    const stopped = new Promise<IteratorResult<OperationAnswer, undefined>>((resolve) => {
      stream.cancellation.onCancel(() => resolve({ done: true, value: undefined }));
    });
    for (;;) {
      const { done, value } = await Promise.race([iterator.next(), stopped]);
      if (done) break;
      const body = writeResponseBody(value);
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
  readonly listeners: Set<StreamListener>;
  readonly cancellation: Cancellation;
}

const endedError: GraphQLFormattedError = {
  message:
    'The source of this subscription ended it. Subscribe again, with your last cursor where the field takes one.',
  extensions: { code: 'SUBSCRIPTION_ENDED', retryable: true },
};
