import { GraphQLError } from 'graphql';
import type { SubgraphDefinition } from './federation-subgraph.ts';

/** A source of events that keeps them all: what is published is sent to whoever follows, from any cursor on. */
export class EventLog {
  readonly events: { readonly cursor: string; readonly id: string }[] = [];
  /** The `after` of each time that it was followed, in order. */
  readonly followedAfter: (string | null)[] = [];
  /** Whether a cursor is refused before there is a stream, or by the first event of one. */
  refusesAtOnce = true;
  readonly #following = new Set<Follower>();
  #waiting: (() => void)[] = [];

  get followers(): number {
    return this.#following.size;
  }

  get head(): string {
    return this.events.at(-1)?.cursor ?? 'c0';
  }

  publish(count = 1): void {
    for (let n = 0; n < count; n += 1) {
      const number = this.events.length + 1;
      this.events.push({ cursor: `c${number}`, id: `l${number}` });
    }
    for (const follower of this.#following) follower.wake();
  }

  /** Ends every open stream, as a restart of the source does. */
  cut(): void {
    for (const follower of [...this.#following]) follower.end();
  }

  /** Resolves once it has been followed so many times. */
  async followed(times: number): Promise<void> {
    while (this.followedAfter.length < times) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async unfollowed(): Promise<void> {
    while (this.#following.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** @throws GraphQLError INVALID_CURSOR, as a journal does whose head is before it */
  follow(after: string | null): AsyncIterableIterator<unknown> {
    this.followedAfter.push(after);
    this.#wake();
    const from = after === null ? this.events.length : Number(after.slice(1));
    if (!(from <= this.events.length)) return refusing(this.refusesAtOnce);
    const follower = new Follower(this, from, () => {
      this.#following.delete(follower);
      this.#wake();
    });
    this.#following.add(follower);
    return follower;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function refusing(atOnce: boolean): AsyncIterableIterator<unknown> {
  const extensions = { code: 'INVALID_CURSOR' };
  const refusal = new GraphQLError('This is no cursor. Give the last one that you got, or none.', { extensions });
  if (atOnce) throw refusal;
  return {
    next: () => Promise.reject(refusal),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

class Follower implements AsyncIterableIterator<unknown> {
  readonly #log: EventLog;
  readonly #left: () => void;
  #next: number;
  #ended = false;
  #asked: ((result: IteratorResult<unknown>) => void)[] = [];

  constructor(log: EventLog, from: number, left: () => void) {
    this.#log = log;
    this.#next = from;
    this.#left = left;
  }

  wake(): void {
    while (this.#asked.length > 0) {
      const event = this.#log.events[this.#next];
      if (!event && !this.#ended) return;
      const give = this.#asked.shift();
      if (this.#ended) give?.({ done: true, value: undefined });
      else {
        this.#next += 1;
        give?.({ done: false, value: { lotChanged: { cursor: event?.cursor, lot: { id: event?.id } } } });
      }
    }
  }

  end(): void {
    this.#ended = true;
    this.#left();
    this.wake();
  }

  next(): Promise<IteratorResult<unknown>> {
    const result = new Promise<IteratorResult<unknown>>((resolve) => this.#asked.push(resolve));
    this.wake();
    return result;
  }

  return(): Promise<IteratorResult<unknown>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A subgraph whose only events are those of `log`, resumable unless `directives` says otherwise. */
export function logSubgraph(
  log: EventLog,
  directives = '@resumable(cursor: "cursor", after: "after")',
): SubgraphDefinition {
  return {
    typeDefs: `
      extend schema @link(url: "https://specs.example.com/andon/v1.0", import: ["@resumable", "@delivery", "@finite"])
        @composeDirective(name: "@resumable")
        @composeDirective(name: "@delivery")
        @composeDirective(name: "@finite")
      directive @resumable(cursor: String!, after: String!, snapshot: String) on FIELD_DEFINITION
      directive @delivery(policy: String!) on FIELD_DEFINITION
      directive @finite on FIELD_DEFINITION
      type Query { now: Int! }
      type Subscription {
        lotChanged(after: String, snapshot: Boolean = false): LotEvent ${directives}
      }
      type LotEvent { cursor: String! lot: Lot padding(bytes: Int!): String! }
      type Lot @key(fields: "id") { id: ID! }
    `,
    resolvers: {
      Query: { now: () => 1 },
      LotEvent: { padding: (_: unknown, { bytes }: { bytes: number }) => 'x'.repeat(bytes) },
      Subscription: {
        lotChanged: {
          subscribe: (_: unknown, { after, snapshot }: { after?: string | null; snapshot?: boolean }) =>
            snapshot && !after ? withSnapshot(log) : log.follow(after ?? null),
        },
      },
    },
  };
}

/** Two lots as they are, at the cursor from which the events follow. */
async function* withSnapshot(log: EventLog): AsyncGenerator<unknown> {
  const cursor = log.head;
  const events = log.follow(cursor);
  try {
    for (const id of ['s1', 's2']) yield { lotChanged: { cursor, lot: { id } } };
    for await (const event of events) yield event;
  } finally {
    await events.return?.();
  }
}
