import { setMaxListeners } from 'node:events';

/**
 * Says that the work for a request is wanted no longer. Like an AbortSignal, which it becomes where one is asked for:
 * an AbortSignal itself costs more than the rest of a small subgraph call, and most are never looked at.
 */
export class Cancellation {
  readonly #listeners = new Set<() => void>();
  #aborted = false;
  #controller: AbortController | undefined;

  get aborted(): boolean {
    return this.#aborted;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  static fromSignal(signal: AbortSignal): Cancellation {
    const cancellation = new Cancellation();
    if (signal.aborted) cancellation.cancel();
    else {
      // One request may ask any number of things.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', () => cancellation.cancel(), { once: true });
    }
    return cancellation;
  }

  /** Calls `run` when cancelled. @returns a function that forgets it */
  onCancel(run: () => void): () => void {
    this.#listeners.add(run);
    return () => void this.#listeners.delete(run);
  }

  cancel(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#controller?.abort();
    for (const run of this.#listeners) run();
    this.#listeners.clear();
  }
}
