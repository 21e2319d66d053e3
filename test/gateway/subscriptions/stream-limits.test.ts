import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Authenticate } from '../../../gateway/authorization/authenticate.ts';
import type { SubscriptionsConfig } from '../../../gateway/config.ts';
import type { Timers } from '../../../runtime/timers.ts';
import { EventLog, logSubgraph } from '../../support/event-log.ts';
import { type Federation, startFederation } from '../../support/federation-gateway.ts';
import { patientConfig } from '../../support/patient-config.ts';
import { somebody } from '../../support/somebody.ts';
import { steadyTimers } from '../../support/steady-time.ts';
import { type StreamingClient, subscribeOver, type Transport, transports } from '../../support/streaming-client.ts';

let federation: Federation;
let log: EventLog;
const clients: StreamingClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await federation.close();
});

const anybody: Authenticate = (id = '') => somebody({ id });

/** Reserved streams lapse when a test says so. */
const streamReservationMs = 777;
const lapses: (() => void)[] = [];
const timers: Timers = {
  ...steadyTimers,
  after(delayMs, run) {
    if (delayMs !== streamReservationMs) return steadyTimers.after(delayMs, run);
    lapses.push(run);
    return () => undefined;
  },
};

async function start(limits: Partial<SubscriptionsConfig>, authenticate = anybody): Promise<void> {
  log = new EventLog();
  log.publish();
  federation = await startFederation(
    { events: logSubgraph(log) },
    {
      authenticate,
      config: { subscriptions: { ...patientConfig.subscriptions, streamReservationMs, ...limits } },
      runtime: { timers },
    },
  );
}

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const query = 'subscription { lotChanged(after: "c0") { cursor } }';

async function subscribe(transport: Transport, authorization: string): Promise<StreamingClient> {
  const client = await subscribeOver(transport, { url: federation.url, query, authorization });
  clients.push(client);
  return client;
}

const reserve = (authorization: string) => fetch(federation.url, { method: 'PUT', headers: { authorization } });

async function codeOf(response: Response): Promise<[number, string]> {
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  return [response.status, errors[0]?.extensions.code ?? ''];
}

/** Try again later, says a socket. */
const refusalOver = (transport: Transport) => (transport === 'WebSocket' ? 1013 : 'TOO_MANY_STREAMS');

/** Until what has ended counts no more. */
async function untilThereIsRoom(transport: Transport, authorization: string): Promise<void> {
  for (;;) {
    const client = await subscribe(transport, authorization);
    const ended = await Promise.race([client.until(1), client.ended]);
    if (ended === undefined) return;
  }
}

describe.each(transports)('over %s', (transport) => {
  test('nobody has more streams than the limit, over all transports together; others have their own', async () => {
    // A WebSocket is one itself.
    await start({ maxStreamsPerPrincipal: 4 });
    const open = await Promise.all(transports.map((other) => subscribe(other, 'anna')));
    await Promise.all(open.map((client) => client.until(1)));
    expect(await (await subscribe(transport, 'anna')).ended).toEqual([refusalOver(transport)]);
    await (await subscribe(transport, 'bob')).until(1);
    open[0]?.close();
    await untilThereIsRoom(transport, 'anna');
  });

  test('there are no more in all than the limit', async () => {
    await start({ maxStreams: transport === 'WebSocket' ? 4 : 2 });
    const open = await Promise.all(['anna', 'bob'].map((who) => subscribe(transport, who)));
    await Promise.all(open.map((client) => client.until(1)));
    expect(await (await subscribe(transport, 'carl')).ended).toEqual([refusalOver(transport)]);
    expect(await codeOf(await reserve('dora'))).toEqual([503, 'TOO_MANY_STREAMS']);
  });
});

test('an operation on a WebSocket that is one too many is refused, and the others go on', async () => {
  await start({ maxStreamsPerPrincipal: 2 });
  const socket = federation.socket({ authorization: 'anna' });
  const first = socket.iterate({ query });
  expect((await first.next()).value).toMatchObject({ data: { lotChanged: { cursor: 'c1' } } });
  await expect(socket.iterate({ query: '{ now }' }).next()).rejects.toMatchObject([
    { extensions: { code: 'TOO_MANY_STREAMS' } },
  ]);
  log.publish();
  expect((await first.next()).value).toMatchObject({ data: { lotChanged: { cursor: 'c2' } } });
});

test('a reserved event stream counts in the name of who reserved it, until it lapses', async () => {
  await start({ maxStreamsPerPrincipal: 2 });
  expect((await reserve('anna')).status).toBe(201);
  expect((await reserve('anna')).status).toBe(201);
  expect(await codeOf(await reserve('anna'))).toEqual([429, 'TOO_MANY_STREAMS']);
  expect((await reserve('bob')).status).toBe(201);
  for (const lapse of lapses.splice(0)) lapse();
  await untilThereIsRoom('server-sent events', 'anna');
});

test('queries and what ends by itself give their places back', async () => {
  await start({ maxStreamsPerPrincipal: 1 });
  for (let n = 0; n < 5; n += 1) {
    for (const text of ['{ now }', '{ nothing }', 'subscription { lotChanged(after: "c9") { cursor } }']) {
      const response = await fetch(federation.url, {
        method: 'POST',
        headers: { authorization: 'anna', accept: 'text/event-stream', 'content-type': 'application/json' },
        body: JSON.stringify({ query: text }),
      });
      expect(await response.text()).not.toContain('TOO_MANY_STREAMS');
    }
  }
});

test.each(['text/event-stream', 'multipart/mixed;subscriptionSpec=1.0'])(
  'a client that has left before its stream began takes no place (%s)',
  async (accept) => {
    const [arrival, gate] = [deferred(), deferred()];
    await start({ maxStreams: 1 }, async (credentials) => {
      if (credentials === 'early') {
        arrival.resolve();
        await gate.promise;
      }
      return somebody({ id: credentials ?? '' });
    });
    const { port, host, pathname } = new URL(federation.url);
    const socket = connect(Number(port), '127.0.0.1');
    const search = new URLSearchParams({ query });
    socket.write(
      `GET ${pathname}?${search} HTTP/1.1\r\nHost: ${host}\r\nAccept: ${accept}\r\nAuthorization: early\r\n\r\n`,
    );
    await arrival.promise;
    socket.resetAndDestroy();
    // What it reads after the end of that connection it reads later.
    for (let look = 0; look < 2; look += 1) await fetch(new URL('/health/ready', federation.url));
    gate.resolve();
    await (await subscribe('server-sent events', 'anna')).until(1);
  },
);
