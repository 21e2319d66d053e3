import type { Kysely } from 'kysely';
import { parseCursor } from './cursor.ts';
import type { EventFilter, JournalEvent } from './envelope.ts';
import { InvalidCursorError } from './errors.ts';
import { matchesFilter } from './event-filter.ts';
import type { EventTail } from './event-tail.ts';
import { readEvents, readHead, readPrunedTo } from './events.ts';
import type { Gap } from './gap.ts';
import type { JournalTables } from './tables.ts';

const pageSize = 256;

export interface EventFollowerOptions {
  readonly read: Kysely<JournalTables>;
  readonly tail: EventTail;
  /** Where to begin: a client's cursor, or the position that is "now". */
  readonly start: { readonly cursor: string } | { readonly position: number };
  readonly filter: EventFilter;
  readonly signal: AbortSignal;
}

/**
 * One reader of the journal. It only ever moves forward by position, from the store while it is behind what the tail has
 * in memory and from the tail after that, so no event falls between the two and none comes twice. It holds at most one
 * page: a slow reader costs no memory.
 *
 * States: new (the cursor has not been looked at), following, ended (aborted, returned, failed, or the journal was closed:
 * every further `next` is done).
 */
export class EventFollower implements AsyncIterableIterator<JournalEvent | Gap> {
  readonly #options: EventFollowerOptions;
  readonly #end = () => this.#stop();
  #state: 'new' | 'following' | 'ended' = 'new';
  /** Everything up to here has been delivered, is on `#page`, or does not match. */
  #position = 0;
  #page: (JournalEvent | Gap)[] = [];
  #resume: () => void = () => undefined;
  #previous: Promise<unknown> = Promise.resolve();

  constructor(options: EventFollowerOptions) {
    this.#options = options;
    if (options.signal.aborted) this.#state = 'ended';
    else options.signal.addEventListener('abort', this.#end, { once: true });
  }

  /** Calls are answered in order, also when several are made at once. */
  next(): Promise<IteratorResult<JournalEvent | Gap, undefined>> {
    const result = this.#previous.then(() => this.#take());
    this.#previous = result.catch(() => undefined);
    return result;
  }

  async return(): Promise<IteratorResult<JournalEvent | Gap, undefined>> {
    this.#stop();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #stop(): void {
    this.#state = 'ended';
    this.#page = [];
    this.#options.signal.removeEventListener('abort', this.#end);
    this.#resume();
  }

  async #take(): Promise<IteratorResult<JournalEvent | Gap, undefined>> {
    try {
      if (this.#state === 'new') await this.#begin();
      while (!this.#ended) {
        const item = this.#page.shift() ?? this.#nextInMemory();
        if (item) return { done: false, value: item };
        await this.#advance();
      }
    } catch (error) {
      this.#stop();
      throw error;
    }
    return { done: true, value: undefined };
  }

  /** Read through a getter, because it changes while a method waits. */
  get #ended(): boolean {
    return this.#state === 'ended' || this.#options.tail.closed;
  }

  async #begin(): Promise<void> {
    const { start, tail, read } = this.#options;
    this.#position = 'position' in start ? start.position : parseCursor(start.cursor);
    if ('cursor' in start && this.#position > tail.head && this.#position > (await readHead(read))) {
      throw new InvalidCursorError(start.cursor);
    }
    if (!this.#ended) this.#state = 'following';
  }

  #nextInMemory(): JournalEvent | undefined {
    const { tail, filter } = this.#options;
    if (!tail.reachesBackTo(this.#position)) return undefined;
    while (this.#position < tail.head) {
      const event = tail.at(this.#position + 1);
      this.#position += 1;
      if (event && matchesFilter(event, filter)) return event;
    }
    return undefined;
  }

  #advance(): Promise<void> {
    const { tail } = this.#options;
    return tail.reachesBackTo(this.#position) ? this.#waitForMore() : this.#readPage();
  }

  #waitForMore(): Promise<void> {
    return new Promise((resolve) => {
      const forget = this.#options.tail.onMore(resolve);
      this.#resume = () => {
        forget();
        resolve();
      };
    });
  }

  async #readPage(): Promise<void> {
    const { read, tail, filter } = this.#options;
    const scannedAtLeastTo = tail.head;
    const from = this.#position;
    const events = await readEvents(read, from, { filter, limit: pageSize });
    // Looked up after the events: what was pruned before they were read is known by now.
    const prunedTo = await readPrunedTo(read);
    if (this.#ended) return;
    if (from < prunedTo) {
      this.#page = [{ gap: true, from: String(from), to: String(prunedTo) }];
      this.#position = prunedTo;
      return;
    }
    const lastRead = Number(events.at(-1)?.position ?? from);
    this.#page = [...events];
    this.#position = events.length === pageSize ? lastRead : Math.max(lastRead, scannedAtLeastTo);
  }
}
