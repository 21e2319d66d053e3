import type { StreamEvent } from './stream-event.ts';

export interface ReplayBounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** Bytes that all rings of a process hold together. */
export interface ReplayBudget {
  readonly maxBytes: number;
  usedBytes: number;
}

/**
 * The last events of one stream, found again by the cursor of the event before them. Bounded in events and in bytes, its
 * own and those of all rings together; what is oldest is forgotten first. Of the event that was forgotten last the cursor
 * is still known: everything after it is here.
 */
export class ReplayRing {
  readonly #bounds: ReplayBounds;
  readonly #budget: ReplayBudget;
  readonly #events: (StreamEvent | undefined)[] = [];
  /** Index in `#events` of the oldest that counts: removing from the front of an array one by one is slow. */
  #head = 0;
  /** How many events came before `#events[0]`. */
  #before = 0;
  #bytes = 0;
  /** By cursor: how many events had come when the last one with it had. */
  readonly #positions = new Map<string, number>();

  /** @param start the cursor after which the first event comes, where it is known */
  constructor(bounds: ReplayBounds, budget: ReplayBudget, start?: string) {
    this.#bounds = bounds;
    this.#budget = budget;
    if (start !== undefined) this.#positions.set(start, 0);
  }

  /** How many events have come, forgotten ones included. */
  get position(): number {
    return this.#before + this.#events.length;
  }

  add(event: StreamEvent): void {
    // Nothing could ever find it.
    if (event.cursor === undefined && this.#positions.size === 0) return;
    this.#events.push(event);
    this.#bytes += event.bytes;
    this.#budget.usedBytes += event.bytes;
    if (event.cursor !== undefined) {
      // The order of the map is that of the positions, also where a cursor comes again.
      this.#positions.delete(event.cursor);
      this.#positions.set(event.cursor, this.position);
    }
    while (this.#head < this.#events.length && this.#isTooMuch()) this.#forgetOldest();
    if (this.#head > 64 && this.#head * 2 > this.#events.length) {
      this.#events.splice(0, this.#head);
      this.#before += this.#head;
      this.#head = 0;
    }
  }

  /** @returns the position from which on everything that follows the cursor is here; undefined where it is not */
  positionAfter(cursor: string): number | undefined {
    const position = this.#positions.get(cursor);
    return position !== undefined && this.holds(position) ? position : undefined;
  }

  /** Whether no event from this position on is forgotten. */
  holds(position: number): boolean {
    return position >= this.#before + this.#head;
  }

  /** @returns undefined where it is forgotten or has not come */
  at(position: number): StreamEvent | undefined {
    return this.holds(position) ? this.#events[position - this.#before] : undefined;
  }

  /** Forgets everything. */
  clear(): void {
    while (this.#head < this.#events.length) this.#forgetOldest();
    this.#positions.clear();
  }

  #isTooMuch(): boolean {
    const count = this.#events.length - this.#head;
    const { maxEvents, maxBytes } = this.#bounds;
    return count > maxEvents || this.#bytes > maxBytes || this.#budget.usedBytes > this.#budget.maxBytes;
  }

  #forgetOldest(): void {
    const oldest = this.#events[this.#head];
    if (!oldest) return;
    this.#events[this.#head] = undefined;
    this.#head += 1;
    this.#bytes -= oldest.bytes;
    this.#budget.usedBytes -= oldest.bytes;
    this.#forgetPositionsBefore(this.#before + this.#head);
  }

  #forgetPositionsBefore(position: number): void {
    for (const [cursor, known] of this.#positions) {
      if (known >= position) return;
      this.#positions.delete(cursor);
    }
  }
}
