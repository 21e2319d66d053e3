import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

let federation: Federation;
beforeAll(async () => {
  const limits = {
    ...defaultGatewayConfig.limits,
    maxDepth: 8,
    maxAliases: 5,
    maxRootFields: 4,
    maxDirectives: 3,
    maxFields: 40,
    maxTokens: 500,
  };
  federation = await startFederation(shop(), { config: { limits } });
});
afterAll(() => federation.close());

const deep = (levels: number) =>
  `{ review(id: "r1") ${'{ product { reviews '.repeat(levels)} { id } ${'} }'.repeat(levels)} }`;
const repeat = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');

const refused: Record<string, [string, string]> = {
  'nesting deeper than allowed': [deep(5), 'DEPTH_LIMIT_EXCEEDED'],
  'more aliases than allowed': [`{ product(id: "p1") { ${repeat(6, (i) => `a${i}: name`)} } }`, 'ALIAS_LIMIT_EXCEEDED'],
  'more root fields than allowed': [`{ ${repeat(5, (i) => `r${i}: __typename`)} }`, 'ROOT_FIELD_LIMIT_EXCEEDED'],
  'more directives than allowed': [
    `{ product(id: "p1") { name ${repeat(4, () => '@skip(if: false)')} } }`,
    'DIRECTIVE_LIMIT_EXCEEDED',
  ],
  'fragments that multiply fields': [
    `{ product(id: "p1") { ...A ...A ...A } } fragment A on Product { ...B ...B ...B ...B } fragment B on Product { id name price weight }`,
    'FIELD_LIMIT_EXCEEDED',
  ],
  'a fragment that contains itself': [
    '{ product(id: "p1") { ...A } } fragment A on Product { reviews { product { ...A } } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'more tokens than allowed': [`{ product(id: "p1") { ${'name '.repeat(600)} } }`, 'TOKEN_LIMIT_EXCEEDED'],
};

for (const [what, [query, code]] of Object.entries(refused)) {
  test(`${what} is refused with ${code}, over HTTP and over WebSocket`, async () => {
    const { status, body } = await federation.post({ query });
    expect([status, body.errors?.[0]?.extensions?.['code']]).toEqual([400, code]);
    const errors = await new Promise((resolve) => {
      federation.socket().subscribe({ query }, { next: resolve, error: resolve, complete: () => resolve('complete') });
    });
    expect(errors).toMatchObject([{ extensions: { code } }]);
  });
}

test('a fragment that contains itself is named, with the place where it does, also one that nothing uses', async () => {
  const circle = (name: string, column: number) => [
    {
      message: `The fragment "${name}" contains itself: it is spread within itself here. Leave this spread out.`,
      locations: [{ line: 2, column }],
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    },
  ];
  const direct = '{ product(id: "p1") { ...A } }\nfragment A on Product { ...A }';
  expect((await federation.query(direct)).errors).toEqual(circle('A', 25));
  const throughAnother =
    '{ product(id: "p1") { name } }\nfragment B on Product { ...C } fragment C on Product { ...B }';
  expect((await federation.query(throughAnother)).errors).toEqual(circle('B', 56));
  const twice = '{ product(id: "p1") { ...D ...D } }\nfragment D on Product { name }';
  expect((await federation.query(twice)).errors).toBeUndefined();
});

test('a deep and wide query that would take validation minutes is refused at once', async () => {
  const wide = await startFederation(shop());
  const level = (depth: number): string =>
    depth === 0 ? 'id' : `product { reviews { ...F${depth - 1} } } author { reviews { ...F${depth - 1} } }`;
  const fragments = repeat(30, (i) => `fragment F${i} on Review { ${level(i)} }`);
  const before = process.cpuUsage();
  const { status, body } = await wide.post({ query: `{ reviews { ...F29 } } ${fragments}` });
  // Counted is what the processor did: a busy machine takes its time.
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(10_000);
  expect([status, body.errors?.[0]?.extensions?.['code']]).toEqual([400, 'DEPTH_LIMIT_EXCEEDED']);
  await wide.close();
});

test('the same fields, too often in one place to be compared, are refused with the bound that holds for them', async () => {
  const other = await startFederation(shop());
  const { errors } = await other.query(`{ product(id: "p1") { ${'reviews { id } '.repeat(900)} } }`);
  expect(errors?.[0]).toMatchObject({
    message: expect.stringMatching(/more than 500,000 comparisons.* Select each once\.$/),
    extensions: { code: 'FIELD_LIMIT_EXCEEDED' },
  });
  await other.close();
});

test('texts that nobody sent before do not fill the memory', async () => {
  const other = await startFederation(shop());
  const usedMiB = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed / 1_048_576;
  };
  const before = usedMiB();
  for (let round = 0; round < 30; round += 1) {
    const { errors } = await other.query(`{ product(id: "p1") { ${`name${round} `.repeat(8000)} } }`);
    expect(errors?.[0]?.extensions?.['code']).toBe('FIELD_LIMIT_EXCEEDED');
  }
  // Each takes about 2 MiB when it has been read.
  expect(usedMiB() - before).toBeLessThan(25);
  await other.close();
});

test('what is within the limits is answered', async () => {
  expect(
    (await federation.query('{ review(id: "r1") { product { reviews { author { name } } } } }')).errors,
  ).toBeUndefined();
});
