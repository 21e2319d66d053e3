import fc from 'fast-check';
import { OperationTypeNode } from 'graphql';
import { expect, test } from 'vitest';
import type { CompiledOperation } from '../../../gateway/execution/compiled-operation.ts';
import { AnswerWriter } from '../../../gateway/execution/write/answer-writer.ts';
import type { SubgraphResponse } from '../../../gateway/subgraph-client/local-subgraph.ts';
import { SubgraphCallError } from '../../../gateway/subgraph-client/subgraph-call-error.ts';
import { SharedStreams } from '../../../gateway/subscriptions/shared-streams.ts';
import type { StreamStart } from '../../../gateway/subscriptions/stream-key.ts';
import { EventLog } from '../../support/event-log.ts';
import { patientConfig } from '../../support/patient-config.ts';
import { testRuntime } from '../../support/runtime.ts';

/** Time that passes when the test says so. */
class ManualTimers {
  #waiting: { at: number; run: () => void }[] = [];
  now = 0;

  after(delayMs: number, run: () => void): () => void {
    const entry = { at: this.now + delayMs, run };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((one) => one !== entry);
    };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  pass(ms: number): void {
    this.now += ms;
    const due = this.#waiting.filter(({ at }) => at <= this.now);
    this.#waiting = this.#waiting.filter(({ at }) => at > this.now);
    for (const { run } of due) run();
  }
}

const idle = async (turns = 25) => {
  for (let n = 0; n < turns; n += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Two places that publish one log: a reload may send a subscription from one to the other. */
class Graph {
  readonly log = new EventLog();
  readonly timers = new ManualTimers();
  place = 0;
  readonly streams: SharedStreams;

  constructor(replayEvents: number) {
    const clock = { now: () => this.timers.now, monotonic: () => this.timers.now };
    this.streams = new SharedStreams({
      runtime: testRuntime({ timers: this.timers, clock }),
      config: { ...patientConfig.subscriptions, replayEvents, reconnectForMs: 1e12, replayKeepMs: 1_000 },
      answers: new AnswerWriter(),
    });
  }

  operation(place = this.place): CompiledOperation {
    const { log } = this;
    const client = {
      service: `place ${place}`,
      execute: () => Promise.reject(new Error('not asked')),
      subscribe: () => Promise.reject(new Error('not asked')),
      close: async () => undefined,
    };
    const open = async function* (after: unknown): AsyncGenerator<SubgraphResponse> {
      const events = log.follow(typeof after === 'string' ? after : null);
      try {
        for await (const data of events) yield { data: data as Record<string, unknown> };
      } finally {
        await events.return?.();
      }
      if (log.events.length % 2) throw new SubgraphCallError('SUBGRAPH_UNAVAILABLE', 'events');
    };
    return {
      text: 'subscription',
      operationName: undefined,
      name: undefined,
      kind: OperationTypeNode.SUBSCRIPTION,
      rootFields: [],
      coerceVariables: (given) => given,
      execute: () => Promise.reject(new Error('not a query')),
      stream: async (variables) => ({
        source: { client, operation: 'x', variables: JSON.stringify(variables) },
        hasSourceOf: ({ source }) => source.client.service === client.service,
        open: () => open(variables['after']),
        answer: async ({ data }) => {
          await new Promise((resolve) => setImmediate(resolve));
          return { data: JSON.stringify(data), errors: [], sources: [] };
        },
      }),
    };
  }

  listen(start: StreamStart, listener: Client): () => void {
    const variables = typeof start === 'object' ? { after: start.after } : {};
    const cursorOf = (body: string) => JSON.parse(body).data?.lotChanged.cursor;
    const request = {
      operation: this.operation(),
      variables,
      context: { principal: undefined, requestId: 'r', cancellation: undefined },
      key: 'k',
      start,
      resumption: {
        cursorOf,
        openAfter: async (after: string) => ({ operation: this.operation(), variables: { after } }),
      },
      delivery: 'MUST_DELIVER' as const,
      isFinite: false,
    };
    return this.streams.listen(request, listener);
  }

  async move(): Promise<void> {
    this.place += 1;
    await this.streams.moveTo(async () => this.operation());
  }
}

/** A client that comes back with its last cursor whenever it was told to, or left. */
class Client {
  readonly seen: string[] = [];
  readonly #graph: Graph;
  #isThere = false;
  #leave: () => void = () => undefined;
  #relieved: (() => void)[] = [];
  #isCongested = false;

  readonly #from: string | undefined;

  /** @param from where it begins; undefined: with what happens next */
  constructor(graph: Graph, from?: string) {
    this.#graph = graph;
    this.#from = from;
  }

  come(): void {
    if (this.#isThere) return;
    const last = this.seen.at(-1) ?? this.#from;
    this.#isThere = true;
    this.#leave = this.#graph.listen(last === undefined ? 'now' : { after: last }, this);
  }

  go(): void {
    this.#isThere = false;
    this.#leave();
    this.#relieved = [];
  }

  congest(): void {
    this.#isCongested = true;
  }

  relieve(): void {
    this.#isCongested = false;
    for (const run of this.#relieved.splice(0)) run();
  }

  next(_body: string, cursor: string | undefined): void {
    if (this.#isThere && cursor !== undefined) this.seen.push(cursor);
  }

  end(): void {
    this.#isThere = false;
  }

  complete(): void {
    this.#isThere = false;
  }

  isCongested = () => this.#isCongested;
  onceRelieved = (run: () => void) => void this.#relieved.push(run);
}

const clients = 4;
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('come', 'go'), who: fc.nat(clients - 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('congest', 'relieve'), who: fc.nat(clients - 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cut', 'move') }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('pass' as const), count: fc.integer({ min: 100, max: 2_000 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const), count: fc.integer({ min: 1, max: 12 }) }) },
);

test('whatever is cut, left, resumed and reloaded, each client sees each event once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }),
      fc.integer({ min: 0, max: 12 }),
      async (steps, ring) => {
        const graph = new Graph(ring);
        const all = Array.from({ length: clients }, (_, n) => new Client(graph, n % 2 ? 'c0' : undefined));
        for (const client of all) client.come();
        await idle();
        graph.log.publish(2);
        await idle();
        for (const one of steps) {
          const who = 'who' in one ? all[one.who] : undefined;
          if (one.do === 'publish' && 'count' in one) graph.log.publish(one.count);
          else if (one.do === 'settle' && 'count' in one) await idle(one.count);
          else if (one.do === 'pass' && 'count' in one) graph.timers.pass(one.count);
          else if (one.do === 'cut') graph.log.cut();
          else if (one.do === 'move') void graph.move();
          else if (one.do === 'come') who?.come();
          else if (one.do === 'go') who?.go();
          else if (one.do === 'congest') who?.congest();
          else if (one.do === 'relieve') who?.relieve();
        }
        await idle();
        // Everything heals: who was away or told to come back does, and reads.
        for (let round = 0; round < 8; round += 1) {
          for (const client of all) {
            client.relieve();
            client.come();
          }
          await idle(4);
          graph.timers.pass(10_000);
          await idle(4);
          graph.log.publish();
          await idle();
        }
        const published = graph.log.events.map(({ cursor }) => cursor);
        for (const { seen } of all) expect(seen).toEqual(published);
        graph.streams.close();
      },
    ),
    { numRuns: Number(process.env['FC_RUNS'] ?? 150) },
  );
});
