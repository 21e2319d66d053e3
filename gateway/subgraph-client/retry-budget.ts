/** Repetitions that a subgraph may get at once after a quiet time. */
const maxSaved = 10;

/**
 * Bounds repetitions to a share of the calls: each call earns a part of one. A subgraph that is down gets few more requests
 * than it would without repetition, instead of a multiple of them.
 */
export class RetryBudget {
  readonly #earned: number;
  #saved = maxSaved;

  /** @param percent repetitions for a hundred calls */
  constructor(percent: number) {
    this.#earned = percent / 100;
    if (percent === 0) this.#saved = 0;
  }

  called(): void {
    this.#saved = Math.min(maxSaved, this.#saved + this.#earned);
  }

  /** @returns whether one more repetition is allowed; it is spent then */
  spend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}
