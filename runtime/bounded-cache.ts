interface Entry<T> {
  readonly value: T;
  weight: number;
}

/** A map whose entries weigh at most `limit` together, and are at most so many, and that forgets what was used longest ago. */
export class BoundedCache<T> {
  readonly #limit: number;
  readonly #mostEntries: number;
  readonly #entries = new Map<string, Entry<T>>();
  #weight = 0;

  /**
   * @param limit in whatever `set` weighs entries in: bytes, or a number of entries
   * @param mostEntries however little they weigh
   */
  constructor(limit: number, mostEntries = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
    this.#mostEntries = mostEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps nothing that outweighs the whole cache: it would push everything else out and then go as well. */
  set(key: string, value: T, weight = 1): void {
    this.delete(key);
    if (weight > this.#limit) return;
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    this.#forgetOldest();
  }

  /** Says what an entry weighs by now; nothing where it was forgotten meanwhile. */
  reweigh(key: string, weight: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#weight += weight - entry.weight;
    entry.weight = weight;
    this.#forgetOldest();
  }

  /** What was used longest ago comes first. */
  *values(): IterableIterator<T> {
    for (const { value } of this.#entries.values()) yield value;
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
  }

  #forgetOldest(): void {
    for (const key of this.#entries.keys()) {
      if (this.#weight <= this.#limit && this.#entries.size <= this.#mostEntries) return;
      this.delete(key);
    }
  }
}
