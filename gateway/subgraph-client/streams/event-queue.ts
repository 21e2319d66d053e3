/** Events that wait to be taken, before the subgraph is made to wait with more. */
const maxWaiting = 64;

/** What events arrive by. */
export interface Throttled {
  pause(): void;
  resume(): void;
}

/** What has arrived from a subgraph and waits to be taken. Where that is too much its connection is not read. */
export class EventQueue<T> {
  readonly #waiting: T[] = [];
  #end: { readonly cause?: unknown } | undefined;
  #wake: () => void = () => undefined;
  #connection: Throttled | undefined;
  #isThrottled = false;

  /** Whether the connection is not read now. */
  get isThrottled(): boolean {
    return this.#isThrottled;
  }

  throttle(connection: Throttled): void {
    this.#connection = connection;
  }

  /** What comes after the end is none of it. */
  next(event: T): void {
    if (this.#end) return;
    this.#waiting.push(event);
    if (this.#waiting.length >= maxWaiting && !this.#isThrottled) {
      this.#isThrottled = true;
      this.#connection?.pause();
    }
    this.#wake();
  }

  error(cause: unknown): void {
    this.#end ??= { cause };
    this.#wake();
  }

  complete(): void {
    this.#end ??= {};
    this.#wake();
  }

  /** What waits, then what comes. @throws the cause of `error`, after what came before it */
  async *read(): AsyncGenerator<T> {
    for (;;) {
      const event = this.#waiting.shift();
      if (event !== undefined) {
        yield event;
        if (this.#waiting.length === 0) this.#goOn();
      } else if (this.#end) {
        if ('cause' in this.#end) throw this.#end.cause;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #goOn(): void {
    if (!this.#isThrottled) return;
    this.#isThrottled = false;
    this.#connection?.resume();
  }
}
