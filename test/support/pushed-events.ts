import type { SubgraphDefinition } from './federation-subgraph.ts';

/** Events that a test pushes into every open subscription of a subgraph, and what the subgraph saw. */
export class PushedEvents {
  readonly #open = new Set<(value: IteratorResult<unknown>) => void>();
  /** The `after` argument of each subscription, in order of arrival. */
  readonly startedAfter: (string | null)[] = [];
  #waiting: (() => void)[] = [];

  get listeners(): number {
    return this.#open.size;
  }

  push(cursor: string, id = 'l1'): void {
    for (const give of this.#open) give({ done: false, value: { lotChanged: { cursor, lot: { id } } } });
  }

  end(): void {
    for (const give of this.#open) give({ done: true, value: undefined });
    this.#open.clear();
    this.#wake();
  }

  /** Resolves once so many subscriptions are open. */
  async opened(count: number): Promise<void> {
    while (this.#open.size !== count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  open(after: string | null): AsyncIterableIterator<unknown> {
    this.startedAfter.push(after);
    const ready: IteratorResult<unknown>[] = [];
    const asked: ((value: IteratorResult<unknown>) => void)[] = [];
    const give = (value: IteratorResult<unknown>) => {
      const next = asked.shift();
      if (next) next(value);
      else ready.push(value);
    };
    this.#open.add(give);
    this.#wake();
    const stop = async () => {
      this.#open.delete(give);
      this.#wake();
      for (const next of asked.splice(0)) next({ done: true, value: undefined });
      return { done: true as const, value: undefined };
    };
    const iterator: AsyncIterableIterator<unknown> = {
      next: () => {
        const value = ready.shift();
        return value ? Promise.resolve(value) : new Promise((resolve) => asked.push(resolve));
      },
      return: stop,
      throw: stop,
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** A subgraph with lots whose events have a cursor, and a second one that knows more of each lot. */
export function lotSubgraphs(events: PushedEvents): Record<string, SubgraphDefinition> {
  return {
    events: {
      typeDefs: `
        extend schema @link(url: "https://specs.example.com/andon/v1.0", import: ["@resumable"])
          @composeDirective(name: "@resumable")
        directive @resumable(cursor: String!, after: String!) on FIELD_DEFINITION
        type Query { now: Int! lot(id: ID!): Lot }
        type Mutation { bump: Int! }
        type Subscription {
          lotChanged(site: String, after: String): LotEvent @resumable(cursor: "cursor", after: "after")
        }
        type LotEvent { cursor: String! lot: Lot }
        type Lot @key(fields: "id") { id: ID! secret: String @inaccessible }
      `,
      resolvers: {
        Query: { now: () => 1, lot: (_: unknown, { id }: { id: string }) => ({ id }) },
        Mutation: { bump: () => 2 },
        Subscription: {
          lotChanged: {
            subscribe: (_: unknown, { after }: { after?: string | null }) => events.open(after ?? null),
          },
        },
      },
    },
    quality: {
      typeDefs: 'type Lot @key(fields: "id") { id: ID! status: String! }',
      resolvers: { Lot: { status: ({ id }: { id: string }) => `status of ${id}` } },
    },
  };
}

export const lotSubscription = 'subscription { lotChanged { cursor lot { id status } } }';
