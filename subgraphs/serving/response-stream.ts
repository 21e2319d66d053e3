import type { SubgraphResponse } from './subgraph-response.ts';

export interface ResponseStreamOptions<Event> {
  readonly events: AsyncIterator<Event>;
  /** Executes the selection on one event. Never rejects. */
  readonly respond: (event: Event) => Promise<SubgraphResponse>;
  /** The response that tells the subscriber that the events have failed. */
  readonly failed: (error: unknown) => SubgraphResponse;
  /** Ends whatever the events wait for. */
  readonly stop: () => void;
}

/**
 * One response for each event.
 *
 * States: OPEN; ENDED after the last event, after the events have failed (which is the last response), and after
 * `return`. An async generator would not do: its `return` waits for a `next` that waits for an event that may never
 * come, so here `return` first stops what `next` waits for.
 */
export function createResponseStream<Event>(
  options: ResponseStreamOptions<Event>,
): AsyncIterableIterator<SubgraphResponse> {
  const { events, respond, failed, stop } = options;
  const ended = { done: true, value: undefined } as const;
  let isOpen = true;

  async function end() {
    isOpen = false;
    stop();
    await events.return?.();
  }

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (!isOpen) return ended;
      try {
        const { done, value } = await events.next();
        if (!isOpen) return ended;
        if (!done) return { done: false, value: await respond(value) };
        isOpen = false;
        return ended;
      } catch (error) {
        if (!isOpen) return ended;
        isOpen = false;
        stop();
        return { done: false, value: failed(error) };
      }
    },
    async return() {
      await end();
      return ended;
    },
    async throw(error) {
      await end();
      throw error;
    },
  };
}
