import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import type { AndonProcess } from '../test/support/andon-process.ts';
import { percentile, round } from './measure.ts';

const subscription = `subscription { qualityHoldChanged(plant: "BER") { cursor type hold { holdNo reason lot { lotNumber material { name } } } } }`;
const holds = 30;

export interface HoldDelivery {
  readonly holds: number;
  readonly deliveries: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/**
 * Places holds one after the other and notes when the event of each arrives at each subscriber, counted from the moment
 * that placeHold's answer is there. An event that is there before the answer counts as 0.
 */
export async function measureHoldDelivery(andon: AndonProcess, subscribers: number): Promise<HoldDelivery> {
  const arrivals = new Map<string, number[]>();
  const token = await andon.token('mara.manager');
  const close = await subscribeAll(andon, token, subscribers, (holdNo) => {
    const times = arrivals.get(holdNo) ?? [];
    times.push(performance.now());
    arrivals.set(holdNo, times);
  });
  const delays: number[] = [];
  for (let number = 0; number < holds; number += 1) {
    const holdNo = `BENCH-${subscribers}-${number}`;
    await placeHold(andon, token, holdNo);
    const answered = performance.now();
    while ((arrivals.get(holdNo)?.length ?? 0) < subscribers) await new Promise((resolve) => setTimeout(resolve, 1));
    for (const arrived of arrivals.get(holdNo) ?? []) delays.push(Math.max(0, arrived - answered));
  }
  await close();
  return {
    holds,
    deliveries: delays.length,
    p50Ms: round(percentile(delays, 0.5)),
    p99Ms: round(percentile(delays, 0.99)),
    maxMs: round(Math.max(...delays)),
  };
}

async function placeHold(andon: AndonProcess, token: string, holdNo: string): Promise<void> {
  const scope = 'mfg:BER:lot:WATER-05L:L10900';
  const answer = await andon.askWithToken(
    token,
    'mutation Hold($input: PlaceHoldInput!, $meta: TransitionMeta!) { placeHold(input: $input, meta: $meta) { outcome rejections { message } } }',
    { input: { scope, holdNo }, meta: { idempotencyKey: holdNo, reason: { text: 'Benchmark.' } } },
  );
  if (answer.data?.placeHold?.outcome !== 'ACCEPTED')
    throw new Error(`placeHold was not accepted: ${JSON.stringify(answer)}`);
}

/** Resolves once every subscriber is connected and has been given a moment to be subscribed. */
async function subscribeAll(
  andon: AndonProcess,
  token: string,
  count: number,
  arrived: (holdNo: string) => void,
): Promise<() => Promise<void>> {
  const clients = Array.from({ length: count }, () =>
    createClient({
      url: `${andon.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      lazy: false,
      onNonLazyError: () => undefined,
      retryAttempts: 0,
      connectionParams: { authorization: `Bearer ${token}` },
    }),
  );
  const connected = clients.map((client) => new Promise((resolve) => client.on('connected', resolve)));
  await Promise.all(connected);
  for (const client of clients) {
    client.subscribe<{ qualityHoldChanged: { type: string; hold: { holdNo: string } } }>(
      { query: subscription },
      {
        next: ({ data }) => {
          if (data?.qualityHoldChanged.type === 'quality.hold.placed') arrived(data.qualityHoldChanged.hold.holdNo);
        },
        error: () => undefined,
        complete: () => undefined,
      },
    );
  }
  await new Promise((resolve) => setTimeout(resolve, 500 + count * 3));
  return async () => {
    await Promise.all(clients.map((client) => client.dispose()));
  };
}
