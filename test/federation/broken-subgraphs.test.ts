import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';
import { patientConfig } from '../support/patient-config.ts';

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(shop(), {
    config: { subgraphs: { ...patientConfig.subgraphs, timeoutMsBySubgraph: { stock: 1500 } } },
  });
});
afterEach(() => {
  for (const subgraph of Object.values(federation.subgraphs)) subgraph.answerWith(undefined);
});
afterAll(() => federation.close());

const query = '{ products(first: 2) { name inStock } }';
const siblings = {
  products: [
    { name: 'Table', inStock: null },
    { name: 'Lamp', inStock: null },
  ],
};

const garbage: Record<string, [string, (response: ServerResponse) => void]> = {
  'an HTML page': ['SUBGRAPH_MALFORMED_RESPONSE', (r) => r.end('<html><body>It works!</body></html>')],
  'nothing at all': ['SUBGRAPH_MALFORMED_RESPONSE', (r) => r.end()],
  'a JSON array': ['SUBGRAPH_MALFORMED_RESPONSE', (r) => r.end('[1,2]')],
  'an object without data and errors': ['SUBGRAPH_MALFORMED_RESPONSE', (r) => r.end('{"hello":"world"}')],
  'an object whose data and errors are null': [
    'SUBGRAPH_MALFORMED_RESPONSE',
    (r) => r.end('{"data":null,"errors":null}'),
  ],
  'null for errors, and no data': ['SUBGRAPH_MALFORMED_RESPONSE', (r) => r.end('{"errors":null}')],
  'data that is no object': ['SUBGRAPH_MALFORMED_RESPONSE', (r) => r.end('{"data":"yes"}')],
  'no list of entities': ['SUBGRAPH_MALFORMED_RESPONSE', (r) => r.end('{"data":{}}')],
  'too few entities': ['SUBGRAPH_MALFORMED_RESPONSE', (r) => r.end('{"data":{"_entities":[{"inStock":1}]}}')],
  'too many entities': ['SUBGRAPH_MALFORMED_RESPONSE', (r) => r.end('{"data":{"_entities":[{},{},{}]}}')],
  'entities that are numbers': ['SUBGRAPH_MALFORMED_RESPONSE', (r) => r.end('{"data":{"_entities":[1,2]}}')],
  'values of another type': [
    'SUBGRAPH_MALFORMED_RESPONSE',
    (r) => r.end('{"data":{"_entities":[{"inStock":"many"},{"inStock":{"a":1}}]}}'),
  ],
  'errors that are no list': ['SUBGRAPH_MALFORMED_RESPONSE', (r) => r.end('{"data":null,"errors":"no"}')],
  'status 500 with a stack trace': [
    'SUBGRAPH_MALFORMED_RESPONSE',
    (r) => r.writeHead(500).end('Error: at /srv/secret.js:1:2'),
  ],
  'status 404': ['SUBGRAPH_MALFORMED_RESPONSE', (r) => r.writeHead(404).end('{"message":"Cannot POST /"}')],
  'status 301': ['SUBGRAPH_MALFORMED_RESPONSE', (r) => r.writeHead(301, { location: '/elsewhere' }).end()],
  'status 413': ['REQUEST_TOO_LARGE', (r) => r.writeHead(413).end('<html>too large</html>')],
  'status 429': ['SUBGRAPH_UNAVAILABLE', (r) => r.writeHead(429).end('slowly')],
  'status 503': ['SUBGRAPH_UNAVAILABLE', (r) => r.writeHead(503).end('busy')],
  'status 401': ['SUBGRAPH_REFUSED', (r) => r.writeHead(401).end('who?')],
  'status 401 with a GraphQL body': [
    'UNAUTHENTICATED',
    (r) => r.writeHead(401).end('{"errors":[{"message":"Who?","extensions":{"code":"UNAUTHENTICATED"}}]}'),
  ],
  'status 500 with a GraphQL body': [
    'TEAPOT',
    (r) => r.writeHead(500).end('{"errors":[{"message":"No tea.","extensions":{"code":"TEAPOT"}}]}'),
  ],
  'an error without a path': [
    'TEAPOT',
    (r) => r.end('{"data":null,"errors":[{"message":"No tea.","extensions":{"code":"TEAPOT"}}]}'),
  ],
  'a connection that breaks': ['SUBGRAPH_UNAVAILABLE', (r) => r.destroy()],
  'no answer in time': ['SUBGRAPH_TIMEOUT', () => undefined],
};

for (const [what, [code, answer]] of Object.entries(garbage)) {
  test(`${what} nulls the fields of that subgraph, with its name and exact paths, and nothing else`, async () => {
    federation.subgraphs['stock']!.answerWith(answer);
    const result = await federation.query(query);
    expect(result.data).toEqual(siblings);
    expect(result.errors?.map(({ path, extensions }) => [path, extensions?.['code'], extensions?.['service']])).toEqual(
      [
        [['products', 0, 'inStock'], code, 'stock'],
        [['products', 1, 'inStock'], code, 'stock'],
      ],
    );
    expect(JSON.stringify(result)).not.toMatch(/secret|stack|\.js|html/i);
  });
}

test('a byte order mark before an answer is passed over', async () => {
  federation.subgraphs['stock']!.answerWith((response) =>
    response.end('\ufeff{"data":{"_entities":[{"inStock":4},{"inStock":0}]}}'),
  );
  const { data, errors } = await federation.query(query);
  expect([data.products.map(({ inStock }: { inStock: number }) => inStock), errors]).toEqual([[4, 0], undefined]);
});

test('a null in the place of errors says that there are none', async () => {
  federation.subgraphs['stock']!.answerWith((response) =>
    response.end('{"errors":null,"data":{"_entities":[{"inStock":4},{"inStock":0}]},"extensions":null}'),
  );
  const { data, errors } = await federation.query(query);
  expect(errors).toBeUndefined();
  expect(data.products.map(({ inStock }: { inStock: number }) => inStock)).toEqual([4, 0]);
});

test('a flood of errors does not make the answer larger than a thousand of them, and keeps the data', async () => {
  const errors = Array.from({ length: 50_000 }, () => ({ message: 'Again.', extensions: { code: 'NOTE' } }));
  federation.subgraphs['stock']!.answerWith((response) =>
    response.end(JSON.stringify({ data: { _entities: [{ inStock: 4 }, { inStock: 0 }] }, errors })),
  );
  const result = await federation.query(query);
  expect(result.data.products[0]).toEqual({ name: 'Table', inStock: 4 });
  expect(result.errors).toHaveLength(1000);
});

test('errors of single entities stay with them, by index', async () => {
  federation.subgraphs['stock']!.answerWith((response) =>
    response.end(
      JSON.stringify({
        data: { _entities: [{ inStock: 4 }, null] },
        errors: [{ message: 'Gone.', path: ['_entities', 1], extensions: { code: 'GONE', stacktrace: ['at secret'] } }],
      }),
    ),
  );
  const result = await federation.query(query);
  expect(result.data).toEqual({
    products: [
      { name: 'Table', inStock: 4 },
      { name: 'Lamp', inStock: null },
    ],
  });
  expect(result.errors).toEqual([
    {
      message: 'Gone.',
      path: ['products', 1, 'inStock'],
      extensions: { code: 'GONE', service: 'stock', retryable: false },
    },
  ]);
});

test('a list of entities that fails as a whole takes no other list of the same request with it', async () => {
  const requests: number[] = [];
  federation.subgraphs['stock']!.answerWith((response, { query: asked, variables }) => {
    const lists = [...asked.matchAll(/(\w+): ?_entities\(representations: ?\$(\w+)\) ?\{([^}]*)\}/g)];
    const filled = lists.filter(([, , variable = '']) => (variables[variable] as unknown[]).length > 0);
    requests.push(filled.length);
    const failed = filled.find(([, , , selected]) => selected?.includes('shipping'));
    const entities = (name: string) => (variables[name] as unknown[]).map(() => ({ inStock: 4 }));
    const data = Object.fromEntries(lists.map(([, alias, variable = '']) => [alias, entities(variable)]));
    const errors = failed && [{ message: 'No shipping.', path: [failed[1]], extensions: { code: 'LOST' } }];
    response.end(JSON.stringify(errors ? { data: null, errors } : { data }));
  });
  const { data, errors } = await federation.query('{ products(first: 2) { inStock } product(id: "p1") { shipping } }');
  expect(data).toEqual({ products: [{ inStock: 4 }, { inStock: 4 }], product: { shipping: null } });
  expect(errors).toMatchObject([{ path: ['product', 'shipping'], extensions: { code: 'LOST' } }]);
  expect(requests).toEqual([2, 1]);
});

test.each(['null', '{}', 'true', '["x"]'])('a path that leads over %s is followed up to there', async (step) => {
  federation.subgraphs['catalogue']!.answerWith((response) =>
    response.end(`{"data":{"product":null},"errors":[{"message":"Gone.","path":["product",${step},"name"]}]}`),
  );
  const { data, errors } = await federation.query('{ product(id: "p1") { name } review(id: "r1") { id } }');
  expect(data).toEqual({ product: null, review: { id: 'r1' } });
  expect(errors).toMatchObject([{ path: ['product'] }]);
});

test('an error that names no field is passed on without a path, and the data is kept', async () => {
  federation.subgraphs['stock']!.answerWith((response) =>
    response.end(
      '{"data":{"_entities":[{"inStock":4},{"inStock":0}]},"errors":[{"message":"By the way.","extensions":{"code":"NOTE"}}]}',
    ),
  );
  const result = await federation.query(query);
  expect(result.data).toEqual({
    products: [
      { name: 'Table', inStock: 4 },
      { name: 'Lamp', inStock: 0 },
    ],
  });
  expect(result.errors).toEqual([
    { message: 'By the way.', extensions: { code: 'NOTE', service: 'stock', retryable: false } },
  ]);
});

test('a root field that is missing from the answer is told as such', async () => {
  federation.subgraphs['catalogue']!.answerWith((response) => response.end('{"data":{"product":{"name":"Table"}}}'));
  const result = await federation.query('{ product(id: "p1") { name } other: product(id: "p2") { name } }');
  expect(result.data).toEqual({ product: { name: 'Table' }, other: null });
  expect(result.errors?.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual([
    [['other'], 'SUBGRAPH_MALFORMED_RESPONSE'],
  ]);
});

test('a nested field that is missing from the answer is told as such, and its siblings are kept', async () => {
  federation.subgraphs['catalogue']!.answerWith((response) =>
    response.end('{"data":{"products":[{"name":"Table","price":900,"tags":["a"]},{"name":"Lamp","tags":null},{}]}}'),
  );
  const result = await federation.query('{ products { name price tags } }');
  expect(result.data).toEqual({
    products: [
      { name: 'Table', price: 900, tags: ['a'] },
      { name: 'Lamp', price: null, tags: null },
      { name: null, price: null, tags: null },
    ],
  });
  expect(result.errors?.map(({ path, extensions }) => [path?.join('.'), extensions?.['code']])).toEqual(
    ['products.1.price', 'products.2.name', 'products.2.price', 'products.2.tags'].map((path) => [
      path,
      'SUBGRAPH_MALFORMED_RESPONSE',
    ]),
  );
  expect(result.errors?.[0]?.message).toBe('"catalogue" left out Product.price.');
});

test('a field that an entity leaves out is told at its place, and other entities are kept', async () => {
  federation.subgraphs['stock']!.answerWith((response) => response.end('{"data":{"_entities":[{"inStock":4},{}]}}'));
  const result = await federation.query(query);
  expect(result.data.products).toEqual([
    { name: 'Table', inStock: 4 },
    { name: 'Lamp', inStock: null },
  ]);
  expect(result.errors).toMatchObject([
    { path: ['products', 1, 'inStock'], extensions: { code: 'SUBGRAPH_MALFORMED_RESPONSE', service: 'stock' } },
  ]);
});

test('an entity that its subgraph does not know, or that nobody can ask for, is null without an error', async () => {
  federation.subgraphs['stock']!.answerWith((response) => response.end('{"data":{"_entities":[null,null]}}'));
  const result = await federation.query(query);
  expect(result.data).toEqual(siblings);
  expect(result.errors).toBeUndefined();
});

test('a field that needs another subgraph, which failed, fails with that subgraph', async () => {
  let calls = 0;
  federation.subgraphs['catalogue']!.answerWith((response, { query: asked }) => {
    calls += 1;
    if (asked.includes('_entities')) response.writeHead(503).end();
    else response.end('{"data":{}}');
  });
  const result = await federation.query('{ review(id: "r1") { body product { id shipping } } }');
  // The call and its one repetition: a 503 may pass.
  expect(calls).toBe(2);
  expect(result.data).toEqual({ review: { body: 'Solid', product: { id: 'p1', shipping: null } } });
  expect(result.errors).toMatchObject([
    {
      path: ['review', 'product', 'shipping'],
      extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'catalogue', retryable: true },
    },
  ]);
});

test.each([
  ['what a subgraph leaves out', '{"name":"Table"}', ''],
  ['a number that was too large for its last digits', '{"id":9007199254740993,"name":"Table"}', 'beyond 2^53'],
])('%s is told at the fields that need it, and nobody is asked about another entity', async (_, product, message) => {
  federation.subgraphs['catalogue']!.answerWith((response) =>
    response.end(`{"data":{"products":[${product},{"id":"p2","name":"Lamp"}]}}`),
  );
  const result = await federation.query(query);
  expect(result.data).toEqual({
    products: [
      { name: 'Table', inStock: null },
      { name: 'Lamp', inStock: 0 },
    ],
  });
  expect(result.errors).toMatchObject([
    {
      path: ['products', 0, 'inStock'],
      message: expect.stringContaining(message),
      extensions: { code: 'SUBGRAPH_MALFORMED_RESPONSE' },
    },
  ]);
});

test('a failed key that only the gateway asked for is told at its object, without its name', async () => {
  federation.subgraphs['reviewing']!.answerWith((response) =>
    response.end(
      JSON.stringify({
        data: { review: { body: 'Solid', product: null } },
        errors: [{ message: 'No id.', path: ['review', 'product', 'id'], extensions: { code: 'NO_ID' } }],
      }),
    ),
  );
  const result = await federation.query('{ review(id: "r1") { body product { name } } }');
  expect(result.data).toEqual({ review: { body: 'Solid', product: null } });
  expect(result.errors).toMatchObject([{ path: ['review', 'product'], extensions: { code: 'NO_ID' } }]);
  const selected = await federation.query('{ review(id: "r1") { body product { id name } } }');
  expect(selected.errors).toMatchObject([{ path: ['review', 'product', 'id'], extensions: { code: 'NO_ID' } }]);
});

test('an error of a field that another subgraph has given is told at the fields that are null because of it', async () => {
  federation.subgraphs['stock']!.answerWith((response) =>
    response.end(
      JSON.stringify({
        data: { _entities: [{ inStock: 4 }, null] },
        errors: [{ message: 'No id.', path: ['_entities', 1, 'id'], extensions: { code: 'NO_ID' } }],
      }),
    ),
  );
  const result = await federation.query('{ products(first: 2) { id inStock } }');
  expect(result.data.products).toEqual([
    { id: 'p1', inStock: 4 },
    { id: 'p2', inStock: null },
  ]);
  expect(result.errors).toMatchObject([{ path: ['products', 1, 'inStock'], extensions: { code: 'NO_ID' } }]);
});

test('sources tell which subgraph could not be asked', async () => {
  federation.subgraphs['stock']!.answerWith((response) => response.writeHead(503).end());
  const { extensions } = await federation.query(query);
  expect(extensions.sources).toMatchObject([
    { service: 'catalogue', ok: true },
    { service: 'stock', ok: false },
  ]);
});

test('the age that a subgraph gives its data is passed on', async () => {
  federation.subgraphs['stock']!.answerWith((response) =>
    response.end(
      '{"data":{"_entities":[{"inStock":4},{"inStock":0}]},"extensions":{"asOf":"2020-01-01T00:00:00.000Z"}}',
    ),
  );
  const { extensions } = await federation.query(query);
  expect(extensions.sources[1]).toEqual({ service: 'stock', asOf: '2020-01-01T00:00:00.000Z', ok: true });
});

test('an unreachable subgraph leaves everything else, and a long list does not grow the errors without bound', async () => {
  const own = await startFederation(shop());
  await own.subgraphs['reviewing']!.close();
  const result = await own.query('{ reviews { id } products { name reviews { id } } }');
  expect(result.data).toEqual({
    reviews: null,
    products: ['Table', 'Lamp', 'Rug'].map((name) => ({ name, reviews: null })),
  });
  expect(result.errors).toHaveLength(4);
  expect(result.errors?.every(({ extensions }) => extensions?.['code'] === 'SUBGRAPH_UNAVAILABLE')).toBe(true);
  await own.close().catch(() => undefined);
});

test('a field whose requirement is lost with its object has no error of its own beside the one that took the object', async () => {
  federation.subgraphs['catalogue']!.answerWith((response, { query: asked }) =>
    response.end(
      asked.includes('_entities')
        ? JSON.stringify({
            data: { _entities: [null] },
            errors: [{ message: 'No kind.', path: ['_entities', 0, 'kind'], extensions: { code: 'NO_KIND' } }],
          })
        : '{"data":{}}',
    ),
  );
  const result = await federation.query('{ review(id: "r4") { product { kind shipping inStock } } }');
  expect(result.data).toEqual({ review: { product: null } });
  expect(result.errors?.map(({ path }) => path)).toEqual([['review', 'product', 'kind']]);
});

test('where a requirement fails below an object, the error is not told at a field of the same name above', async () => {
  const own = await startFederation({
    boxes: {
      typeDefs: `
        type Query { box: Box }
        type Box @key(fields: "id") { id: ID! code: String lids: [Lid] }
        type Lid @key(fields: "id") { id: ID! }
      `,
      resolvers: { Query: { box: () => ({ id: 'b', code: 'B', lids: [{ id: 'l' }] }) } },
    },
    lids: { typeDefs: 'type Lid @key(fields: "id") { id: ID! size: Int code: String! }' },
    sums: {
      typeDefs: `
        type Box @key(fields: "id") { id: ID! lids: [Lid] @external sum: Int @requires(fields: "lids { size }") }
        type Lid @key(fields: "id", resolvable: false) { id: ID! size: Int @external }
      `,
    },
  });
  try {
    own.subgraphs['lids']!.answerWith((response) =>
      response.end(
        JSON.stringify({
          data: { _entities: [null] },
          errors: [{ message: 'No code.', path: ['_entities', 0, 'code'], extensions: { code: 'NO_CODE' } }],
        }),
      ),
    );
    const { data, errors } = await own.query('{ box { code sum lids { code } } }');
    expect(data).toEqual({ box: { code: 'B', sum: null, lids: [null] } });
    expect(errors?.map(({ path }) => path)).toEqual([
      ['box', 'sum'],
      ['box', 'lids', 0, 'code'],
    ]);
  } finally {
    await own.close();
  }
});
