/**
 * Work that can wait gives way: everybody who asks for a turn gets one of the event loop of their own, in the order of
 * asking. Without it, promises that are kept at once run on and on in one turn, while a turn of a busy process reads what
 * has arrived once, and accepts one new connection (libuv 1.46).
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();
  #asked = 0;

  /** Resolves in a turn that nobody else here has. */
  next(): Promise<void> {
    this.#last = this.#last.then(() => new Promise((resolve) => setImmediate(resolve)));
    return this.#last;
  }

  /** @returns nothing where the present turn is free, which is taken so; else what `next` does */
  take(): Promise<void> | undefined {
    const isFree = this.#asked === 0;
    this.#asked += 1;
    const turn = this.next().then(() => {
      this.#asked -= 1;
    });
    return isFree ? undefined : turn;
  }
}
