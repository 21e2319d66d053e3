import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

/** What clients read of a value that a subgraph sent: specification, 3.5 "Result Coercion" of each scalar, and 6.4.3. */
let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({
    readings: {
      typeDefs: `
        type Query {
          int: Int float: Float string: String boolean: Boolean id: ID unit: Unit json: JSON anything: JSON!
          list: [Int] table: [[Int!]!] place: Place machine: Machine
        }
        enum Unit { KG BAR }
        scalar JSON
        type Machine { load: Int! parts: [Machine!] }
        type Shelf { load: Int }
        union Place = Machine | Shelf
      `,
      resolvers: {},
    },
  });
});
afterEach(() => federation.subgraphs['readings']!.answerWith(undefined));
afterAll(() => federation.close());

const place = 'place { ... on Machine { load } ... on Shelf { free: load } }';
const parts = 'machine { load parts { load } }';

/** Selected, sent as JSON, answered as JSON. */
const fits: readonly (readonly [string, string, string])[] = [
  ['int', '5.0', '5'],
  ['int', '"5"', '5'],
  ['int', '1e2', '100'],
  ['int', '-2147483648', '-2147483648'],
  ['float', '5', '5'],
  ['float', '1e-400', '0'],
  ['string', '5', '"5"'],
  ['string', '"\\ud800 \\u2028"', '"\\ud800 \u2028"'],
  ['boolean', '0', 'false'],
  ['id', '-1', '"-1"'],
  ['id', '9007199254740991', '"9007199254740991"'],
  [
    'json',
    '{"b":[1,{"__proto__":5,"constructor":null}],"a":"é"}',
    '{"b":[1,{"__proto__":5,"constructor":null}],"a":"é"}',
  ],
  ['json', '1e21', '1e+21'],
  ['list', '[]', '[]'],
  ['list', '[1,null]', '[1,null]'],
  [place, '{"__typename":"Shelf","load":1,"free":3}', '{"free":3}'],
  [parts, '{"load":1,"unasked":true,"parts":null}', '{"load":1,"parts":null}'],
];

/** Selected, sent as JSON, answered as JSON, and where the error is. */
const refused: readonly (readonly [string, string, string, readonly (string | number)[]])[] = [
  ['int', '5.5', 'null', ['int']],
  ['int', '2147483648', 'null', ['int']],
  ['int', '"five"', 'null', ['int']],
  ['int', '[1]', 'null', ['int']],
  ['float', '1e400', 'null', ['float']],
  ['string', '{}', 'null', ['string']],
  ['boolean', '"true"', 'null', ['boolean']],
  ['id', '5.5', 'null', ['id']],
  // It would be read as …992, which is somebody else's.
  ['id', '9007199254740993', 'null', ['id']],
  ['unit', '"kg"', 'null', ['unit']],
  ['json', '-1e400', 'null', ['json']],
  ['list', '1', 'null', ['list']],
  ['list', '{"0":1,"length":1}', 'null', ['list']],
  ['list', '[1,[2],3]', '[1,null,3]', ['list', 1]],
  ['table', '[[1],[2,null]]', 'null', ['table', 1, 1]],
  ['table', '[[1],2]', 'null', ['table', 1]],
  [place, '{"load":1}', 'null', ['place']],
  [place, '{"__typename":"Unit"}', 'null', ['place']],
  [parts, '{"load":1,"parts":[{"load":1},{"load":null}]}', '{"load":1,"parts":null}', ['machine', 'parts', 1, 'load']],
  [parts, '{"load":1,"parts":[null]}', '{"load":1,"parts":null}', ['machine', 'parts', 0]],
  [parts, '{"load":1,"parts":{}}', '{"load":1,"parts":null}', ['machine', 'parts']],
  [parts, '[{"load":1}]', 'null', ['machine']],
];

async function read(selection: string, sent: string) {
  const [field = ''] = selection.split(' ');
  federation.subgraphs['readings']!.answerWith((response) => response.end(`{"data":{"${field}":${sent}}}`));
  const response = await fetch(federation.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `{ ${selection} }` }),
  });
  const text = await response.text();
  const { errors } = JSON.parse(text) as { errors?: { path: (string | number)[] }[] };
  return { text, field, paths: errors?.map(({ path }) => path) };
}

for (const [selection, sent, answered] of fits) {
  test(`${sent} is read as ${answered} by { ${selection} }`, async () => {
    const { text, field, paths } = await read(selection, sent);
    expect(paths).toBeUndefined();
    expect(text).toContain(`"data":{"${field}":${answered}}`);
  });
}

for (const [selection, sent, answered, path] of refused) {
  test(`${sent} is refused by { ${selection} }, at its place`, async () => {
    const { text, field, paths } = await read(selection, sent);
    expect(paths).toEqual([path]);
    expect(text).toContain(`"data":{"${field}":${answered}}`);
  });
}

test('a number that JSON cannot say is no value for a field that may not be null', async () => {
  const { text, paths } = await read('anything', '1e400');
  expect(paths).toEqual([['anything']]);
  expect(text).toContain('"data":null');
});
