import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { SubscriptionProtocol } from '../../../gateway/config.ts';
import { EventLog, logSubgraph } from '../../support/event-log.ts';
import { type Federation, startFederation } from '../../support/federation-gateway.ts';
import { startSubgraph, type TestSubgraph } from '../../support/federation-subgraph.ts';
import { patientConfig } from '../../support/patient-config.ts';
import { type StreamingClient, subscribeOver, transports } from '../../support/streaming-client.ts';

/** A longer run: ANDON_SOAK_CLIENTS=2000 ANDON_SOAK_SECONDS=60. */
const clientCount = Number(process.env['ANDON_SOAK_CLIENTS'] ?? 120);
const seconds = Number(process.env['ANDON_SOAK_SECONDS'] ?? 1.2);

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Chance that a seed decides (mulberry32). */
function createChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const query = 'subscription ($after: String) { lotChanged(after: $after) { cursor lot { id } } }';

/** One that comes and goes over any transport, and each time goes on from its last cursor. */
class Wanderer {
  readonly seen: string[] = ['c0'];
  readonly ends = new Map<unknown, number>();
  #stream: StreamingClient | undefined;

  async wander(url: string, chance: () => number, until: () => boolean): Promise<void> {
    while (!until()) {
      await this.#visit(url, chance, 10 + chance() * 300);
      await sleep(chance() * 50);
    }
  }

  /** Stays until it has seen the cursor. */
  async catchUp(url: string, chance: () => number, cursor: string): Promise<void> {
    while (this.seen.at(-1) !== cursor) await this.#visit(url, chance, 1_000, cursor);
  }

  async #visit(url: string, chance: () => number, staysMs: number, last?: string): Promise<void> {
    const transport = transports[Math.floor(chance() * transports.length)] ?? 'WebSocket';
    const variables = { after: this.seen.at(-1) };
    const stream = await subscribeOver(transport, { url, query, variables }).catch(() => undefined);
    if (!stream) return;
    this.#stream = stream;
    if (chance() < 0.1) {
      stream.pause();
      setTimeout(stream.resume, staysMs / 2);
    }
    const arrived = last === undefined ? undefined : this.#arrival(stream, last);
    const codes = await Promise.race([stream.ended, sleep(staysMs), ...(arrived ? [arrived] : [])]);
    this.seen.push(...stream.answers.flatMap(({ data }) => data?.lotChanged?.cursor ?? []));
    for (const code of codes ?? []) this.ends.set(code, (this.ends.get(code) ?? 0) + 1);
    stream.close();
    this.#stream = undefined;
  }

  async #arrival(stream: StreamingClient, cursor: string): Promise<undefined> {
    for (let count = 1; stream === this.#stream; count += 1) {
      await stream.until(count);
      if (stream.answers[count - 1]?.data?.lotChanged?.cursor === cursor) return undefined;
    }
    return undefined;
  }
}

interface Soak {
  readonly federation: Federation;
  readonly log: EventLog;
  /** Kills the subgraph and starts it again, at the same address. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

async function startSoak(subscriptionProtocol: SubscriptionProtocol): Promise<Soak> {
  const log = new EventLog();
  const definition = logSubgraph(log);
  const { subgraphs, subscriptions } = patientConfig;
  const federation = await startFederation(
    { events: definition },
    {
      config: {
        subgraphs: { ...subgraphs, subscriptionProtocol, breakerProbeMs: 50, timeoutMs: 1_000 },
        subscriptions: { ...subscriptions, replayEvents: 200, replayKeepMs: 100 },
      },
    },
  );
  let running: TestSubgraph | undefined = federation.subgraphs['events'];
  const port = Number(new URL(running?.url ?? '').port);
  return {
    federation,
    log,
    async restart() {
      const before = running;
      running = undefined;
      await before?.kill();
      running = await startSubgraph(definition, port);
    },
    async close() {
      await federation.close();
      await running?.close();
    },
  };
}

/** Turns in which everything happens once. */
const turns = 40;

/** Events, restarts, cuts and reloads, one after the other, until time is up and each has happened. */
async function disturb({ federation, log, restart }: Soak, chance: () => number): Promise<void> {
  const endsAt = performance.now() + seconds * 1_000;
  let reloads = 0;
  for (let turn = 1; turn <= turns || performance.now() < endsAt; turn += 1) {
    log.publish(1 + Math.floor(chance() * 3));
    await sleep(2 + chance() * 10);
    if (turn % turns === 0) await restart();
    if (turn % 35 === 0) log.cut();
    if (turn % 25 === 0) {
      reloads += 1;
      // A type that nobody uses makes it another supergraph.
      await federation.gateway.replaceSupergraph(
        `${federation.sdl}\nscalar Reload${reloads} @join__type(graph: EVENTS)\n`,
      );
    }
  }
}

async function soakOnce(soak: Soak, seed: number): Promise<Map<unknown, number>> {
  const chance = createChance(seed);
  const wanderers = Array.from({ length: clientCount }, () => new Wanderer());
  const { url } = soak.federation;
  let isOver = false;
  const wandering = wanderers.map(async (one, n) => {
    await sleep((n / clientCount) * seconds * 300);
    await one.wander(url, chance, () => isOver);
  });
  await disturb(soak, chance);
  isOver = true;
  await Promise.all(wandering);
  soak.log.publish();
  const { head } = soak.log;
  await Promise.all(wanderers.map((one) => one.catchUp(url, chance, head)));
  const published = ['c0', ...soak.log.events.map(({ cursor }) => cursor)];
  for (const { seen } of wanderers) expect(seen).toEqual(published);
  const ends = new Map<unknown, number>();
  for (const one of wanderers) for (const [code, count] of one.ends) ends.set(code, (ends.get(code) ?? 0) + count);
  return ends;
}

async function heapAtRest({ log }: Soak): Promise<number> {
  await log.unfollowed();
  for (let n = 0; n < 5; n += 1) {
    await sleep(50);
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

test.each<SubscriptionProtocol>(['websocket', 'sse'])(
  'clients that come and go over all transports see each event once and in order, while the supergraph is reloaded and the subgraph restarted (%s), and nothing of them stays',
  { timeout: 120_000 + seconds * 20_000 },
  async (protocol) => {
    const soak = await startSoak(protocol);
    try {
      const firstEnds = await soakOnce(soak, 1);
      const before = await heapAtRest(soak);
      soak.log.events.splice(0);
      const secondEnds = await soakOnce(soak, 2);
      const after = await heapAtRest(soak);
      if (process.env['ANDON_SOAK_CLIENTS']) console.log(protocol, firstEnds, secondEnds, { before, after });
      expect(after - before).toBeLessThan(4_000_000 + clientCount * 1_000);
    } finally {
      await soak.close();
    }
  },
);
