import { afterEach, expect, test } from 'vitest';
import type { GatewayConfig } from '../../gateway/config.ts';
import { type Answer, type Federation, startFederation } from '../support/federation-gateway.ts';
import { patientConfig } from '../support/patient-config.ts';

/** Of what a file says, in the tests below. There is room for one such, and not for two. */
const length = 200_000;
const room = { maxResponseBytes: 300_000, maxTotalResponseBytes: 300_000 };

/** Who waits for a review holds what it has read of the file. */
class Reviews {
  readonly #waiting: (() => void)[] = [];
  #onAsked: () => void = () => undefined;
  #onAskedAgain: () => void = () => undefined;
  readonly asked = new Promise<void>((resolve) => {
    this.#onAsked = resolve;
  });
  readonly askedAgain = new Promise<void>((resolve) => {
    this.#onAskedAgain = resolve;
  });

  come(): Promise<void> {
    if (this.#waiting.length > 0) this.#onAskedAgain();
    this.#onAsked();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

let federation: Federation;
let reviews: Reviews;
afterEach(() => {
  reviews.give();
  return federation.close();
});

async function start(subgraphs: Partial<GatewayConfig['subgraphs']> = {}, more: Partial<GatewayConfig> = {}) {
  reviews = new Reviews();
  const wanted = reviews;
  federation = await startFederation(
    {
      files: {
        typeDefs:
          'type Query { file(id: ID): File } type Mutation { sign(id: ID): File } type File @key(fields: "id") { id: ID! text(length: Int!): String }',
        resolvers: {
          Query: { file: (_: unknown, { id = 'f' }: { id?: string }) => ({ id }) },
          Mutation: { sign: () => ({ id: 's' }) },
          File: { text: (_: unknown, { length: wantedLength }: { length: number }) => 'x'.repeat(wantedLength) },
        },
      },
      reviews: {
        typeDefs: 'type File @key(fields: "id") { id: ID! review: String }',
        resolvers: { File: { review: () => wanted.come().then(() => 'fine') } },
      },
    },
    { config: { subgraphs: { ...patientConfig.subgraphs, ...room, ...subgraphs }, ...more } },
  );
}

const large = `{ file { text(length: ${length}) } }`;
const held = `{ file { text(length: ${length}) review } }`;
const lengthsOf = ({ data }: Answer) => data?.file?.text?.length ?? null;
const overloaded = {
  data: { file: null },
  errors: [
    {
      message:
        'The answer of "files" is large, and there is no room for it beside others now. Try again later, or ask for less.',
      path: ['file'],
      extensions: { code: 'GATEWAY_OVERLOADED', service: 'files', retryable: true },
    },
  ],
};

test('a large answer for which there is no room beside others is refused, small ones never; when those are done it is not', async () => {
  await start();
  const first = federation.query(held);
  await reviews.asked;
  expect(await federation.query(large)).toMatchObject(overloaded);
  expect(lengthsOf(await federation.query('{ file { text(length: 20000) } }'))).toBe(20_000);
  reviews.give();
  expect(await first).toMatchObject({ data: { file: { review: 'fine' } } });
  expect(lengthsOf(await federation.query(large))).toBe(length);
});

test('of equal answers that come from one call each needs its own room', async () => {
  await start({ maxTotalResponseBytes: 2.5 * length });
  const answers = await Promise.all(Array.from({ length: 5 }, () => federation.query(large)));
  expect(answers.filter((answer) => lengthsOf(answer) === length).length).toBeGreaterThan(0);
  for (const answer of answers) if (lengthsOf(answer) === null) expect(answer).toMatchObject(overloaded);
});

test('whatever becomes of an operation, its room is free again: its client leaves, a call is late, fails, or is hedged', async () => {
  await start({ timeoutMs: 1000, hedgeAfterMs: 1, retryBudgetPercent: 1000 });
  const { files } = federation.subgraphs;
  const gone = new AbortController();
  const body = JSON.stringify({ query: held });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: gone.signal };
  const abandoned = fetch(federation.url, init).catch(() => 'gone');
  await reviews.asked;
  gone.abort();
  expect(await abandoned).toBe('gone');
  const text = JSON.stringify({ data: { file: { __typename: 'File', id: 'f', text: 'x'.repeat(length) } } });
  for (const answer of [
    // Never ends.
    { send: text.slice(0, -1), status: 200, isLeftOpen: true },
    { send: text.slice(1), status: 500, isLeftOpen: false },
    { send: text.slice(0, -1), status: 200, isLeftOpen: false },
    // More than one may have.
    { send: text + ' '.repeat(length), status: 200, isLeftOpen: false },
  ]) {
    files?.answerWith((response) => {
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      if (answer.isLeftOpen) response.write(answer.send);
      else response.end(answer.send);
    });
    expect(lengthsOf(await federation.query(large))).toBeNull();
  }
  files?.answerWith(undefined);
  expect(lengthsOf(await federation.query(large))).toBe(length);
});

test('it holds for answers in parts and over sockets, too', async () => {
  await start();
  const first = federation.query(held);
  await reviews.asked;
  const events = federation.socket().iterate({ query: large });
  expect((await events.next()).value).toMatchObject(overloaded);
  const response = await fetch(federation.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'multipart/mixed' },
    body: JSON.stringify({ query: `{ file { id ... @defer { text(length: ${length}) } } }` }),
  });
  expect(await response.text()).toContain('"code":"GATEWAY_OVERLOADED"');
  reviews.give();
  expect(lengthsOf(await first)).toBe(length);
  expect(lengthsOf(await federation.query(large))).toBe(length);
});

test('a mutation has room where queries have none left, and is told not to be sent again where even that is full', async () => {
  await start();
  const first = federation.query(held);
  await reviews.asked;
  const signing = federation.query(`mutation { sign { text(length: ${length}) review } }`);
  await reviews.askedAgain;
  expect(await federation.query(large)).toMatchObject(overloaded);
  expect(await federation.query(`mutation { sign { text(length: ${length}) } }`)).toMatchObject({
    data: { sign: null },
    errors: [
      {
        message: expect.stringContaining('Do not send it again'),
        path: ['sign'],
        extensions: { code: 'MUTATION_ANSWER_DROPPED', service: 'files', retryable: false },
      },
    ],
  });
  reviews.give();
  expect(lengthsOf(await first)).toBe(length);
  expect((await signing).data?.sign).toEqual({ text: 'x'.repeat(length), review: 'fine' });
});
