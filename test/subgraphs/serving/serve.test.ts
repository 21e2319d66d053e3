import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { createClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { readDevelopmentKeys } from '../../../auth/development-keys.ts';
import { developmentPeople, signDevelopmentToken } from '../../../auth/development-tokens.ts';
import { createInternalTokens } from '../../../auth/internal-token.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createJsonLogger } from '../../../runtime/logger.ts';
import type { Timers } from '../../../runtime/timers.ts';
import { createSubgraphContext, type SubgraphContext } from '../../../subgraphs/context.ts';
import { ClientError } from '../../../subgraphs/errors.ts';
import { createLocalSubgraph } from '../../../subgraphs/serving/local-subgraph.ts';
import { type ServedSubgraph, serveSubgraph } from '../../../subgraphs/serving/serve.ts';
import type { SubgraphCall } from '../../../subgraphs/subgraph.ts';
import { testRuntime } from '../../support/runtime.ts';
import { somebody } from '../../support/somebody.ts';
import { steadyTimers } from '../../support/steady-time.ts';
import { everythingAllowed } from '../subgraph-under-test.ts';

const secret = 'the secret of this test, long enough for it';
const internalTokens = createInternalTokens({ secret, clock: systemClock });

const carl = somebody({
  id: 'carl',
  name: 'Carl',
  roles: ['PARTNER'],
  plants: ['BER'],
  partner: 'CM-400',
  expiresAt: Date.now() + 3_600_000,
});

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Events that a test emits, and whether anybody still listens. */
function createEvents() {
  let wake = () => {};
  const queue: unknown[] = [];
  let isOpen = false;
  const closed = deferred<void>();
  const opened = deferred<void>();
  async function* follow(signal: AbortSignal) {
    isOpen = true;
    opened.resolve();
    signal.addEventListener('abort', () => wake());
    try {
      while (!signal.aborted) {
        while (queue.length > 0) {
          const event = queue.shift();
          if (event instanceof Error) throw event;
          yield event;
        }
        if (signal.aborted) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      isOpen = false;
      closed.resolve();
    }
  }
  return {
    follow,
    emit(event: unknown) {
      queue.push(event);
      wake();
    },
    isOpen: () => isOpen,
    opened: opened.promise,
    closed: closed.promise,
  };
}

class PlantOfflineError extends ClientError {
  readonly system = 'ERP';
  readonly retryable = true;
}

type Loaders = { readonly loads: { count: number } };
type Context = SubgraphContext<Loaders>;

/** A subgraph with one field for each thing that can happen to a request. */
function createSchema(
  events: ReturnType<typeof createEvents>,
  running: { started?: () => void; signal?: AbortSignal },
) {
  const text = { type: GraphQLString };
  const failing = new Error('password=hunter2 at db.internal:5432');
  return new GraphQLSchema({
    query: new GraphQLObjectType<unknown, Context>({
      name: 'Query',
      fields: {
        whoAsks: {
          ...text,
          resolve: (_s, _a, { principal, requestId }) => `${principal.name} of ${principal.partner} in ${requestId}`,
        },
        echo: {
          ...text,
          args: { number: { type: new GraphQLNonNull(GraphQLInt) } },
          resolve: (_s, { number }) => `${number}`,
        },
        aged: {
          ...text,
          resolve(_s, _a, { extensions }) {
            extensions['asOf'] = '2026-05-21T06:00:00.000Z';
            return 'old';
          },
        },
        secretFailure: { ...text, resolve: () => Promise.reject(failing) },
        sameFailure: { ...text, resolve: () => Promise.reject(failing) },
        list: {
          type: new GraphQLList(GraphQLString),
          resolve: () => [
            'fine',
            Promise.reject(new PlantOfflineError('SYSTEM_UNAVAILABLE', 'The ERP cannot be reached.')),
          ],
        },
        wait: {
          ...text,
          resolve: (_s, _a, { signal }) =>
            new Promise((resolve) => {
              running.signal = signal;
              signal.addEventListener('abort', () => resolve('aborted'));
              running.started?.();
            }),
        },
      },
    }),
    subscription: new GraphQLObjectType<unknown, Context>({
      name: 'Subscription',
      fields: {
        changed: {
          ...text,
          subscribe: (_s, _a, { signal }) => events.follow(signal),
          resolve(event, _a, { loaders, principal }) {
            loaders.loads.count += 1;
            if (event === 'bad') throw failing;
            return `${event} for ${principal.name}, load ${loaders.loads.count}`;
          },
        },
        refused: {
          ...text,
          subscribe: () => {
            throw new ClientError('CURSOR_INVALID', 'This cursor is not one of ours. Start without one.');
          },
        },
      },
    }),
  });
}

const createContext = (call: SubgraphCall): Context =>
  createSubgraphContext(call, { policies: everythingAllowed }, () => ({ loads: { count: 0 } }));

let events: ReturnType<typeof createEvents>;
let running: { started?: () => void; signal?: AbortSignal };
let lines: string[];
let served: ServedSubgraph;
let timers: Timers;
let skewMs: number;

beforeEach(async () => {
  events = createEvents();
  running = {};
  lines = [];
  timers = steadyTimers;
  skewMs = 0;
  const log = createJsonLogger(systemClock, 'debug', (line) => lines.push(line));
  const runtime = testRuntime({
    log,
    clock: { ...systemClock, now: () => Date.now() + skewMs },
    timers: { after: (ms, run) => timers.after(ms, run), sleep: steadyTimers.sleep },
  });
  served = await serveSubgraph({
    name: 'erp',
    schema: createSchema(events, running),
    createContext,
    internalTokens,
    runtime,
    port: 0,
  });
});
afterEach(() => served.drain(1_000));

const bearer = (principal = carl, requestId = 'r-1', audience = 'erp', body?: string) =>
  internalTokens.sign(principal, requestId, audience, body);

interface Asked {
  readonly query?: string;
  readonly variables?: unknown;
  readonly authorization?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

async function ask({
  query = '{ whoAsks }',
  variables,
  body = JSON.stringify({ query, variables }),
  authorization = bearer(carl, 'r-1', 'erp', body),
  headers = {},
  signal,
}: Asked = {}) {
  const response = await fetch(served.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-request-id': 'r-1',
      ...(authorization === '' ? {} : { authorization }),
      ...headers,
    },
    body,
    ...(signal ? { signal } : {}),
  });
  return { status: response.status, json: await response.json(), headers: response.headers };
}

async function clientToken(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'andon-serve-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const keys = await readDevelopmentKeys(dataDir);
  return `Bearer ${signDevelopmentToken(developmentPeople[0]!, { keys, clock: systemClock })}`;
}

describe('a subgraph over HTTP', () => {
  it('answers a gateway, knowing who asks', async () => {
    const { status, json } = await ask();
    expect({ status, json }).toEqual({ status: 200, json: { data: { whoAsks: 'Carl of CM-400 in r-1' } } });
  });

  it('refuses whatever is not an internal token of this moment, this subgraph and this request', async () => {
    const past = createInternalTokens({ secret, clock: { ...systemClock, now: () => Date.now() - 31_000 } });
    const stranger = createInternalTokens({ secret: secret.toUpperCase(), clock: systemClock });
    const cases = [
      ['', 'MISSING_TOKEN'],
      ['Bearer nonsense', 'MALFORMED_TOKEN'],
      [await clientToken(), 'BAD_SIGNATURE'],
      [stranger.sign(carl, 'r-1', 'erp'), 'BAD_SIGNATURE'],
      [past.sign(carl, 'r-1', 'erp'), 'TOKEN_EXPIRED'],
      [bearer(carl, 'r-1', 'mes'), 'WRONG_AUDIENCE'],
      [bearer(carl, 'r-2', 'erp'), 'INVALID_CLAIMS'],
    ] as const;
    for (const [authorization, code] of cases) {
      const { status, json } = await ask({ authorization });
      expect([status, json.errors[0].extensions.code, 'data' in json]).toEqual([401, code, false]);
    }
    expect(lines.filter((line) => line.includes('subgraph token refused'))).toHaveLength(cases.length);
  });

  it('takes each token once, and with the body that it was signed for only', async () => {
    const body = '{"query":"{ whoAsks }"}';
    const overheard = bearer(carl, 'r-1', 'erp', body);
    expect((await ask({ authorization: overheard, body })).status).toBe(200);
    const again = await ask({ authorization: overheard, body });
    expect([again.status, again.json.errors[0].extensions.code]).toEqual([401, 'TOKEN_USED']);
    for (const authorization of [bearer(carl, 'r-1', 'erp', body), bearer(carl, 'r-1', 'erp')]) {
      const other = await ask({ authorization, body: '{"query":"{ list }"}' });
      expect([other.status, other.json.errors[0].extensions.code, 'data' in other.json]).toEqual([
        401,
        'INVALID_CLAIMS',
        false,
      ]);
    }
  });

  it('does not believe headers that name a principal', async () => {
    const { json } = await ask({ headers: { 'x-principal': '{"id":"root"}', 'x-andon-roles': 'PLANNER' } });
    expect(json.data.whoAsks).toBe('Carl of CM-400 in r-1');
  });

  it('refuses what is no request, in words', async () => {
    const code = async (asked: Asked) => {
      const { status, json } = await ask(asked);
      return [status, json.errors[0].extensions.code];
    };
    expect(await code({ body: 'hello' })).toEqual([400, 'BAD_REQUEST']);
    expect(await code({ body: '{"query":7}' })).toEqual([400, 'BAD_REQUEST']);
    expect(await code({ body: '{"query":"{ whoAsks }","variables":[]}' })).toEqual([400, 'BAD_REQUEST']);
    expect(await code({ headers: { 'content-type': 'text/plain' } })).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(await code({ body: 'x'.repeat(4 * 1024 * 1024 + 1) })).toEqual([413, 'REQUEST_TOO_LARGE']);
    expect(await code({ query: '{ whoAsks' })).toEqual([200, 'GRAPHQL_PARSE_FAILED']);
    expect(await code({ query: '{ nothing }' })).toEqual([200, 'GRAPHQL_VALIDATION_FAILED']);
    expect(await code({ query: '{ __schema { types { name } } }' })).toEqual([200, 'GRAPHQL_VALIDATION_FAILED']);
    expect(await code({ query: 'subscription { changed }' })).toEqual([200, 'OPERATION_RESOLUTION_FAILURE']);
    const query = 'query ($n: Int!) { echo(number: $n) }';
    expect(await code({ query, variables: { n: 'seven' } })).toEqual([200, 'BAD_USER_INPUT']);
    expect((await ask({ query, variables: { n: 7 } })).json).toEqual({ data: { echo: '7' } });
  });

  it('answers nothing but POST /graphql and its health', async () => {
    const { origin } = new URL(served.url);
    expect((await fetch(served.url)).status).toBe(405);
    expect((await fetch(`${origin}/`, { method: 'POST' })).status).toBe(404);
    const ready = await fetch(`${origin}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', subgraph: 'erp' }]);
  });

  it('passes on what clients may read: code, system and whether to try again', async () => {
    const { json } = await ask({ query: '{ list }' });
    expect(json).toEqual({
      data: { list: ['fine', null] },
      errors: [
        {
          message: 'The ERP cannot be reached.',
          path: ['list', 1],
          extensions: { code: 'SYSTEM_UNAVAILABLE', system: 'ERP', retryable: true },
        },
      ],
    });
  });

  it('masks everything else, and logs it once with the request id', async () => {
    const { json } = await ask({ query: '{ a: secretFailure b: sameFailure whoAsks }' });
    expect(json.data).toEqual({ a: null, b: null, whoAsks: 'Carl of CM-400 in r-1' });
    for (const error of json.errors) {
      expect(error).toMatchObject({ extensions: { code: 'INTERNAL' }, message: expect.stringContaining('r-1') });
    }
    expect(JSON.stringify(json)).not.toContain('hunter2');
    const logged = lines.filter((line) => line.includes('hunter2'));
    expect(logged).toHaveLength(1);
    expect(JSON.parse(logged[0]!)).toMatchObject({ level: 'error', requestId: 'r-1', subgraph: 'erp', path: 'a' });
  });

  it('says how old its data is', async () => {
    const { json } = await ask({ query: '{ aged }' });
    expect(json).toEqual({ data: { aged: 'old' }, extensions: { asOf: '2026-05-21T06:00:00.000Z' } });
  });

  it('stops working for a gateway that has gone', async () => {
    const started = new Promise<void>((resolve) => {
      running.started = resolve;
    });
    const gone = new AbortController();
    const asked = ask({ query: '{ wait }', signal: gone.signal });
    await started;
    gone.abort();
    await expect(asked).rejects.toThrow();
    if (!running.signal?.aborted) await once(running.signal!, 'abort');
    expect(running.signal?.aborted).toBe(true);
  });

  it('refuses a taken port with what to do', async () => {
    const port = Number(new URL(served.url).port);
    const options = { name: 'erp', schema: createSchema(events, running), createContext, internalTokens, port };
    await expect(serveSubgraph({ ...options, runtime: testRuntime() })).rejects.toMatchObject({
      code: 'LISTEN',
      message: `127.0.0.1:${port} cannot be listened on. Free the port or choose another.`,
    });
  });
});

describe('a subgraph over WebSocket', () => {
  function connect(authorization: string | undefined = bearer()) {
    const closed = deferred<{ code: number; reason: string }>();
    const client = createClient({
      url: served.url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      ...(authorization === '' ? {} : { connectionParams: { authorization } }),
      on: { closed: (event) => closed.resolve(event as { code: number; reason: string }) },
    });
    onTestFinished(() => void client.dispose());
    return { client, closed: closed.promise };
  }

  const follow = (query = 'subscription { changed }', authorization?: string) => {
    const { client, closed } = connect(authorization);
    return { stream: client.iterate({ query }), closed };
  };

  it('delivers each event in a context of its own', async () => {
    const { stream } = follow();
    const first = stream.next();
    await events.opened;
    events.emit('hold');
    expect((await first).value).toEqual({ data: { changed: 'hold for Carl, load 1' } });
    events.emit('release');
    expect((await stream.next()).value).toEqual({ data: { changed: 'release for Carl, load 1' } });
  });

  it('masks an event that fails, and goes on with the next', async () => {
    const { stream } = follow();
    const first = stream.next();
    await events.opened;
    events.emit('bad');
    events.emit('good');
    expect((await first).value).toMatchObject({
      data: { changed: null },
      errors: [{ extensions: { code: 'INTERNAL' } }],
    });
    expect((await stream.next()).value).toEqual({ data: { changed: 'good for Carl, load 1' } });
  });

  it('ends with a masked error when the events fail', async () => {
    const { stream } = follow();
    const first = stream.next();
    await events.opened;
    events.emit(new Error('hunter2'));
    const { value } = await first;
    expect(value).toMatchObject({ data: null, errors: [{ extensions: { code: 'INTERNAL' } }] });
    expect(JSON.stringify(value)).not.toContain('hunter2');
    expect((await stream.next()).done).toBe(true);
  });

  it('tells why a subscription is refused', async () => {
    const { stream } = follow('subscription { refused }');
    expect((await stream.next()).value).toMatchObject({ errors: [{ extensions: { code: 'CURSOR_INVALID' } }] });
    const invalid = follow('subscription { nothing }').stream;
    expect((await invalid.next()).value).toMatchObject({
      errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    });
  });

  it('lets go of the events when the subscriber leaves, even while none comes', async () => {
    const { client } = connect();
    const stop = client.subscribe(
      { query: 'subscription { changed }' },
      { next: () => {}, error: () => {}, complete: () => {} },
    );
    await events.opened;
    stop();
    await events.closed;
    expect(events.isOpen()).toBe(false);
  });

  it('closes with 4401 and the code for any token that is not its own', async () => {
    const cases = [
      ['', 'MISSING_TOKEN'],
      [await clientToken(), 'BAD_SIGNATURE'],
      [bearer(carl, 'r-1', 'mes'), 'WRONG_AUDIENCE'],
    ] as const;
    for (const [authorization, reason] of cases) {
      const { stream, closed } = follow(undefined, authorization);
      await expect(stream.next()).rejects.toMatchObject({ code: 4401, reason });
      expect(await closed).toMatchObject({ code: 4401, reason });
    }
    expect(events.isOpen()).toBe(false);
  });

  it("ends with the client's token", async () => {
    const expiry = deferred<() => void>();
    timers = {
      ...steadyTimers,
      after(ms, run) {
        if (ms > 3_500_000) expiry.resolve(run);
        return () => {};
      },
    };
    const principal = { ...carl, expiresAt: Date.now() + 3_600_000 };
    const { stream, closed } = follow(undefined, bearer(principal));
    const next = stream.next();
    const expire = await expiry.promise;
    await events.opened;
    skewMs = 3_600_001;
    expire();
    await expect(next).rejects.toMatchObject({ code: 4401, reason: 'TOKEN_EXPIRED' });
    await closed;
    await events.closed;
  });

  it('refuses other paths', async () => {
    const socket = new WebSocket(`${served.url.replace('http', 'ws')}/other`, 'graphql-transport-ws');
    const [error] = await once(socket, 'error');
    expect(error.message).toContain('404');
  });
});

describe('a subgraph that drains', () => {
  it('finishes what runs, ends subscriptions, and takes nothing new', async () => {
    const { client, closed } = (() => {
      const gone = deferred<{ code: number }>();
      const one = createClient({
        url: served.url.replace('http', 'ws'),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: { authorization: bearer() },
        on: { closed: (event) => gone.resolve(event as { code: number }) },
      });
      return { client: one, closed: gone.promise };
    })();
    onTestFinished(() => void client.dispose());
    client.subscribe({ query: 'subscription { changed }' }, { next: () => {}, error: () => {}, complete: () => {} });
    await events.opened;
    const started = new Promise<void>((resolve) => {
      running.started = resolve;
    });
    const running1 = ask({ query: '{ wait }' });
    await started;
    const drained = served.drain();
    expect(await closed).toMatchObject({ code: 1001 });
    await expect(ask()).rejects.toThrow();
    running.signal?.dispatchEvent(new Event('abort'));
    const { json, headers } = await running1;
    expect(json).toEqual({ data: { wait: 'aborted' } });
    expect(headers.get('connection')).toBe('close');
    await drained;
  });

  it('cuts off what runs longer than it is given', async () => {
    const started = new Promise<void>((resolve) => {
      running.started = resolve;
    });
    const cut = ask({ query: '{ wait }' });
    await started;
    await Promise.all([expect(cut).rejects.toThrow(), served.drain(10)]);
  });
});

describe('a subgraph in process', () => {
  const local = () => {
    const log = createJsonLogger(systemClock, 'debug', (line) => lines.push(line));
    return createLocalSubgraph({ name: 'erp', schema: createSchema(events, running), createContext, log });
  };

  it('refuses a request of nobody', async () => {
    const nobody = { query: '{ whoAsks }', principal: undefined, requestId: 'r-1' };
    const refusal = { errors: [expect.objectContaining({ extensions: { code: 'UNAUTHENTICATED' } })] };
    expect(await local().execute(nobody)).toEqual(refusal);
    expect(await local().subscribe({ ...nobody, query: 'subscription { changed }' })).toEqual(refusal);
  });

  it('stops when the client aborts while no event comes', async () => {
    const client = new AbortController();
    const stream = await local().subscribe({
      query: 'subscription { changed }',
      principal: carl,
      requestId: 'r-1',
      signal: client.signal,
    });
    if (!('next' in stream)) throw new Error('expected a stream');
    const next = stream.next();
    await events.opened;
    client.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    await events.closed;
  });

  it('masks a context that cannot be made', async () => {
    const broken = createLocalSubgraph({
      name: 'erp',
      schema: createSchema(events, running),
      createContext: () => {
        throw new Error('hunter2');
      },
      log: createJsonLogger(systemClock, 'debug', (line) => lines.push(line)),
    });
    const request = { principal: carl, requestId: 'r-1' };
    for (const answer of [
      await broken.execute({ ...request, query: '{ whoAsks }' }),
      await broken.subscribe({ ...request, query: 'subscription { changed }' }),
    ]) {
      expect(answer).toMatchObject({ data: null, errors: [{ extensions: { code: 'INTERNAL' } }] });
    }
    expect(lines.filter((line) => line.includes('hunter2'))).toHaveLength(2);
  });
});
