import type { Clock } from '../../runtime/clock.ts';
import type { Timers } from '../../runtime/timers.ts';

/** Time that a test owns: what waits, waits until the test lets it go. */
export class ManualTime implements Clock, Timers {
  #now = Date.parse('2026-05-21T06:00:00.000Z');
  readonly #due: { readonly delayMs: number; readonly run: () => void }[] = [];
  readonly #watchers: (() => void)[] = [];

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const entry = { delayMs, run };
    this.#due.push(entry);
    for (const resolve of this.#watchers.splice(0)) resolve();
    return () => {
      const index = this.#due.indexOf(entry);
      if (index >= 0) this.#due.splice(index, 1);
    };
  }

  /** Ends with its signal only: loops that sleep are not what these tests are about. */
  sleep(_delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Waits until something waits, then lets the first of it go. @returns how long it had to wait, in milliseconds */
  async elapse(): Promise<number> {
    while (this.#due.length === 0) await new Promise<void>((resolve) => this.#watchers.push(resolve));
    const [first] = this.#due.splice(0, 1);
    if (!first) throw new Error('Nothing waits.');
    this.#now += first.delayMs;
    first.run();
    return first.delayMs;
  }
}
