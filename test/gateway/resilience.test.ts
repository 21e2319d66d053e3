import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { defaultGatewayConfig, type SubgraphsConfig } from '../../gateway/config.ts';
import { EventLog, logSubgraph } from '../support/event-log.ts';
import { type Federation, type FederationOptions, startFederation } from '../support/federation-gateway.ts';
import { catalogue, stock } from '../support/federation-shop.ts';
import { patientConfig } from '../support/patient-config.ts';
import { steadyTimers } from '../support/steady-time.ts';
import { subscribeOver } from '../support/streaming-client.ts';

let federation: Federation;
afterEach(() => federation?.close());

const shop = () => ({ catalogue: catalogue(), stock: stock() });

async function start(
  config: Partial<SubgraphsConfig>,
  runtime: FederationOptions['runtime'] = {},
): Promise<Federation> {
  federation = await startFederation(shop(), {
    config: { subgraphs: { ...patientConfig.subgraphs, ...config } },
    runtime,
  });
  return federation;
}

/** A log, and all that is written to it. */
function noting() {
  const logged: unknown[] = [];
  const note = (event: string, fields = {}) => void logged.push({ event, ...fields });
  return { logged, log: { debug: note, info: note, warn: note, error: note } };
}

/** Plans them: the first plan of a process waits for its threads, and would be measured as well. */
const warmUp = (...queries: string[]) => Promise.all(queries.map((query) => federation.query(query)));

const codesOf = (answer: { errors?: { extensions?: Record<string, unknown> }[] }) =>
  (answer.errors ?? []).map(({ extensions }) => extensions?.['code']);
const hang = () => undefined;
const refuse = (response: ServerResponse) => void response.writeHead(503).end();
const joined = '{ product(id: "p1") { name inStock } }';

/** Five seconds, in the time that the gateway has, are that many looks. */
const betweenLooksMs = 50;

async function until(isIt: () => Promise<boolean>, looks = Number.POSITIVE_INFINITY): Promise<void> {
  for (let look = 0; !(await isIt()); look += 1) {
    if (look >= looks) throw new Error(`not so after ${looks} looks`);
    await steadyTimers.sleep(betweenLooksMs);
  }
}

describe('a subgraph that hangs', () => {
  test('costs its own fields their deadline, and other fields nothing', async () => {
    await start({ timeoutMs: 2_000 });
    const one = '{ product(id: "p1") { name } }';
    await warmUp(joined, one);
    federation.subgraphs['stock']?.answerWith(hang);
    const answered: string[] = [];
    const [both, other] = await Promise.all([
      federation.query(joined).finally(() => answered.push('both')),
      federation.query(one).finally(() => answered.push('other')),
    ]);
    expect(both).toMatchObject({ data: { product: { name: 'Table', inStock: null } } });
    expect(codesOf(both)).toEqual(['SUBGRAPH_TIMEOUT']);
    expect(other).toMatchObject({ data: { product: { name: 'Table' } } });
    expect(answered).toEqual(['other', 'both']);
  });

  test('is named in the log with its deadline, once for a call, and a client that went is not', async () => {
    const { log, logged } = noting();
    await start({ timeoutMs: 700 }, { log });
    await warmUp(joined);
    const { stock: hanging } = federation.subgraphs;
    hanging?.answerWith(hang);
    const gone = new AbortController();
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ product(id: "p2") { inStock } }' }),
    };
    const abandoned = fetch(federation.url, { ...init, signal: gone.signal }).catch(() => undefined);
    const asked = hanging?.received.length ?? 0;
    while ((hanging?.received.length ?? 0) === asked) await new Promise(setImmediate);
    gone.abort();
    await abandoned;
    expect(codesOf(await federation.query(joined))).toEqual(['SUBGRAPH_TIMEOUT']);
    hanging?.answerWith(undefined);
    await federation.query(joined);
    expect(logged).toEqual([
      { event: 'subgraph call timed out', subgraph: 'stock', timeoutMs: 700, requestId: expect.any(String) },
    ]);
  });

  test('is left alone within five seconds although its deadline is longer, and asked again within five of its recovery', async () => {
    await start(defaultGatewayConfig.subgraphs, { timers: steadyTimers });
    await warmUp(joined);
    const { stock: flaky } = federation.subgraphs;
    flaky?.answerWith(hang);
    const waiting: Promise<unknown>[] = [];
    let isLeftAlone = false;
    await until(async () => {
      const asked = federation.query(joined).then((answer) => {
        isLeftAlone ||= codesOf(answer).includes('SUBGRAPH_CIRCUIT_OPEN');
      });
      waiting.push(asked);
      return isLeftAlone;
    }, 5_000 / betweenLooksMs);
    const asked = flaky?.received.length ?? 0;
    const refused = await Promise.all(Array.from({ length: 20 }, () => federation.query(joined)));
    for (const answer of refused) {
      expect(answer).toMatchObject({ data: { product: { name: 'Table', inStock: null } } });
      expect(answer.errors?.[0]).toMatchObject({
        message: '"stock" has not answered lately and is not asked for now. Try again later.',
        extensions: { code: 'SUBGRAPH_CIRCUIT_OPEN', service: 'stock', retryable: true },
      });
    }
    expect((flaky?.received.length ?? 0) - asked).toBeLessThanOrEqual(1);
    flaky?.answerWith(undefined);
    await until(async () => (await federation.query(joined)).data?.product.inStock === 4, 5_000 / betweenLooksMs);
    await Promise.all(waiting);
  });
});

describe('a subgraph that fails', () => {
  test('once is asked again, and nobody notices', async () => {
    await start({});
    const { stock: flaky } = federation.subgraphs;
    flaky?.answerWith((response) => {
      flaky.answerWith(undefined);
      refuse(response);
    });
    expect(await federation.query(joined)).toMatchObject({ data: { product: { inStock: 4 } } });
    expect(flaky?.received).toHaveLength(2);
  });

  test('is asked little more than without repetition once the budget is spent', async () => {
    await start({ retryBudgetPercent: 10, retryDelayMs: 1, breakerFailures: 1_000 });
    const { stock: flaky } = federation.subgraphs;
    flaky?.answerWith(refuse);
    for (let n = 0; n < 100; n += 1) await federation.query(joined);
    expect(flaky?.received.length).toBeGreaterThan(100);
    expect(flaky?.received.length).toBeLessThanOrEqual(120);
  });

  test('never gets a mutation twice, unless it carries the configured idempotency key', async () => {
    await start({ retryDelayMs: 1 });
    const rename = 'mutation($name: String!) { rename(id: "p1", name: $name) { name } }';
    const { catalogue: flaky } = federation.subgraphs;
    flaky?.answerWith(refuse);
    expect(codesOf(await federation.query(rename, { name: 'Desk' }))).toContain('SUBGRAPH_UNAVAILABLE');
    expect(flaky?.received).toHaveLength(1);
    await federation.close();

    await start({ retryDelayMs: 1, idempotencyKey: 'name' });
    federation.subgraphs['catalogue']?.answerWith(refuse);
    const keyed = await federation.query(rename, { name: 'Desk' });
    expect(keyed.errors).toMatchObject([{ extensions: { code: 'SUBGRAPH_UNAVAILABLE', retryable: true } }]);
    expect(federation.subgraphs['catalogue']?.received).toHaveLength(2);
    await federation.query(
      'mutation { a: rename(id: "p1", name: "x") { name } b: rename(id: "p2", name: "y") { name } }',
    );
    expect(federation.subgraphs['catalogue']?.received.length).toBeLessThanOrEqual(4);
  });

  test('is said to have perhaps carried out a mutation that reached it, and only such a one', async () => {
    const message = expect.stringMatching(/^"catalogue" .*may have been carried out: look before you send it again\.$/);
    const rename = 'mutation($name: String!) { rename(id: "p1", name: $name) { name } }';
    const run = async () => (await federation.query(rename, { name: 'Desk' })).errors;
    const unknown = (code: string) => [{ message, extensions: { code, service: 'catalogue', retryable: false } }];
    const undone = (code: string) => [
      {
        message: expect.not.stringMatching('carried out'),
        extensions: { code, service: 'catalogue', retryable: true },
      },
    ];
    const deadlines: (() => void)[] = [];
    const after = (ms: number, due: () => void) => {
      if (ms !== 7_777) return steadyTimers.after(ms, due);
      deadlines.push(due);
      return () => undefined;
    };
    await start(
      { timeoutMs: 7_777, maxConnections: 1, breakerFailures: 1_000 },
      { timers: { ...steadyTimers, after } },
    );
    const { catalogue } = federation.subgraphs;
    for (const status of [502, 503, 504]) {
      catalogue?.answerWith((response) => void response.writeHead(status).end());
      expect(await run()).toMatchObject(unknown('SUBGRAPH_UNAVAILABLE'));
    }
    catalogue?.answerWith((response) => void response.destroy());
    expect(await run()).toMatchObject(unknown('SUBGRAPH_UNAVAILABLE'));
    catalogue?.answerWith((response) => void response.writeHead(429).end());
    expect(await run()).toMatchObject(undone('SUBGRAPH_UNAVAILABLE'));

    const held: ServerResponse[] = [];
    catalogue?.answerWith((response) => {
      held.push(response);
      deadlines.at(-1)?.();
    });
    expect(await run()).toMatchObject(unknown('SUBGRAPH_TIMEOUT'));

    catalogue?.answerWith((response) => void held.push(response));
    const before = federation.query('{ product(id: "p1") { name } }');
    while (held.length < 2) await new Promise(setImmediate);
    const begun = deadlines.length;
    const queued = run();
    while (deadlines.length === begun) await new Promise(setImmediate);
    deadlines.at(-1)?.();
    expect(await queued).toMatchObject(undone('SUBGRAPH_TIMEOUT'));
    held[1]?.end('{"data":{"product":{"name":"Table"}}}');
    expect((await before).errors).toBeUndefined();
    expect(catalogue?.received.filter(({ query }) => query.startsWith('mutation'))).toHaveLength(6);

    await catalogue?.close();
    for (let n = 0; n < 2; n += 1) expect((await run())?.[0]?.extensions?.['code']).toBe('SUBGRAPH_UNAVAILABLE');
    expect(await run()).toMatchObject(undone('SUBGRAPH_UNAVAILABLE'));
  });

  test('and cannot even be reached is told in the log with the reason, one line for a call and no stack', async () => {
    const { log, logged } = noting();
    await start({ maxAttempts: 1 }, { log });
    await warmUp(joined);
    await federation.subgraphs['stock']?.close();
    expect(codesOf(await federation.query(joined))).toEqual(['SUBGRAPH_UNAVAILABLE']);
    expect(logged).toEqual([
      {
        event: 'subgraph call failed',
        subgraph: 'stock',
        requestId: expect.any(String),
        code: expect.stringMatching(/^(ECONNREFUSED|ECONNRESET|UND_ERR_SOCKET)$/),
        problem: expect.any(String),
      },
    ]);
  });

  test('and says something else than GraphQL, or what clients may not read, is told in the log with what it said', async () => {
    const { log, logged } = noting();
    await start({ maxAttempts: 1 }, { log });
    await warmUp(joined);
    const { stock } = federation.subgraphs;
    const told = { subgraph: 'stock', requestId: expect.any(String) };
    stock?.answerWith((response) => response.end('<html><title>Log in</title>'));
    expect(codesOf(await federation.query(joined))).toEqual(['SUBGRAPH_MALFORMED_RESPONSE']);
    const wrong = {
      '{"Status": "value-1", "trace": 2}': 'it has neither data nor errors, but "Status", "trace"',
      '{"data": "value-2"}': 'data is text and no object',
      '{"data": null, "errors": {"message": "value-3"}}': 'errors is an object and no list',
      '["value-4"]': 'it is a list and no object',
    };
    for (const text of Object.keys(wrong)) {
      stock?.answerWith((response) => response.end(text));
      expect(codesOf(await federation.query(joined))).toEqual(['SUBGRAPH_MALFORMED_RESPONSE']);
    }
    const event = 'subgraph gave no graphql answer';
    expect(logged.splice(0)).toEqual([
      { event, ...told, statusCode: 200, characters: 27, begins: '<html><title>Log in</title>' },
      ...Object.entries(wrong).map(([text, problem]) => {
        return { event, ...told, statusCode: 200, characters: text.length, problem };
      }),
    ]);
    stock?.answerWith((response) => response.writeHead(500).end('{"errors":[{"message":"no row 7 in T_STOCK"}]}'));
    const { errors } = await federation.query(joined);
    expect(errors).toMatchObject([{ message: '"stock" could not answer this field.' }]);
    const masked = { event: 'errors of a subgraph masked', ...told, errors: 1, message: 'no row 7 in T_STOCK' };
    expect(logged).toEqual([expect.objectContaining(masked)]);
    // Over WebSocket nothing else has the id.
    const { value } = await federation.socket().iterate({ query: joined }).next();
    const { requestId } = value?.errors?.[0]?.extensions ?? {};
    expect(logged).toMatchObject([{ requestId: errors?.[0]?.extensions?.['requestId'] }, { requestId }]);
  });

  test('and answers with nothing but an HTTP status is told so, to the client and in the log, and is still asked', async () => {
    const { log, logged } = noting();
    await start({ maxAttempts: 1 }, { log });
    await warmUp(joined);
    const { stock } = federation.subgraphs;
    const says = async (status: number, body: string) => {
      stock?.answerWith((response) => void response.writeHead(status).end(body));
      return (await federation.query(joined)).errors?.map(({ message }) => message);
    };
    const told = { event: 'subgraph answered with an error status', subgraph: 'stock', requestId: expect.any(String) };
    for (const status of [301, 400, 404, 500, 500, 500, 500, 500]) {
      const message = `"stock" answered with HTTP status ${status}, and with no GraphQL response.`;
      expect(await says(status, '<h1>Not here')).toEqual([message]);
      expect(logged.splice(0)).toEqual([{ ...told, statusCode: status, characters: 12, begins: '<h1>Not here' }]);
    }
    const json = '{"message":"anybody\'s","statusCode":500}';
    await says(500, json);
    const problem = 'it has neither data nor errors, but "message", "statusCode"';
    expect(logged.splice(0)).toEqual([{ ...told, statusCode: 500, characters: json.length, problem }]);
    expect(await says(413, '')).toEqual(['"stock" does not read a request that is so large. Ask for less.']);
    expect(logged.splice(0)).toEqual([{ ...told, statusCode: 413, characters: 0, begins: '' }]);
  });

  test('is left alone after five failures in a row, and one answer ends that', async () => {
    await start({ maxAttempts: 1, breakerProbeMs: 1_000 });
    const { stock: flaky } = federation.subgraphs;
    flaky?.answerWith(refuse);
    for (let n = 0; n < 5; n += 1) expect(codesOf(await federation.query(joined))).toEqual(['SUBGRAPH_UNAVAILABLE']);
    expect(codesOf(await federation.query(joined))).toEqual(['SUBGRAPH_CIRCUIT_OPEN']);
    expect(flaky?.received).toHaveLength(5);
    flaky?.answerWith(undefined);
    await until(async () => (await federation.query(joined)).errors === undefined);
    for (let n = 0; n < 5; n += 1) expect((await federation.query(joined)).errors).toBeUndefined();
  });
});

test('more calls than may run and wait are refused at once with a code', async () => {
  await start({ maxConnections: 1, maxQueued: 1, timeoutMs: 2_000 });
  const { stock: flaky } = federation.subgraphs;
  const held: ServerResponse[] = [];
  flaky?.answerWith((response) => void held.push(response));
  const running = [federation.query(joined), federation.query('{ product(id: "p2") { inStock } }')];
  await until(async () => held.length === 1);
  const refused = await federation.query('{ product(id: "p3") { inStock } }');
  expect(codesOf(refused)).toEqual(['SUBGRAPH_OVERLOADED']);
  flaky?.answerWith(undefined);
  held[0]?.setHeader('content-type', 'application/json').end('{"data":{"_entities":[{"inStock":4}]}}');
  const answers = await Promise.all(running);
  expect(answers.flatMap(({ errors }) => errors ?? [])).toEqual([]);
});

test('a query that is late is sent a second time, and the first answer counts; a mutation never is', async () => {
  await start({ hedgeAfterMs: 30 });
  const { stock: slow, catalogue: mutated } = federation.subgraphs;
  slow?.answerWith(() => slow.answerWith(undefined));
  expect(await federation.query(joined)).toMatchObject({ data: { product: { inStock: 4 } } });
  expect(slow?.received).toHaveLength(2);

  mutated?.answerWith((response) => {
    setTimeout(() => response.end('{"data":{"rename":{"name":"Desk"}}}'), 100);
  });
  const before = mutated?.received.length ?? 0;
  await federation.query('mutation { rename(id: "p1", name: "Desk") { name } }');
  expect((mutated?.received.length ?? 0) - before).toBe(1);
});

test('a subgraph that cannot be reached is left alone by subscriptions, too', async () => {
  const log = new EventLog();
  const subgraphs = { ...patientConfig.subgraphs, breakerProbeMs: 600_000 };
  federation = await startFederation({ events: logSubgraph(log) }, { config: { subgraphs } });
  await federation.subgraphs['events']?.close();
  const query = 'subscription { lotChanged { cursor } }';
  const ends = async () => (await subscribeOver('server-sent events', { url: federation.url, query })).ended;
  for (let n = 0; n < defaultGatewayConfig.subgraphs.breakerFailures; n += 1) {
    expect(await ends()).toEqual(['SUBGRAPH_UNAVAILABLE']);
  }
  expect(await ends()).toEqual(['SUBGRAPH_CIRCUIT_OPEN']);
});
