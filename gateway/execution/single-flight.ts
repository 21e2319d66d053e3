import { Cancellation } from '../cancellation.ts';

/** Calls `run` when whoever asked has gone. @returns a function that forgets it */
export type Leaving = Pick<Cancellation, 'onCancel'>;

interface Flight<T> {
  readonly key: string;
  readonly cancellation: Cancellation;
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
  start(cancellation: Cancellation): Promise<T>;
}

/**
 * Equal work that is wanted again while it runs is done once.
 *
 * `flying`: whoever asks with the same key joins. Someone who goes away leaves the others alone; the work is cancelled
 *   with the last one. `fenced`: newer knowledge exists, so nobody joins any more; those aboard stay.
 * `landed`: everyone gets the same outcome, and the next one starts anew: nothing is kept.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();
  readonly #copy: (value: T) => T;

  /** @param copy makes the value of everyone but the first, where the value is not immutable */
  constructor(copy: (value: T) => T = (value) => value) {
    this.#copy = copy;
  }

  run(request: FlightRequest<T>): Promise<T> {
    const { key, leaving } = request;
    const joined = this.join(key, leaving);
    if (joined) return joined;
    const flight: Flight<T> = { key, cancellation: new Cancellation(), waiting: [], wanted: 0 };
    this.#flights.set(key, flight);
    const result = this.#board(flight, leaving);
    request.start(flight.cancellation).then(
      (value) => this.#land(flight, value),
      (cause: unknown) => this.#crash(flight, cause),
    );
    return result;
  }

  /** @returns undefined where no equal work runs */
  join(key: string, leaving: Leaving | undefined): Promise<T> | undefined {
    const known = this.#flights.get(key);
    return known && this.#board(known, leaving);
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
    this.#remove(flight);
    for (const [index, waiting] of flight.waiting.entries()) {
      waiting.forget();
      waiting.resolve(index === 0 ? value : this.#copy(value));
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
