import type { Client } from 'graphql-ws';
import { afterEach, describe, expect, test } from 'vitest';
import type { SubscriptionsConfig } from '../../../gateway/config.ts';
import { EventLog, logSubgraph } from '../../support/event-log.ts';
import { type Answer, type Federation, startFederation } from '../../support/federation-gateway.ts';
import { patientConfig } from '../../support/patient-config.ts';
import { somebody } from '../../support/somebody.ts';
import { subscribeOver, transports } from '../../support/streaming-client.ts';

let federation: Federation | undefined;
afterEach(() => federation?.close());

const text = 'subscription ($after: String) { lotChanged(after: $after) { cursor lot { id } } }';

async function start(log: EventLog, config: Partial<SubscriptionsConfig> = {}, directives?: string) {
  federation = await startFederation(
    { events: logSubgraph(log, directives) },
    { config: { subscriptions: { ...patientConfig.subscriptions, ...config } } },
  );
  return federation;
}

/** A client that keeps what it gets. */
function follow(client: Client, query: string, variables: Record<string, unknown> = {}) {
  const answers: Answer[] = [];
  const waiting: (() => void)[] = [];
  let leave = () => {};
  const ended = new Promise<unknown>((resolve) => {
    leave = client.subscribe(
      { query, variables },
      {
        next: (answer) => {
          answers.push(answer as Answer);
          for (const wake of waiting.splice(0)) wake();
        },
        error: resolve,
        complete: () => resolve('complete'),
      },
    );
  });
  const cursors = () => answers.map(({ data }) => data?.lotChanged.cursor);
  return {
    answers,
    cursors,
    ended,
    leave: () => leave(),
    async until(cursor: string) {
      while (!cursors().includes(cursor)) await new Promise<void>((resolve) => waiting.push(resolve));
      return cursors();
    },
  };
}

describe('a client that comes back with a cursor', () => {
  test('gets what it missed and what follows from the gateway alone, while others listen and when nobody does', async () => {
    const log = new EventLog();
    const { socket } = await start(log);
    const first = follow(socket(), text);
    await log.followed(1);
    log.publish(3);
    await first.until('c3');
    const second = follow(socket(), text, { after: 'c1' });
    expect(await second.until('c3')).toEqual(['c2', 'c3']);
    first.leave();
    second.leave();
    log.publish(2);
    const third = follow(socket(), text, { after: 'c2' });
    log.publish();
    expect(await third.until('c6')).toEqual(['c3', 'c4', 'c5', 'c6']);
    expect(log.followedAfter).toEqual([null]);
  });

  test('is recognised however its text says the cursor', async () => {
    const log = new EventLog();
    const { socket, url } = await start(log);
    const plain = 'subscription { lotChanged { cursor } }';
    const first = follow(socket(), plain);
    await log.followed(1);
    log.publish(3);
    await first.until('c3');
    const literal = follow(socket(), 'subscription { lotChanged(after: "c1") { cursor } }');
    await literal.until('c3');
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'last-event-id': 'c2' },
      body: JSON.stringify({ query: plain }),
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let seen = '';
    while (!seen.includes('id: c3')) seen += (await reader.read()).value ?? '';
    expect(seen).not.toContain('id: c2');
    await reader.cancel();
    expect(log.followedAfter).toEqual([null]);
  });

  test('from before what is kept has the subgraph asked, and joins the others once it has caught up', async () => {
    const log = new EventLog();
    const { socket } = await start(log, { replayEvents: 3 });
    const first = follow(socket(), text);
    await log.followed(1);
    log.publish(10);
    await first.until('c10');
    const late = follow(socket(), text, { after: 'c2' });
    const inside = follow(socket(), text, { after: 'c7' });
    await late.until('c10');
    log.publish(3);
    await Promise.all([first, late, inside].map((client) => client.until('c13')));
    expect(late.cursors()).toEqual(['c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10', 'c11', 'c12', 'c13']);
    expect(inside.cursors()).toEqual(['c8', 'c9', 'c10', 'c11', 'c12', 'c13']);
    expect(log.followedAfter).toEqual([null, 'c2']);
    while (log.followers > 1) await new Promise((resolve) => setImmediate(resolve));
  });

  test('of another authority, or with other arguments, never sees what is kept for somebody else', async () => {
    const log = new EventLog();
    federation = await startFederation(
      { events: logSubgraph(log) },
      { authenticate: (id = '') => somebody({ id, plants: [id] }) },
    );
    const first = follow(federation.socket({ authorization: 'BER' }), text);
    await log.followed(1);
    log.publish(2);
    await first.until('c2');
    const other = follow(federation.socket({ authorization: 'HAM' }), text, { after: 'c1' });
    expect(await other.until('c2')).toEqual(['c2']);
    expect(log.followedAfter).toEqual([null, 'c1']);
  });

  test('is forgotten after a while: then the subgraph is let go', async () => {
    const log = new EventLog();
    const { socket } = await start(log, { replayKeepMs: 50 });
    const first = follow(socket(), text);
    await log.followed(1);
    log.publish();
    await first.until('c1');
    first.leave();
    await log.unfollowed();
    const second = follow(socket(), text, { after: 'c1' });
    log.publish();
    expect(await second.until('c2')).toEqual(['c2']);
    expect(log.followedAfter).toEqual([null, 'c1']);
  });
});

test('what is kept is bounded in bytes, for each subscription and for all together', async () => {
  for (const bounds of [{ replayBytes: 5_000 }, { replayTotalBytes: 5_000 }]) {
    const log = new EventLog();
    const { socket, close } = await start(log, bounds);
    const padded =
      'subscription ($after: String) { lotChanged(after: $after) { cursor lot { id } padding(bytes: 2000) } }';
    const first = follow(socket(), padded);
    await log.followed(1);
    log.publish(5);
    await first.until('c5');
    expect(await follow(socket(), padded, { after: 'c3' }).until('c5')).toEqual(['c4', 'c5']);
    expect(log.followedAfter).toEqual([null]);
    await follow(socket(), padded, { after: 'c1' }).until('c5');
    expect(log.followedAfter).toEqual([null, 'c1']);
    await close();
  }
});

test('everybody who asks for a snapshot gets it, and then shares the events', async () => {
  const log = new EventLog();
  const directives = '@resumable(cursor: "cursor", after: "after", snapshot: "snapshot")';
  const { socket } = await start(log, {}, directives);
  log.publish(2);
  const query = 'subscription { lotChanged(snapshot: true) { cursor lot { id } } }';
  const ids = ({ answers }: ReturnType<typeof follow>) => answers.map(({ data }) => data.lotChanged.lot.id);
  const clients = [follow(socket(), query), follow(socket(), query), follow(socket(), query)];
  await log.followed(3);
  for (const [n, cursor] of ['c3', 'c4', 'c5', 'c6'].entries()) {
    log.publish();
    await Promise.all(clients.map((client) => client.until(cursor)));
    for (const client of clients) expect(ids(client)).toEqual(['s1', 's2', 'l3', 'l4', 'l5', 'l6'].slice(0, n + 3));
  }
  while (log.followers > 1) await new Promise((resolve) => setImmediate(resolve));
});

describe('a source that ends or breaks', () => {
  test('is asked again from the last cursor on, and clients see each event once', async () => {
    const log = new EventLog();
    const { socket } = await start(log);
    const clients = [follow(socket(), text), follow(socket(), text)];
    await log.followed(1);
    log.publish(2);
    await Promise.all(clients.map((client) => client.until('c2')));
    log.cut();
    log.publish(2);
    await Promise.all(clients.map((client) => client.until('c4')));
    for (const client of clients) expect(client.cursors()).toEqual(['c1', 'c2', 'c3', 'c4']);
    expect(log.followedAfter).toEqual([null, 'c2']);
  });

  test('and only ever ends is told after a while, not asked for ever', async () => {
    const log = new EventLog();
    const { socket } = await start(log, { reconnectForMs: 400 });
    const client = follow(socket(), text);
    await log.followed(1);
    log.publish();
    await client.until('c1');
    const timer = setInterval(() => log.cut(), 2);
    try {
      expect(await client.ended).toMatchObject([{ extensions: { code: 'SUBSCRIPTION_ENDED', retryable: true } }]);
    } finally {
      clearInterval(timer);
    }
    expect(log.followedAfter.length).toBeGreaterThan(2);
    expect(log.followedAfter.length).toBeLessThan(12);
  });

  test('completes its clients where the schema says that it is finite', async () => {
    const log = new EventLog();
    const { socket } = await start(log, {}, '@finite');
    const client = follow(socket(), text);
    await log.followed(1);
    log.publish();
    await client.until('c1');
    log.cut();
    expect(await client.ended).toBe('complete');
  });
});

describe.each(transports)('a cursor that the source refuses, over %s', (transport) => {
  test.each([
    ['before there is a stream', true],
    ['in place of its first event', false],
  ])('%s, ends the subscription with the code, and the source is asked once', async (_when, atOnce) => {
    const log = new EventLog();
    log.refusesAtOnce = atOnce;
    const { url } = await start(log);
    const client = await subscribeOver(transport, { url, query: text, variables: { after: 'c99' } });
    expect(await client.ended).toEqual(['INVALID_CURSOR']);
    expect(log.followedAfter).toEqual(['c99']);
    const again = await subscribeOver(transport, { url, query: text, variables: { after: 'c0' } });
    log.publish();
    await again.until(1);
    again.close();
    client.close();
  });

  test('when it is asked again from there ends it, too: nobody waits for a source that has forgotten', async () => {
    const log = new EventLog();
    const { url } = await start(log);
    const client = await subscribeOver(transport, { url, query: text, variables: { after: 'c0' } });
    log.publish(3);
    await client.until(3);
    log.events.splice(0);
    log.cut();
    expect(await client.ended).toEqual(['INVALID_CURSOR']);
    expect(log.followedAfter).toEqual(['c0', 'c3']);
  });
});

test('a browser forgets its Last-Event-ID with a cursor that is refused, so that it does not come back with it', async () => {
  const { url } = await start(new EventLog());
  const response = await fetch(`${url}?query=${encodeURIComponent('subscription { lotChanged { cursor } }')}`, {
    headers: { accept: 'text/event-stream', 'last-event-id': 'c7' },
  });
  expect(await response.text()).toMatch(
    /^:\n\nid: \nevent: next\ndata: \{"errors":\[.*INVALID_CURSOR.*\n\nevent: complete\ndata: \n\n$/,
  );
});
