import type { Clock } from '../../../runtime/clock.ts';
import { Cancellation } from '../../request/cancellation.ts';
import type { Span } from '../../request/span.ts';
import { tracedJoin } from './traced-join.ts';

/** Calls `run` when whoever asked has gone. @returns a function that forgets it */
export type Leaving = Pick<Cancellation, 'onCancel'>;

interface Flight<T> {
  readonly key: string;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  readonly cancellation: Cancellation;
  /** Of who started the work. */
  readonly span: Span | undefined;
  /** The first one started the work. */
  readonly waiting: Waiting<T>[];
  /** How many still want the result. */
  wanted: number;
}

interface Waiting<T> {
  resolve(value: T): void;
  reject(cause: unknown): void;
  forget(): void;
}

const ignore = () => undefined;

export interface FlightRequest<T> {
  /** Holds everything that can change the result. */
  readonly key: string;
  readonly leaving: Leaving | undefined;
  /** What the work is part of, where it is traced. */
  readonly span: Span | undefined;
  start(cancellation: Cancellation): Promise<T>;
}

export interface SingleFlightOptions<T> {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Milliseconds after its start in which work is joined: whoever comes later would get the end of one that hangs. */
  readonly joinableMs: number;
  /** Makes the value of everyone but the first, where the value is not immutable. */
  copy?(value: T): T;
}

/**
 * Equal work that is wanted again while it runs is done once.
 *
 * `flying`: whoever asks with the same key joins. Someone who goes away leaves the others alone; the work is cancelled
 *   with the last one. `fenced`: newer knowledge exists, so nobody joins any more; those aboard stay. `overdue`, after
 *   `joinableMs`: the next one starts anew and is joined instead; those aboard stay.
 * `landed`: everyone gets the same outcome, and the next one starts anew: nothing is kept.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();
  readonly #options: SingleFlightOptions<T>;
  /** How often somebody joined work that ran already. */
  joined = 0;

  constructor(options: SingleFlightOptions<T>) {
    this.#options = options;
  }

  run(request: FlightRequest<T>): Promise<T> {
    const { key, leaving, span } = request;
    const joined = this.join(key, leaving, span);
    if (joined) return joined;
    const startedAt = this.#options.clock.monotonic();
    const flight: Flight<T> = { key, startedAt, cancellation: new Cancellation(), span, waiting: [], wanted: 0 };
    this.#flights.set(key, flight);
    const result = this.#board(flight, leaving);
    request.start(flight.cancellation).then(
      (value) => this.#land(flight, value),
      (cause: unknown) => this.#crash(flight, cause),
    );
    return result;
  }

  /** @returns undefined where no equal work runs that may be joined */
  join(key: string, leaving: Leaving | undefined, span: Span | undefined): Promise<T> | undefined {
    const known = this.#flights.get(key);
    if (!known) return undefined;
    const { clock, joinableMs } = this.#options;
    if (clock.monotonic() - known.startedAt >= joinableMs) return undefined;
    this.joined += 1;
    const result = this.#board(known, leaving);
    return span ? tracedJoin(span, known.span, result) : result;
  }

  /** From now on nobody joins what started before: who asks next sees what happened until now. */
  fence(): void {
    this.#flights.clear();
  }

  #board(flight: Flight<T>, leaving: Leaving | undefined): Promise<T> {
    flight.wanted += 1;
    return new Promise((resolve, reject) => {
      const leave = () => {
        flight.wanted -= 1;
        if (flight.wanted > 0) return;
        this.#remove(flight);
        flight.cancellation.cancel();
      };
      flight.waiting.push({ resolve, reject, forget: leaving?.onCancel(leave) ?? ignore });
    });
  }

  /** The copies are made before the first one can change the original: promises continue later. */
  #land(flight: Flight<T>, value: T): void {
    const { copy = (it: T) => it } = this.#options;
    this.#remove(flight);
    for (const [index, waiting] of flight.waiting.entries()) {
      waiting.forget();
      waiting.resolve(index === 0 ? value : copy(value));
    }
  }

  #crash(flight: Flight<T>, cause: unknown): void {
    this.#remove(flight);
    for (const waiting of flight.waiting) {
      waiting.forget();
      waiting.reject(cause);
    }
  }

  #remove(flight: Flight<T>): void {
    if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key);
  }
}
