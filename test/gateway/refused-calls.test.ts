import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { catalogue, stock } from '../support/federation-shop.ts';
import { patientConfig } from '../support/patient-config.ts';
import { somebody } from '../support/somebody.ts';

const logged: unknown[] = [];
const note = (event: string, fields = {}) => void logged.push({ event, ...fields });

/** The catalogue gets what the gateway signs, the stock what the client sends. */
let federation: Federation;
beforeAll(async () => {
  const subgraphs = { ...patientConfig.subgraphs, forwardHeadersBySubgraph: { stock: ['authorization'] } };
  federation = await startFederation(
    { catalogue: catalogue(), stock: stock() },
    {
      config: { subgraphs },
      authenticate: () => somebody({ roles: ['PLANNER'], plants: ['BER'] }),
      signInternal: () => 'Signed by the gateway',
      runtime: { log: { debug: note, info: note, warn: note, error: note } },
    },
  );
  await ask();
});
afterAll(() => federation.close());
beforeEach(() => {
  logged.length = 0;
  for (const subgraph of Object.values(federation.subgraphs)) {
    subgraph.received.length = 0;
    subgraph.answerWith(undefined);
  }
});

const ask = async () =>
  (
    await federation.post(
      { query: '{ product(id: "p1") { name inStock } }' },
      { authorization: 'Bearer of-the-client' },
    )
  ).body;
const expired = '{"errors":[{"message":"token expired","extensions":{"code":"UNAUTHENTICATED"}}]}';
const refuse = (name: 'catalogue' | 'stock', status: number, body: string) =>
  federation.subgraphs[name]?.answerWith((response) => void response.writeHead(status).end(body));

test.each([401, 403])('a client reads why its own token was refused with %i', async (status) => {
  refuse('stock', status, expired);
  const { data, errors } = await ask();
  expect(data).toEqual({ product: { name: 'Table', inStock: null } });
  expect(errors).toEqual([
    {
      message: 'token expired',
      path: ['product', 'inStock'],
      extensions: { code: 'UNAUTHENTICATED', service: 'stock', retryable: false },
    },
  ]);
  expect(federation.subgraphs['stock']?.received.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer of-the-client',
  ]);
  expect(logged).toEqual([]);
});

test('why the signature of the gateway was refused stands in its log, in one line, and no client reads it', async () => {
  refuse('catalogue', 401, expired);
  expect((await ask()).errors).toEqual([
    {
      message: '"catalogue" refused the request of this gateway.',
      path: ['product'],
      extensions: { code: 'SUBGRAPH_REFUSED', service: 'catalogue', retryable: false },
    },
  ]);
  expect(federation.subgraphs['catalogue']?.received[0]?.headers.authorization).toBe('Signed by the gateway');
  expect(logged).toEqual([
    {
      event: 'subgraph answered with an error status',
      subgraph: 'catalogue',
      requestId: expect.any(String),
      statusCode: 401,
      characters: expired.length,
      message: 'token expired',
    },
  ]);
});

test.each(['catalogue', 'stock'] as const)(
  'a refusal of the %s that is no GraphQL is told with a code',
  async (name) => {
    refuse(name, 401, '<title>Log in</title>');
    expect((await ask()).errors).toMatchObject([{ extensions: { code: 'SUBGRAPH_REFUSED', retryable: false } }]);
    expect(logged).toMatchObject([{ statusCode: 401, begins: '<title>Log in</title>' }]);
  },
);
