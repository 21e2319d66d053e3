import type { Kysely } from 'kysely';
import { loggedReason } from '../runtime/logged-reason.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Timers } from '../runtime/timers.ts';
import type { JournalEvent } from './envelope.ts';
import { readEvents } from './events.ts';
import type { JournalTables } from './tables.ts';

/** Events kept in memory; a reader further behind reads the store. About a kilobyte each. */
const keptInMemory = 2_048;
const pageSize = 500;
/** How soon to look again after the store could not be read. */
const retryDelayMs = 500;

export interface EventTailOptions {
  readonly read: Kysely<JournalTables>;
  /** The position of the newest committed event when the tail begins. */
  readonly head: number;
  readonly log: Logger;
  readonly timers: Timers;
}

/**
 * The newest committed events, read once per wake-up for all readers of this process.
 *
 * States: resting (everything up to `head` has been read), reading (a wake-up that comes now is remembered, so nothing
 * that was committed before it is missed), closed (wake-ups are ignored). Positions have no gaps, so the event at a
 * position is found by arithmetic.
 */
export class EventTail {
  readonly #options: EventTailOptions;
  readonly #waiting = new Set<() => void>();
  #recent: JournalEvent[] = [];
  #head: number;
  #state: 'resting' | 'reading' | 'closed' = 'resting';
  #wokenMeanwhile = false;
  /** The store is away, and that has been told. */
  #isTold = false;
  #cancelRetry: () => void = () => undefined;

  constructor(options: EventTailOptions) {
    this.#options = options;
    this.#head = options.head;
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** The position up to which this process has read. */
  get head(): number {
    return this.#head;
  }

  /** Whether every event after `position` is either in memory or still to come. */
  reachesBackTo(position: number): boolean {
    return position >= this.#head - this.#recent.length;
  }

  /** The event at `position`, when it is in memory. */
  at(position: number): JournalEvent | undefined {
    return this.#recent[this.#recent.length - 1 - (this.#head - position)];
  }

  /** Calls `resume` once, when there may be more to read. @returns a function that forgets it */
  onMore(resume: () => void): () => void {
    this.#waiting.add(resume);
    return () => this.#waiting.delete(resume);
  }

  /** Something may have been committed. */
  wake(): void {
    if (this.#state === 'reading') this.#wokenMeanwhile = true;
    if (this.#state !== 'resting') return;
    this.#state = 'reading';
    void this.#readUp();
  }

  close(): void {
    this.#state = 'closed';
    this.#cancelRetry();
    this.#resumeWaiting();
  }

  async #readUp(): Promise<void> {
    try {
      do {
        this.#wokenMeanwhile = false;
        while (await this.#readPage());
      } while (this.#wokenMeanwhile);
      this.#isTold = false;
    } catch (error) {
      if (!this.#isTold) this.#options.log.warn('newest events not read', loggedReason(error));
      this.#isTold = true;
      if (!this.closed) this.#cancelRetry = this.#options.timers.after(retryDelayMs, () => this.wake());
    }
    if (!this.closed) this.#state = 'resting';
  }

  /** @returns whether there may be another page */
  async #readPage(): Promise<boolean> {
    const events = await readEvents(this.#options.read, this.#head, { filter: {}, limit: pageSize });
    if (events.length === 0 || this.closed) return false;
    this.#recent.push(...events);
    if (this.#recent.length > 2 * keptInMemory) this.#recent = this.#recent.slice(-keptInMemory);
    this.#head = Number(events.at(-1)?.position);
    this.#resumeWaiting();
    return events.length === pageSize;
  }

  #resumeWaiting(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resume of waiting) resume();
  }
}
