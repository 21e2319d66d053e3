import type { GraphQLFormattedError } from 'graphql';
import type { DeliveryPolicy } from '../supergraph/subscription-rules.ts';
import type { ReplayRing } from './replay-ring.ts';
import { type StreamEvent, withSkipped } from './stream-event.ts';

/** Where the events of one client go. After `end` or `complete` nothing follows. */
export interface StreamListener {
  /** @param body the JSON text of one whole response */
  next(body: string, cursor: string | undefined): void;
  end(errors: readonly GraphQLFormattedError[]): void;
  /** The source has said everything. */
  complete(): void;
  /** Whether what was sent waits for the client to read. */
  isCongested(): boolean;
  /** Calls `run` once when the client has read what waited. */
  onceRelieved(run: () => void): void;
}

/**
 * One client's place in a stream.
 *
 * - `live`: gets each event as it comes. What it does not read waits at its transport, which closes it when that is too
 *   much; with the policy LATEST it becomes `behind` before.
 * - `replaying`: joined at an earlier place, and gets what the ring holds from there on as fast as it reads; then `live`.
 *   The ring forgets faster than it reads → it ends with SLOW_CONSUMER.
 * - `behind` (LATEST): only the newest event is kept for it, with the number of those before. It reads again → `live`.
 * - `left`: nothing reaches it any more.
 */
export class StreamClient {
  /** The stream that it is in now: it may be handed on. */
  stream: { forget(client: StreamClient): void } | undefined;
  readonly #listener: StreamListener;
  readonly #policy: DeliveryPolicy;
  #state: 'live' | 'replaying' | 'behind' | 'left' = 'live';
  #cursor: string | undefined;
  #replay: Replay | undefined;
  #latest: StreamEvent | undefined;
  #skipped = 0;

  /** @param cursor where the client began, if it said so */
  constructor(listener: StreamListener, policy: DeliveryPolicy, cursor?: string) {
    this.#listener = listener;
    this.#policy = policy;
    this.#cursor = cursor;
  }

  /** The cursor of the last event that it has been given, or from which it began. */
  get cursor(): string | undefined {
    return this.#latest?.cursor ?? this.#cursor;
  }

  isCongested(): boolean {
    return this.#state !== 'left' && this.#listener.isCongested();
  }

  onceRelieved(run: () => void): void {
    this.#listener.onceRelieved(run);
  }

  /** Follows the stream of `ring` from `position` on. */
  join(ring: ReplayRing, position: number): void {
    if (this.#state === 'left') return;
    if (this.#state === 'behind') {
      for (let at = position; at < ring.position; at += 1) this.#missed(ring.at(at));
      return;
    }
    this.#state = 'replaying';
    const replay = { ring, next: position };
    this.#replay = replay;
    this.#step(replay);
  }

  next(event: StreamEvent): void {
    if (this.#state === 'behind') this.#missed(event);
    else if (this.#state === 'live') {
      if (this.#policy === 'LATEST' && this.#listener.isCongested()) this.#fallBehind(event);
      else this.#send(event);
    }
  }

  /** It is told why nothing follows. What is kept for it is still true, and comes before. */
  end(errors: readonly GraphQLFormattedError[]): void {
    if (this.#state === 'left') return;
    this.#sendLatest();
    this.#state = 'left';
    this.#listener.end(errors);
  }

  complete(): void {
    if (this.#state === 'left') return;
    this.#sendLatest();
    this.#state = 'left';
    this.#listener.complete();
  }

  leave(): void {
    this.#state = 'left';
  }

  #step(replay: Replay): void {
    while (this.#state === 'replaying' && this.#replay === replay) {
      const { ring, next } = replay;
      const event = ring.at(next);
      if (next >= ring.position) {
        this.#state = 'live';
        this.#replay = undefined;
      } else if (!event) {
        this.end([slowConsumer]);
      } else if (this.#listener.isCongested()) {
        this.#listener.onceRelieved(() => this.#step(replay));
        return;
      } else {
        replay.next += 1;
        this.#send(event);
      }
    }
  }

  #fallBehind(event: StreamEvent): void {
    this.#state = 'behind';
    this.#latest = event;
    this.#skipped = 0;
    this.#listener.onceRelieved(() => {
      if (this.#state !== 'behind') return;
      this.#state = 'live';
      this.#sendLatest();
    });
  }

  #missed(event: StreamEvent | undefined): void {
    if (!event) return;
    if (this.#latest) this.#skipped += 1;
    this.#latest = event;
  }

  #sendLatest(): void {
    const event = this.#latest;
    if (!event) return;
    this.#latest = undefined;
    this.#send(this.#skipped === 0 ? event : { ...event, body: withSkipped(event.body, this.#skipped) });
  }

  #send({ body, cursor }: StreamEvent): void {
    if (cursor !== undefined) this.#cursor = cursor;
    this.#listener.next(body, cursor);
  }
}

interface Replay {
  readonly ring: ReplayRing;
  /** Position of the next event that it gets. */
  next: number;
}

export const slowConsumer: GraphQLFormattedError = {
  message: 'Events arrive faster than they are read. Subscribe again, with your last cursor where the field takes one.',
  extensions: { code: 'SLOW_CONSUMER', retryable: true },
};
