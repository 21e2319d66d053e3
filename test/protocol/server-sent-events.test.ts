import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createClient } from 'graphql-sse';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Federation, startFederation } from '../support/federation-gateway.ts';
import { patientConfig } from '../support/patient-config.ts';
import { lotSubgraphs, lotSubscription, PushedEvents } from '../support/pushed-events.ts';
import { somebody } from '../support/somebody.ts';
import { steadyTimers } from '../support/steady-time.ts';

const events = new PushedEvents();
/** Each test has upstreams of its own, and hears of their end at once. */
const subscriptions = { ...patientConfig.subscriptions, replayKeepMs: 0, reconnectForMs: 0 };
let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(lotSubgraphs(events), { config: { subscriptions } });
});
const leaving: (() => void)[] = [];
afterEach(async () => {
  for (const leave of leaving.splice(0)) leave();
  await events.opened(0);
});
afterAll(() => federation.close());

/** An open stream, read as it arrives. */
class OpenStream {
  text = '';
  readonly response: IncomingMessage;
  readonly ended: Promise<void>;
  #waiting: (() => void)[] = [];

  constructor(response: IncomingMessage) {
    this.response = response;
    const wake = () => {
      for (const resolve of this.#waiting.splice(0)) resolve();
    };
    response.on('data', (chunk) => {
      this.text += chunk;
      wake();
    });
    this.ended = new Promise((resolve) => response.on('close', resolve));
    leaving.push(() => response.destroy());
  }

  async until(part: string): Promise<string> {
    while (!this.text.includes(part)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.text;
  }
}

interface Request {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly search?: Record<string, string>;
  readonly to?: Federation;
}

/** fetch buffers small responses and hides what arrives when: this does not. */
function open({ method = 'POST', headers = {}, body, search = {}, to = federation }: Request): Promise<OpenStream> {
  const url = new URL(to.url);
  url.search = String(new URLSearchParams(search));
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, {
      method,
      headers: {
        accept: 'text/event-stream',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    sent.on('response', (response) => resolve(new OpenStream(response)));
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const subscribe = (more: Request = {}) => open({ body: { query: lotSubscription }, ...more });

function collect(client: ReturnType<typeof createClient>, query: string) {
  const answers: Answer[] = [];
  const waiting: (() => void)[] = [];
  let stop: () => void = () => undefined;
  const ended = new Promise<unknown>((resolve) => {
    stop = client.subscribe(
      { query },
      {
        next: (answer) => {
          answers.push(answer as unknown as Answer);
          for (const wake of waiting.splice(0)) wake();
        },
        error: resolve,
        complete: () => resolve('complete'),
      },
    );
  });
  leaving.push(() => client.dispose());
  const until = async (count: number) => {
    while (answers.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { answers, ended, until, stop: () => stop() };
}

for (const singleConnection of [false, true] as const) {
  describe(`the graphql-sse client, ${singleConnection ? 'one connection for all' : 'a connection for each'} operation`, () => {
    const client = () =>
      singleConnection
        ? createClient({ url: federation.url, singleConnection: true, retryAttempts: 0 })
        : createClient({ url: federation.url, singleConnection: false, retryAttempts: 0 });

    test('gets query results and completes', async () => {
      const { answers, ended } = collect(client(), '{ now }');
      expect(await ended).toBe('complete');
      expect(answers).toMatchObject([{ data: { now: 1 } }]);
    });

    test('gets each event, joined with other subgraphs, and its stop reaches the subgraph', async () => {
      const { answers, until, stop } = collect(client(), lotSubscription);
      await events.opened(1);
      events.push('c1', 'l1');
      events.push('c2', 'l2');
      await until(2);
      expect(answers.map(({ data }) => data.lotChanged)).toEqual([
        { cursor: 'c1', lot: { id: 'l1', status: 'status of l1' } },
        { cursor: 'c2', lot: { id: 'l2', status: 'status of l2' } },
      ]);
      stop();
      await events.opened(0);
    });

    test('is told when the source ends the stream', async () => {
      const { answers, ended } = collect(client(), lotSubscription);
      await events.opened(1);
      events.end();
      expect(await ended).toBe('complete');
      expect(answers.at(-1)?.errors?.[0]?.extensions?.['code']).toBe('SUBSCRIPTION_ENDED');
    });
  });
}

test('one connection carries many operations side by side', async () => {
  const client = createClient({ url: federation.url, singleConnection: true, retryAttempts: 0 });
  const [first, second, query] = [lotSubscription, 'subscription { lotChanged { lot { id } } }', '{ now }'].map(
    (text) => collect(client, text),
  );
  expect(await query!.ended).toBe('complete');
  await events.opened(2);
  events.push('c1');
  await Promise.all([first!.until(1), second!.until(1)]);
  first!.stop();
  await events.opened(1);
  events.push('c2');
  await second!.until(2);
  expect(first!.answers).toHaveLength(1);
});

describe('a connection for each operation', () => {
  test('an event has its cursor as id, where the operation selects it', async () => {
    const stream = await subscribe();
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
    });
    expect(stream.response.headers['content-encoding']).toBeUndefined();
    await stream.until(':\n\n');
    await events.opened(1);
    events.push('c7');
    expect(await stream.until('"c7"')).toMatch(/id: c7\nevent: next\ndata: \{"data":\{"lotChanged":\{"cursor":"c7"/);
    const without = await subscribe({ body: { query: 'subscription { lotChanged { lot { id } } }' } });
    await events.opened(2);
    events.push('c8');
    expect(await without.until('event: next')).not.toContain('id: c8');
  });

  const resumable: Record<string, Record<string, unknown>> = {
    'leaves the argument out': { query: lotSubscription },
    'has it as a literal': { query: 'subscription { lotChanged(after: "old", site: "s") { cursor } }' },
    'has it as a variable': {
      query: 'subscription ($a: String) { lotChanged(after: $a) { cursor } }',
      variables: { a: 'old' },
    },
    'has it in a fragment, beside other operations': {
      query: 'query Q { now } subscription S { ...F } fragment F on Subscription { lotChanged { cursor } }',
      operationName: 'S',
    },
    'uses the name that would be inserted': {
      query: 'subscription ($lastEventId: String) { lotChanged(site: $lastEventId) { cursor } }',
    },
  };
  test('Last-Event-ID is read as browsers send it, in UTF-8', async () => {
    const headers = { 'last-event-id': Buffer.from('ü€').toString('latin1') };
    await open({ method: 'GET', search: { query: lotSubscription }, headers });
    await events.opened(1);
    expect(events.startedAfter.at(-1)).toBe('ü€');
  });

  for (const [what, body] of Object.entries(resumable)) {
    test(`Last-Event-ID goes on after that cursor when the operation ${what}`, async () => {
      await subscribe({ body, headers: { 'last-event-id': 'c"41\\' } });
      await events.opened(1);
      expect(events.startedAfter.at(-1)).toBe('c"41\\');
    });
  }

  test("a browser's EventSource can use it: GET, and Last-Event-ID when it connects again", async () => {
    const stream = await open({
      method: 'GET',
      search: { query: lotSubscription },
      headers: { 'last-event-id': 'c5' },
    });
    await events.opened(1);
    expect(events.startedAfter.at(-1)).toBe('c5');
    events.push('c6');
    await stream.until('id: c6');
  });

  test('what is wrong with the operation is an event, too', async () => {
    const unknown = { extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } } };
    const queries = ['{ now', '{ nothing }', `{ ${'a: now '.repeat(40)} }`].map((query) => ({ query }));
    for (const body of [...queries, unknown, { documentId: 'unknown' }]) {
      const stream = await open({ body });
      expect(stream.response.statusCode).toBe(200);
      await stream.ended;
      expect(stream.text).toMatch(/event: next\ndata: \{"errors":\[.*\n\nevent: complete\ndata: \n\n$/s);
    }
  });

  test('parameters that are wrong, and mutations over GET, are refused before a stream opens', async () => {
    expect((await open({ body: { query: 7 } })).response.statusCode).toBe(400);
    expect((await open({ method: 'GET' })).response.statusCode).toBe(400);
    const mutation = await open({ method: 'GET', search: { query: 'mutation { bump }' } });
    expect(mutation.response.statusCode).toBe(405);
    const foreign = await open({
      method: 'GET',
      search: { query: '{ now }' },
      headers: { origin: 'https://x.example' },
    });
    expect(foreign.response.statusCode).toBe(403);
  });

  test('a client that accepts both gets JSON for a query and a stream for a subscription', async () => {
    const accept = 'application/json, text/event-stream';
    const query = await open({ body: { query: '{ now }' }, headers: { accept } });
    expect(query.response.headers['content-type']).toBe('application/json; charset=utf-8');
    const stream = await subscribe({ headers: { accept } });
    expect(stream.response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    await events.opened(1);
  });

  test('silence is filled with comments', async () => {
    const subscriptions = { ...patientConfig.subscriptions, pingIntervalMs: 5 };
    const source = new PushedEvents();
    const lively = await startFederation(lotSubgraphs(source), { config: { subscriptions } });
    const stream = await subscribe({ to: lively });
    await stream.until(':\n\n:\n\n:\n\n');
    await lively.close();
    await stream.ended;
    expect(stream.text).not.toContain('complete');
  });
});

describe('authority', () => {
  const authenticate = (credentials: string | undefined) => {
    if (credentials === 'Bearer short') return somebody({ id: 'short', expiresAt: Date.now() + 200 });
    if (credentials?.startsWith('Bearer ')) return somebody({ id: credentials.slice(7) });
    throw Object.assign(new Error('Bring a token.'), { code: 'UNAUTHENTICATED' });
  };

  test('without credentials no stream opens; when the token expires it ends with a code', async () => {
    const source = new PushedEvents();
    const closed = await startFederation(lotSubgraphs(source), { authenticate });
    expect((await subscribe({ to: closed })).response.statusCode).toBe(401);
    expect((await open({ to: closed, method: 'PUT', headers: { accept: '*/*' } })).response.statusCode).toBe(401);
    const stream = await subscribe({ to: closed, headers: { authorization: 'Bearer short' } });
    await stream.ended;
    expect(stream.text).toContain('TOKEN_EXPIRED');
    await source.opened(0);
    await closed.close();
  });

  test("another's event stream cannot be opened, fed or stopped, and looks as if it were not there", async () => {
    const source = new PushedEvents();
    const closed = await startFederation(lotSubgraphs(source), { authenticate });
    const as = (id: string) => ({ authorization: `Bearer ${id}` });
    const put = await open({ to: closed, method: 'PUT', headers: { ...as('anna'), accept: '*/*' } });
    await put.ended;
    const token = { 'x-graphql-event-stream-token': put.text };
    const body = { query: lotSubscription, extensions: { operationId: '1' } };
    for (const request of [
      { method: 'GET' },
      { method: 'DELETE', search: { operationId: '1' } },
      { method: 'POST', body, headers: { accept: 'application/json' } },
    ]) {
      const refused = await open({ to: closed, ...request, headers: { ...request.headers, ...as('bob'), ...token } });
      await refused.ended;
      expect([refused.response.statusCode, JSON.parse(refused.text).errors[0].extensions.code]).toEqual([
        404,
        'STREAM_NOT_FOUND',
      ]);
    }
    expect((await open({ to: closed, method: 'GET', headers: { ...as('anna'), ...token } })).response.statusCode).toBe(
      200,
    );
    await closed.close();
  });
});

describe('one connection for all operations', () => {
  const json = { accept: 'application/json' };
  const reserve = async (to = federation) => {
    const put = await open({ to, method: 'PUT', headers: { accept: '*/*' } });
    await put.ended;
    expect(put.response.statusCode).toBe(201);
    return { 'x-graphql-event-stream-token': put.text };
  };
  const start = async (token: Record<string, string>, query: string, operationId?: unknown) => {
    const stream = await open({ body: { query, extensions: { operationId } }, headers: { ...json, ...token } });
    await stream.ended;
    return [stream.response.statusCode, stream.text && JSON.parse(stream.text).errors[0].extensions.code];
  };

  test('what an operation says before the stream opens waits for it', async () => {
    const token = await reserve();
    expect(await start(token, '{ now }', 'early')).toEqual([202, '']);
    const stream = await open({ method: 'GET', search: { token: token['x-graphql-event-stream-token'] } });
    await stream.until('event: complete\ndata: {"id":"early"}\n\n');
    expect(stream.text).toContain('event: next\ndata: {"id":"early","payload":{"data":{"now":1}');
  });

  test('misuse is refused with a status and a code each', async () => {
    const token = await reserve();
    const stream = await open({ method: 'GET', headers: token });
    expect((await open({ method: 'GET', headers: token })).response.statusCode).toBe(409);
    expect(await start(token, '{ now }')).toEqual([400, 'OPERATION_ID_MISSING']);
    expect(await start(token, '{ now }', 'x'.repeat(513))).toEqual([400, 'OPERATION_ID_TOO_LONG']);
    expect(await start(token, '{ nothing }', '1')).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect(await start(token, lotSubscription, '1')).toEqual([202, '']);
    expect(await start(token, lotSubscription, '1')).toEqual([409, 'OPERATION_ID_IN_USE']);
    expect(await start({ 'x-graphql-event-stream-token': 'unknown' }, '{ now }', '2')).toEqual([
      404,
      'STREAM_NOT_FOUND',
    ]);
    const stop = (search: Record<string, string>) => open({ method: 'DELETE', headers: token, search });
    expect((await stop({})).response.statusCode).toBe(400);
    await events.opened(1);
    expect((await stop({ operationId: '1' })).response.statusCode).toBe(200);
    await events.opened(0);
    stream.response.destroy();
  });

  test('when the stream closes its operations stop and the token is worth nothing', async () => {
    const token = await reserve();
    const stream = await open({ method: 'GET', headers: token });
    await start(token, lotSubscription, '1');
    await events.opened(1);
    stream.response.destroy();
    await events.opened(0);
    expect((await open({ method: 'GET', headers: token })).response.statusCode).toBe(404);
  });

  test('a reservation that nobody takes up lapses, and its operations with it', async () => {
    const subscriptions = { ...patientConfig.subscriptions, streamReservationMs: 777 };
    const source = new PushedEvents();
    let lapse: () => void = () => undefined;
    const after = (delayMs: number, run: () => void) => {
      if (delayMs !== subscriptions.streamReservationMs) return steadyTimers.after(delayMs, run);
      lapse = run;
      return () => undefined;
    };
    const runtime = { timers: { ...steadyTimers, after } };
    const hasty = await startFederation(lotSubgraphs(source), { config: { subscriptions }, runtime });
    const token = await reserve(hasty);
    await open({
      to: hasty,
      body: { query: lotSubscription, extensions: { operationId: '1' } },
      headers: { ...json, ...token },
    });
    await source.opened(1);
    lapse();
    await source.opened(0);
    expect((await open({ to: hasty, method: 'GET', headers: token })).response.statusCode).toBe(404);
    await hasty.close();
  });
});

describe("Apollo's multipart protocol", () => {
  const accept = 'multipart/mixed;subscriptionSpec=1.0, application/json';

  test('each event is a part that is complete when it arrives; the end is marked', async () => {
    const stream = await subscribe({ headers: { accept } });
    expect(stream.response.headers['content-type']).toBe('multipart/mixed;boundary="graphql";subscriptionSpec=1.0');
    await events.opened(1);
    for (const cursor of ['c1', 'c2']) {
      events.push(cursor);
      await stream.until(`"${cursor}"`);
      expect(stream.text.endsWith('\r\n--graphql')).toBe(true);
    }
    events.end();
    await stream.ended;
    expect(stream.text.startsWith('\r\n--graphql\r\n')).toBe(true);
    expect(stream.text.endsWith('\r\n--graphql--\r\n')).toBe(true);
    const parts = stream.text.slice(0, -4).split('\r\n--graphql').filter(Boolean);
    const bodies = parts.map((part) => {
      const [head, body] = part.split('\r\n\r\n');
      expect(head).toBe('\r\ncontent-type: application/json; charset=utf-8');
      return JSON.parse(body!);
    });
    expect(bodies).toMatchObject([
      { payload: { data: { lotChanged: { cursor: 'c1' } } } },
      { payload: { data: { lotChanged: { cursor: 'c2' } } } },
      { payload: null, errors: [{ extensions: { code: 'SUBSCRIPTION_ENDED' } }] },
    ]);
  });

  test('a quoted version is understood, another is not', async () => {
    const quoted = await subscribe({ headers: { accept: 'multipart/mixed; subscriptionSpec="1.0"' } });
    expect(quoted.response.statusCode).toBe(200);
    await events.opened(1);
    const other = await subscribe({ headers: { accept: 'multipart/mixed;subscriptionSpec=2.0' } });
    expect(other.response.statusCode).toBe(406);
  });

  test('queries, and subscriptions that are wrong, are answered in one JSON response', async () => {
    const query = await open({ body: { query: '{ now }' }, headers: { accept } });
    await query.ended;
    expect(JSON.parse(query.text)).toMatchObject({ data: { now: 1 } });
    const wrong = await open({ body: { query: 'subscription { nothing }' }, headers: { accept } });
    await wrong.ended;
    expect(JSON.parse(wrong.text)).toMatchObject({ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] });
  });

  test('silence is filled with empty parts', async () => {
    const subscriptions = { ...patientConfig.subscriptions, pingIntervalMs: 5 };
    const lively = await startFederation(lotSubgraphs(new PushedEvents()), { config: { subscriptions } });
    const stream = await subscribe({ to: lively, headers: { accept } });
    await stream.until(
      '\r\n\r\n{}\r\n--graphql\r\ncontent-type: application/json; charset=utf-8\r\n\r\n{}\r\n--graphql',
    );
    await lively.close();
  });
});
