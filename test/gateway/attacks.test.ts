import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AttackTarget, type HttpAttack, type Reply } from '../support/attack-target.ts';
import type { SubgraphDefinition } from '../support/federation-subgraph.ts';

/** Circles two wide, values of every kind, a subscription, and things that clients must not see. */
const definitions: Record<string, SubgraphDefinition> = {
  plant: {
    typeDefs: `
      scalar JSON
      input Filter { and: [Filter!] not: Filter name: String secret: String @inaccessible }
      enum Kind { PRESS ROBOT SECRET @inaccessible }
      type Query {
        machine(id: ID = "1"): Machine
        count(filter: Filter, ids: [ID!], n: Int, ratio: Float, flag: Boolean, kind: Kind): Int
        echo(value: JSON): JSON
        vault: Vault @inaccessible
      }
      type Mutation { stop(id: ID!): Machine }
      type Subscription { machineChanged(id: ID): Machine }
      type Vault @inaccessible { key: String }
      type Machine @key(fields: "id") {
        id: ID! name: String left: Machine right: Machine twins: [Machine!] secret: String @inaccessible
      }
    `,
    resolvers: {
      Query: {
        machine: (_: unknown, { id }: { id: string }) => ({ id, name: 'Press' }),
        count: (_: unknown, given: object) => Object.keys(given).length,
        echo: (_: unknown, { value }: { value: unknown }) => value,
      },
      Mutation: { stop: (_: unknown, { id }: { id: string }) => ({ id, name: 'Press' }) },
      Subscription: {
        machineChanged: {
          async *subscribe() {
            await new Promise(() => undefined);
            yield {};
          },
        },
      },
      Machine: {
        __resolveReference: ({ id }: { id: string }) => ({ id, name: 'Press' }),
        left: ({ id }: { id: string }) => ({ id: `${id}l`, name: 'Left' }),
        right: ({ id }: { id: string }) => ({ id: `${id}r`, name: 'Right' }),
        twins: () => [],
      },
    },
  },
  upkeep: {
    typeDefs: 'type Machine @key(fields: "id") { id: ID! hours: Int owner: Machine }',
    resolvers: { Machine: { hours: () => null, owner: ({ id }: { id: string }) => ({ id }) } },
  },
};

const config = {
  introspection: false,
  limits: { maxBatchSize: 5 },
  subscriptions: { maxOperations: 20, streamReservationMs: 1000, maxQueuedBytes: 200_000 },
};
/** For attacks that take their time: of the others, on a machine that stalls, it would take some for such. */
const hastyConfig = {
  http: { headersTimeoutMs: 600, requestTimeoutMs: 900 },
  subscriptions: { initTimeoutMs: 400 },
};

/** What everybody else asks for meanwhile. Asked once before, its plan is known. */
const beside = '{ machine { name hours } polluted: echo(value: {}) }';

let target: AttackTarget;
let hasty: AttackTarget;
beforeAll(async () => {
  const start = (options: Readonly<Record<string, unknown>>) => AttackTarget.start(definitions, options);
  [target, hasty] = await Promise.all([start(config), start(hastyConfig)]);
  await target.query(beside);
});
afterAll(() => Promise.all([target.close(), hasty.close()]));

/** Whatever happened: it lives, answers others at once, and objects inherit what they did before. */
afterEach(async () => {
  expect([target.isAlive, hasty.isAlive]).toEqual([true, true]);
  const before = target.processorMs;
  const { text } = await target.query(beside);
  expect(JSON.parse(text).data).toEqual({ machine: { name: 'Press', hours: null }, polluted: {} });
  // What an attack left behind would take longer.
  expect(target.processorMs - before).toBeLessThan(5000);
});

/** What a stranger must not learn: where code runs, what it is called, where subgraphs are, what is hidden. */
const leaks =
  /\bat .+:\d+:\d+|node_modules|file:\/\/|\/dist\/|127\.0\.0\.1:\d|\b[A-Z]\w*Error: |stacktrace|Cannot read prop|hive|apollo/;

type Attack = [name: string, run: (target: AttackTarget) => Promise<Reply>, status: number, code?: string];

function withstand(attacks: readonly Attack[]): void {
  for (const [name, run, status, code] of attacks) {
    test(`${name}: ${status}${code === undefined ? '' : ` ${code}`}`, async () => {
      const reply = await run(target);
      expect([reply.status, reply.code], reply.text.slice(0, 500)).toEqual([status, code]);
      expect(reply.text).not.toMatch(leaks);
    });
  }
}

const times = (count: number, text: string | ((index: number) => string)) =>
  Array.from({ length: count }, (_, index) => (typeof text === 'string' ? text : text(index))).join(' ');
const nested = (depth: number, open: string, close: string, inner = '') =>
  `${open.repeat(depth)}${inner}${close.repeat(depth)}`;
const ask =
  (query: string, more: object = {}) =>
  (to: AttackTarget) =>
    to.query(query, more);
const send = (attack: HttpAttack) => (to: AttackTarget) => to.http(attack);
const body = (text: string | Buffer, headers: HttpAttack['headers'] = {}) => send({ body: text, headers });
const good = JSON.stringify({ query: '{ machine { name } }' });

/** Documents that must be refused alike over every transport. */
const chain = (levels: number) =>
  `${times(levels, (i) => `fragment F${i} on Machine { left { ...F${i + 1} } right { ...F${i + 1} } }`)} fragment F${levels} on Machine { id }`;
const documents: [name: string, query: string, code: string][] = [
  ['60 levels, two wide, through fragments', `{ machine { ...F0 } } ${chain(60)}`, 'DEPTH_LIMIT_EXCEEDED'],
  ['60 levels, two wide, that nothing uses', `{ machine { id } } ${chain(60)}`, 'DEPTH_LIMIT_EXCEEDED'],
  ['60 levels, one wide', `{ machine ${nested(60, '{ left ', '}', '{ id }')} }`, 'DEPTH_LIMIT_EXCEEDED'],
  ['15 levels, two wide', `{ machine { ...F0 } } ${chain(15)}`, 'FIELD_LIMIT_EXCEEDED'],
  ['levels deeper than the stack', `{ machine ${nested(3200, '{left', '}', '{id}')} }`, 'DEPTH_LIMIT_EXCEEDED'],
  ['201 levels of inline fragments', `{ ${nested(200, '...{', '}', 'machine{id}')} }`, 'DEPTH_LIMIT_EXCEEDED'],
  ['inline fragments deeper than the stack', `{ ${nested(3300, '...{', '}', 'machine{id}')} }`, 'DEPTH_LIMIT_EXCEEDED'],
  ['lists deeper than the stack', `{ echo(value: ${nested(4900, '[', ']')}) }`, 'DEPTH_LIMIT_EXCEEDED'],
  ['lists deeper than the planner reads', `{ echo(value: ${nested(60, '[', ']')}) }`, 'DEPTH_LIMIT_EXCEEDED'],
  ['objects deeper than the stack', `{ echo(value: ${nested(2400, '{a:', '}', '1')}) }`, 'DEPTH_LIMIT_EXCEEDED'],
  [
    'objects deeper than the planner reads',
    `{ count(filter: ${nested(60, '{not:', '}', '{}')}) }`,
    'DEPTH_LIMIT_EXCEEDED',
  ],
  ['a deep default', `query ($v: JSON = ${nested(60, '[', ']')}) { echo(value: $v) }`, 'DEPTH_LIMIT_EXCEEDED'],
  ['a thousand aliases', `{ machine { ${times(1000, (i) => `a${i}: name`)} } }`, 'ALIAS_LIMIT_EXCEEDED'],
  ['aliases at the root', `{ ${times(101, (i) => `a${i}: __typename`)} }`, 'ROOT_FIELD_LIMIT_EXCEEDED'],
  [
    'aliases in fragments',
    `{ machine { ${times(20, '...A')} } } fragment A on Machine { a: id b: id c: id d: id e: id f: id }`,
    'ALIAS_LIMIT_EXCEEDED',
  ],
  ['a thousand directives', `{ machine { name ${times(1000, '@skip(if: false)')} } }`, 'DIRECTIVE_LIMIT_EXCEEDED'],
  ['directives that do not exist', `{ machine { name ${times(1000, '@a')} } }`, 'DIRECTIVE_LIMIT_EXCEEDED'],
  [
    'directives on the operation',
    `query ${times(101, '@skip(if: false)')} { machine { name } }`,
    'DIRECTIVE_LIMIT_EXCEEDED',
  ],
  ['more tokens than allowed', `{ machine { ${times(10_001, 'name')} } }`, 'TOKEN_LIMIT_EXCEEDED'],
  ['more fields than allowed', `{ machine { ${times(2500, 'name')} } }`, 'FIELD_LIMIT_EXCEEDED'],
  ['more root fields than allowed', `{ ${times(31, 'machine { id }')} }`, 'ROOT_FIELD_LIMIT_EXCEEDED'],
  ['one field a thousand times', `{ machine { ${times(1500, 'name')} } }`, 'FIELD_LIMIT_EXCEEDED'],
  ['one object six hundred times', `{ machine { ${times(600, 'left { name id }')} } }`, 'FIELD_LIMIT_EXCEEDED'],
  [
    'one object in nine hundred fragments',
    `{ machine { ${times(900, '... { left { name } }')} } }`,
    'FIELD_LIMIT_EXCEEDED',
  ],
  [
    'a fragment that contains itself',
    '{ machine { ...A } } fragment A on Machine { left { ...A } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    'fragments that contain each other',
    '{ machine { ...A } } fragment A on Machine { ...B } fragment B on Machine { ...A }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    'circular fragments that nothing uses',
    '{ machine { id } } fragment A on Machine { ...B } fragment B on Machine { ...A }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    'a fragment spread exponentially',
    `{ machine { ...E0 } } ${times(20, (i) => `fragment E${i} on Machine { ...E${i + 1} ...E${i + 1} }`)} fragment E20 on Machine { id }`,
    'FIELD_LIMIT_EXCEEDED',
  ],
  [
    'a fragment that does not exist, spread exponentially',
    `{ ...E0 } ${times(40, (i) => `fragment E${i} on Query { ...E${i + 1} ...E${i + 1} }`)}`,
    'FIELD_LIMIT_EXCEEDED',
  ],
  ['__proto__ as an alias', '{ __proto__: machine { polluted: name } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['__proto__ as an alias below', '{ machine { __proto__: owner { polluted: id } } }', 'GRAPHQL_VALIDATION_FAILED'],
  [
    '__proto__ as a variable',
    'query ($__proto__: ID) { machine(id: $__proto__) { name } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  ['__proto__ as a field', '{ __proto__ { name } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['introspection of the schema', '{ __schema { types { name } } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['lists in lists in lists', `{ machine ${nested(8, '{ twins ', '}', '{ id }')} }`, 'COST_LIMIT_EXCEEDED'],
  ['introspection of a type', '{ __type(name: "Machine") { name } }', 'GRAPHQL_VALIDATION_FAILED'],
  [
    'introspection in a fragment',
    '{ ...S } fragment S on Query { s: __schema { queryType { name } } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    'introspection that is skipped',
    '{ machine { id } __schema @skip(if: true) { types { name } } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  ['a number of more than 64 bits', `{ machine(id: ${'9'.repeat(40)}) { id } }`, 'BAD_USER_INPUT'],
  ['a number of a hundred thousand digits', `{ machine(id: ${'9'.repeat(100_000)}) { id } }`, 'BAD_USER_INPUT'],
  ['an integer out of range', '{ count(n: 99999999999) }', 'GRAPHQL_VALIDATION_FAILED'],
  ['a number beyond all numbers', '{ count(ratio: 1e999999) }', 'BAD_USER_INPUT'],
  ['a number of four hundred digits and a fraction', `{ count(ratio: ${'9'.repeat(400)}.5) }`, 'BAD_USER_INPUT'],
  [
    'directives on fragments that nothing uses',
    `{ machine { id } } fragment A on Machine ${times(101, '@a')} { id }`,
    'DIRECTIVE_LIMIT_EXCEEDED',
  ],
  [
    'directives on variables',
    `query (${times(51, (i) => `$v${i}: Int @a @b`)}) { machine { id } }`,
    'DIRECTIVE_LIMIT_EXCEEDED',
  ],
  ['no operation', 'fragment A on Machine { id }', 'GRAPHQL_VALIDATION_FAILED'],
  ['no document but blanks', '   \n\t,,,', 'GRAPHQL_PARSE_FAILED'],
  ['a NUL character', '{ machine { name } }\u0000', 'GRAPHQL_PARSE_FAILED'],
  ['a surrogate without its other half', '{ machine(id: "\\ud800") { name } }', 'GRAPHQL_PARSE_FAILED'],
  ['a character beyond Unicode', '{ machine(id: "\\u{110000}") { name } }', 'GRAPHQL_PARSE_FAILED'],
  ['a string that never ends', '{ machine(id: "1) { name } }', 'GRAPHQL_PARSE_FAILED'],
  ['a block string that never ends', '{ machine(id: """1) { name } }', 'GRAPHQL_PARSE_FAILED'],
  ['a definition of a type', 'type Query { a: Int }', 'GRAPHQL_VALIDATION_FAILED'],
  ['@skip with itself', '{ machine { name @skip(if: true) @skip(if: true) } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['@include without a condition', '{ machine { name @include } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['fields that cannot be merged', '{ machine { a: id a: name } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['two operations of one name', 'query A { machine { id } } query A { machine { id } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['variables without end', `query (${times(3000, (i) => `$v${i}: Int`)}) { machine { id } }`, 'TOKEN_LIMIT_EXCEEDED'],
  [
    'a type of four thousand lists',
    `query ($v: ${nested(4000, '[', ']', 'Int')}) { count(n: $v) }`,
    'DEPTH_LIMIT_EXCEEDED',
  ],
  ['a hidden field', '{ machine { secret } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['a hidden field that comes later', '{ machine { ... @defer { secret } } }', 'GRAPHQL_VALIDATION_FAILED'],
  [
    'a hundred and one deferred fragments',
    `{ machine { ${times(101, (i) => `... @defer(label: "${i}") { id }`)} } }`,
    'DIRECTIVE_LIMIT_EXCEEDED',
  ],
  [
    'deferred fragments that multiply',
    `{ machine { ...E0 @defer } } ${times(20, (i) => `fragment E${i} on Machine { left { ...E${i + 1} @defer } right { ...E${i + 1} @defer } }`)} fragment E20 on Machine { id }`,
    'DIRECTIVE_LIMIT_EXCEEDED',
  ],
  ['a mutation that comes later', 'mutation { ... @defer { stop(id: "1") { id } } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['a hidden root field', '{ vault { key } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['a hidden type', '{ machine { ... on Vault { key } } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['a hidden value', '{ count(kind: SECRET) }', 'GRAPHQL_VALIDATION_FAILED'],
  ['a hidden input field', '{ count(filter: { secret: "1" }) }', 'GRAPHQL_VALIDATION_FAILED'],
  [
    "entities by federation's own field",
    '{ _entities(representations: [{ __typename: "Machine", id: "1" }]) { __typename } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  ["the SDL by federation's own field", '{ _service { sdl } }', 'GRAPHQL_VALIDATION_FAILED'],
];

describe('documents over HTTP', () => withstand(documents.map(([name, query, code]) => [name, ask(query), 400, code])));

describe('documents over WebSocket', () =>
  withstand(documents.map(([name, query, code]) => [name, (to) => to.overSocket({ query }), 200, code])));

describe('documents over server-sent events', () =>
  withstand(
    documents.map(([name, query, code]) => [
      name,
      body(JSON.stringify({ query }), { accept: 'text/event-stream' }),
      200,
      code,
    ]),
  ));

describe('requests', () =>
  withstand([
    ['more operations than a batch takes', body(`[${Array(6).fill(good)}]`), 400, 'BATCH_LIMIT_EXCEEDED'],
    ['an empty batch', body('[]'), 400, 'BAD_REQUEST'],
    ['a batch of batches', body(`[[${good}]]`), 200, 'BAD_REQUEST'],
    [
      'a batch of refusals',
      body(`[${Array(5).fill(JSON.stringify({ query: `{ machine { ...F0 } } ${chain(60)}` }))}]`),
      200,
      'DEPTH_LIMIT_EXCEEDED',
    ],
    [
      'a body over the limit',
      body(`{"query":"{ machine { name } }","x":"${'x'.repeat(1_100_000)}"}`),
      413,
      'BODY_LIMIT_EXCEEDED',
    ],
    ['no body', body(''), 400, 'BAD_REQUEST'],
    ['no JSON', body('{ machine { name } }'), 400, 'BAD_REQUEST'],
    ['half of a JSON object', body('{"query":'), 400, 'BAD_REQUEST'],
    ['JSON null', body('null'), 400, 'BAD_REQUEST'],
    ['a JSON string', body('"{ machine { name } }"'), 400, 'BAD_REQUEST'],
    ['a JSON number', body('1e999'), 400, 'BAD_REQUEST'],
    ['a query that is a list', body('{"query":["{ machine { name } }"]}'), 400, 'BAD_REQUEST'],
    ['a query that is an object', body('{"query":{"toString":"x"}}'), 400, 'BAD_REQUEST'],
    ['variables that are a list', body('{"query":"{ machine { name } }","variables":[]}'), 400, 'BAD_REQUEST'],
    ['variables that are text', body('{"query":"{ machine { name } }","variables":"{}"}'), 400, 'BAD_REQUEST'],
    [
      'an operation name that is an object',
      body('{"query":"{ machine { name } }","operationName":{}}'),
      400,
      'BAD_REQUEST',
    ],
    ['extensions that are a list', body('{"query":"{ machine { name } }","extensions":[]}'), 400, 'BAD_REQUEST'],
    ['the last of two equal keys counts', body('{"query":"{ nothing }","query":"{ machine { name } }"}'), 200],
    ['a byte order mark', body(`\ufeff${good}`), 200],
    ['invalid UTF-8', body(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])), 400, 'BAD_REQUEST'],
    ['UTF-16', body(Buffer.from(good, 'utf16le')), 400, 'BAD_REQUEST'],
    [
      'another charset',
      body(good, { 'content-type': 'application/json; charset=utf-16' }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'arrays deeper than the stack',
      body(`{"query":"{ machine { name } }","variables":{"v":${nested(200_000, '[', ']')}}}`),
      400,
      'DEPTH_LIMIT_EXCEEDED',
    ],
    [
      'objects deeper than the stack',
      body(`{"query":"{ machine { name } }","extensions":${nested(100_000, '{"a":', '}', '1')}}`),
      400,
      'DEPTH_LIMIT_EXCEEDED',
    ],
    [
      'brackets in a string are no levels',
      body(JSON.stringify({ query: '{ echo(value: 1) }', x: '[{"\\'.repeat(1000) })),
      200,
    ],
    [
      'an operation that does not exist',
      ask('query A { machine { id } }', { operationName: 'B' }),
      400,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    [
      'an operation named __proto__',
      ask('query A { machine { id } }', { operationName: '__proto__' }),
      400,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    [
      'an operation name of a megabyte',
      ask('query A { machine { id } }', { operationName: 'x'.repeat(1_000_000) }),
      400,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    [
      'several operations without a name',
      ask('query A { machine { id } } query B { machine { id } }'),
      400,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    [
      'a thousand operations',
      ask(
        times(1000, (i) => `query Q${i} { machine { id } }`),
        { operationName: 'Q7' },
      ),
      200,
    ],
    [
      'a persisted query that is none',
      body('{"extensions":{"persistedQuery":{"version":1,"sha256Hash":7}}}'),
      400,
      'BAD_REQUEST',
    ],
    [
      'a persisted query of another version',
      body('{"extensions":{"persistedQuery":{"version":2,"sha256Hash":"a"}}}'),
      400,
      'BAD_REQUEST',
    ],
    [
      'a persisted query with a foreign hash',
      body('{"query":"{ machine { id } }","extensions":{"persistedQuery":{"version":1,"sha256Hash":"a"}}}'),
      400,
      'PERSISTED_QUERY_HASH_MISMATCH',
    ],
    [
      'a persisted query that nobody sent',
      body('{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"__proto__"}}}'),
      200,
      'PERSISTED_QUERY_NOT_FOUND',
    ],
    ['a document id that nobody knows', body('{"documentId":"__proto__"}'), 404, 'DOCUMENT_NOT_FOUND'],
    ['a comment of a megabyte', ask(`{ machine { name } } # ${'x'.repeat(1_000_000)}`), 200],
    ['a hundred thousand commas', ask(`{ machine ${','.repeat(100_000)} { name } }`), 200],
    [
      'a hundred thousand lines',
      ask(`{ machine ${'\n'.repeat(100_000)} { nothing } }`),
      400,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['a name of a hundred thousand letters', ask(`{ ${'x'.repeat(100_000)} }`), 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['a string of half a megabyte', ask(`{ machine(id: "${'x'.repeat(500_000)}") { name } }`), 200],
    [
      'a block string of a hundred thousand lines',
      ask(`{ machine(id: """${'\n x'.repeat(100_000)}""") { name } }`),
      200,
    ],
    [
      'ten thousand mistakes',
      ask(`{ ${times(29, (i) => `a${i}`)} machine { ${times(1900, (i) => `b${i}`)} } }`),
      400,
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ]));

describe('what a client sent comes back shortened', () => {
  const long = 'x'.repeat(900_000);
  const attacks: [name: string, run: (to: AttackTarget) => Promise<Reply>, code: string][] = [
    ['a field', ask(`{ ${long} }`), 'GRAPHQL_VALIDATION_FAILED'],
    [
      'the name of an operation',
      ask('query A { machine { id } }', { operationName: long }),
      'OPERATION_RESOLUTION_FAILURE',
    ],
    ['a value', ask('query ($v: Kind) { count(kind: $v) }', { variables: { v: long } }), 'BAD_USER_INPUT'],
    [
      'the name of a value',
      ask('query ($v: Filter) { count(filter: $v) }', { variables: { v: { [long]: 1 } } }),
      'BAD_USER_INPUT',
    ],
  ];
  test.each(attacks)('%s', async (_, run, code) => {
    const reply = await run(target);
    expect(reply.code).toBe(code);
    expect(reply.text.length).toBeLessThan(5000);
  });
});

describe('variables', () => {
  const variable = (type: string, value: unknown, use: string) =>
    ask(`query ($v: ${type}) { ${use} }`, { variables: { v: value } });
  withstand([
    [
      'one that has the name of what objects inherit, and no value',
      ask('query ($constructor: ID, $toString: Int) { machine(id: $constructor) { name } count(n: $toString) }'),
      200,
    ],
    [
      '__proto__ beside those that are used',
      body(
        '{"query":"query ($v: ID) { machine(id: $v) { name } }","variables":{"v":"1","__proto__":{"polluted":true}}}',
      ),
      200,
    ],
    [
      '__proto__ in a scalar',
      body('{"query":"query ($v: JSON) { echo(value: $v) }","variables":{"v":{"__proto__":{"polluted":true}}}}'),
      200,
    ],
    [
      'constructor.prototype in a scalar',
      variable('JSON', { constructor: { prototype: { polluted: true } } }, 'echo(value: $v)'),
      200,
    ],
    [
      '__proto__ in an input object',
      body('{"query":"query ($v: Filter) { count(filter: $v) }","variables":{"v":{"__proto__":{"name":"x"}}}}'),
      400,
      'BAD_USER_INPUT',
    ],
    [
      'constructor in an input object',
      variable('Filter', { constructor: 'x' }, 'count(filter: $v)'),
      400,
      'BAD_USER_INPUT',
    ],
    ['a hidden input field', variable('Filter', { secret: 'x' }, 'count(filter: $v)'), 400, 'BAD_USER_INPUT'],
    ['a hidden enum value', variable('Kind', 'SECRET', 'count(kind: $v)'), 400, 'BAD_USER_INPUT'],
    ['an enum value named toString', variable('Kind', 'toString', 'count(kind: $v)'), 400, 'BAD_USER_INPUT'],
    ['an integer out of range', variable('Int', 2 ** 31, 'count(n: $v)'), 400, 'BAD_USER_INPUT'],
    [
      'a huge integer',
      body(`{"query":"query ($v: Int) { count(n: $v) }","variables":{"v":${'9'.repeat(400)}}}`),
      400,
      'BAD_USER_INPUT',
    ],
    ['a float for an integer', variable('Int', 1.5, 'count(n: $v)'), 400, 'BAD_USER_INPUT'],
    ['text for a number', variable('Float', '1', 'count(ratio: $v)'), 400, 'BAD_USER_INPUT'],
    [
      'infinity',
      body('{"query":"query ($v: Float) { count(ratio: $v) }","variables":{"v":1e999}}'),
      400,
      'BAD_USER_INPUT',
    ],
    ['a number for a boolean', variable('Boolean', 1, 'count(flag: $v)'), 400, 'BAD_USER_INPUT'],
    ['an object for an id', variable('ID', { toString: 'x' }, 'machine(id: $v) { name }'), 400, 'BAD_USER_INPUT'],
    [
      'null for what must not be null',
      ask('mutation ($v: ID!) { stop(id: $v) { id } }', { variables: { v: null } }),
      400,
      'BAD_USER_INPUT',
    ],
    ['a missing one', ask('mutation ($v: ID!) { stop(id: $v) { id } }'), 400, 'BAD_USER_INPUT'],
    [
      'a lone surrogate',
      body('{"query":"query ($v: ID) { machine(id: $v) { name } }","variables":{"v":"\\ud800"}}'),
      200,
    ],
    ['a NUL character', variable('ID', '\u0000', 'machine(id: $v) { name }'), 200],
    ['a list of a hundred thousand', variable('[ID!]', Array(100_000).fill('1'), 'count(ids: $v)'), 200],
    [
      'a list of a hundred thousand mistakes',
      variable('[ID!]', Array(100_000).fill(null), 'count(ids: $v)'),
      400,
      'BAD_USER_INPUT',
    ],
    [
      'a hundred levels of input objects',
      body(
        `{"query":"query ($v: Filter) { count(filter: $v) }","variables":{"v":${nested(100, '{"not":', '}', '{}')}}}`,
      ),
      200,
    ],
    [
      'a thousand levels of input objects',
      body(
        `{"query":"query ($v: Filter) { count(filter: $v) }","variables":{"v":${nested(1000, '{"not":', '}', '{}')}}}`,
      ),
      400,
      'DEPTH_LIMIT_EXCEEDED',
    ],
    [
      'ten thousand that nobody declared',
      ask('{ machine { name } }', {
        variables: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`v${i}`, i])),
      }),
      200,
    ],
    [
      'a condition that is no boolean',
      ask('query ($v: Boolean!) { machine { name @skip(if: $v) } }', { variables: { v: 'x' } }),
      400,
      'BAD_USER_INPUT',
    ],
    [
      'a type that does not exist',
      ask('query ($v: Nothing) { machine(id: $v) { name } }'),
      400,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['an output type', ask('query ($v: Machine) { machine(id: $v) { name } }'), 400, 'GRAPHQL_VALIDATION_FAILED'],
  ]);
});

describe('names that objects have anyway', () =>
  withstand(
    ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'prototype', '__defineGetter__', 'then', 'toJSON'].map(
      (name): Attack => [
        `${name} as an alias`,
        async (to) => {
          const reply = await to.query(
            `{ ${name}: machine { ${name}: hours } other: machine { owner { ${name}: id } } }`,
          );
          expect(JSON.parse(reply.text).data).toEqual({ [name]: { [name]: null }, other: { owner: { [name]: '1' } } });
          return reply;
        },
        200,
      ],
    ),
  ));

describe('what is sent', () => {
  const simple = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'TEXT/PLAIN;x'];
  const gzip = { 'content-encoding': 'gzip' };
  const get = (search: string, headers: Record<string, string> = {}) =>
    send({ method: 'GET', path: `/graphql?${search}`, headers });
  const mutation = encodeURIComponent('mutation { stop(id: "1") { id } }');
  withstand([
    ...simple.map((type): Attack => [`a form's ${type}`, body(good, { 'content-type': type }), 400, 'BAD_REQUEST']),
    [
      'no content type',
      (to) => to.raw(`POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${good.length}\r\n\r\n${good}`),
      400,
      'BAD_REQUEST',
    ],
    ['XML', body('<query/>', { 'content-type': 'application/xml' }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'GraphQL without JSON',
      body('{ machine { name } }', { 'content-type': 'application/graphql' }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['JSON of another kind', body(good, { 'content-type': 'application/jsonp' }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a gzip bomb', body(gzipSync(Buffer.alloc(500_000_000, 0x20)), gzip), 413, 'BODY_LIMIT_EXCEEDED'],
    [
      'a brotli bomb',
      body(brotliCompressSync(Buffer.alloc(100_000_000, 0x20)), { 'content-encoding': 'br' }),
      413,
      'BODY_LIMIT_EXCEEDED',
    ],
    [
      'a thousand gzip members',
      body(Buffer.concat(Array(1000).fill(gzipSync(Buffer.alloc(10_000)))), gzip),
      413,
      'BODY_LIMIT_EXCEEDED',
    ],
    ['plain text that is called gzip', body(good, gzip), 400, 'BAD_REQUEST'],
    ['half of a gzip', body(gzipSync(good).subarray(0, 20), gzip), 400, 'BAD_REQUEST'],
    ['gzip in gzip', body(gzipSync(gzipSync(good)), { 'content-encoding': 'gzip, gzip' }), 415, 'UNSUPPORTED_ENCODING'],
    ['an unknown encoding', body(good, { 'content-encoding': 'constructor' }), 415, 'UNSUPPORTED_ENCODING'],
    ['a mutation over GET', get(`query=${mutation}`), 405, 'METHOD_NOT_ALLOWED'],
    [
      'a mutation over GET as a stream',
      get(`query=${mutation}`, { accept: 'text/event-stream' }),
      405,
      'METHOD_NOT_ALLOWED',
    ],
    [
      'a GET from a foreign page',
      get('query={machine{name}}', { origin: 'https://evil.example' }),
      403,
      'ORIGIN_NOT_ALLOWED',
    ],
    ['a GET from a sandboxed page', get('query={machine{name}}', { origin: 'null' }), 403, 'ORIGIN_NOT_ALLOWED'],
    [
      'a GET that a foreign page embeds',
      get('query={machine{name}}', { 'sec-fetch-site': 'cross-site' }),
      403,
      'ORIGIN_NOT_ALLOWED',
    ],
    ['a GET with two queries', get('query={machine{name}}&query={machine{id}}'), 400, 'BAD_REQUEST'],
    ['a GET with variables that are no JSON', get('query={machine{name}}&variables=x'), 400, 'BAD_REQUEST'],
    [
      'a GET with deep variables',
      get(`query={machine{name}}&variables=${nested(5000, '[', ']')}`),
      400,
      'DEPTH_LIMIT_EXCEEDED',
    ],
    ['a GET with an escape that is none', get('query=%E0%A4%A'), 400, 'GRAPHQL_PARSE_FAILED'],
    ['a GET with nothing', get(''), 400, 'BAD_REQUEST'],
    ['another host name', body(good, { host: 'evil.example' }), 403, 'HOST_NOT_ALLOWED'],
    ['TRACE', send({ method: 'TRACE' }), 405, 'METHOD_NOT_ALLOWED'],
    ['PATCH', send({ method: 'PATCH', body: good }), 405, 'METHOD_NOT_ALLOWED'],
    ['another path', send({ path: '/graphql/../../etc/passwd', body: good }), 404],
    ['a path with an encoded slash', send({ path: '/graphql%2f', body: good }), 404],
    ['an Accept that is nonsense', body(good, { accept: `${';q=,'.repeat(2000)}` }), 406, 'NOT_ACCEPTABLE'],
    ['an Accept of images', body(good, { accept: 'image/png' }), 406, 'NOT_ACCEPTABLE'],
    ['a query as a multipart stream', body(good, { accept: 'multipart/mixed;subscriptionSpec=1.0' }), 200],
    [
      'a refusal as a multipart stream',
      body(JSON.stringify({ query: '{ nothing }' }), { accept: 'multipart/mixed;subscriptionSpec=1.0' }),
      200,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'a subscription without a stream',
      ask('subscription { machineChanged { id } }'),
      400,
      'SUBSCRIPTION_NEEDS_STREAM',
    ],
    [
      'an event stream that nobody reserved',
      send({ method: 'GET', path: '/graphql?token=x', headers: { accept: 'text/event-stream' } }),
      404,
      'STREAM_NOT_FOUND',
    ],
    [
      'an operation for a stream of somebody else',
      body(good, { 'x-graphql-event-stream-token': 'x' }),
      404,
      'STREAM_NOT_FOUND',
    ],
    [
      'the end of an operation of somebody else',
      send({ method: 'DELETE', path: '/graphql?operationId=1', headers: { 'x-graphql-event-stream-token': 'x' } }),
      404,
      'STREAM_NOT_FOUND',
    ],
    ['a request id with a line break in it', body(good, { 'x-request-id': 'a b c'.repeat(50) }), 200],
  ]);
});

describe('the wire', () => {
  const head = (more: string, method = 'POST') =>
    `${method} /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}\r\n`;
  const whole = `${head(`Content-Length: ${good.length}\r\n`)}${good}`;
  withstand([
    ['two lengths', (to) => to.raw(`${head('Content-Length: 5\r\nContent-Length: 6\r\n')}{"a":1}`), 400, 'BAD_REQUEST'],
    [
      'a length and chunks',
      (to) => to.raw(`${head('Content-Length: 6\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\nGET / HTTP/1.1\r\n\r\n`),
      400,
      'BAD_REQUEST',
    ],
    [
      'chunks by another name',
      (to) => to.raw(`${head('Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n')}0\r\n\r\n`),
      400,
      'BAD_REQUEST',
    ],
    ['a length that is no number', (to) => to.raw(`${head('Content-Length: +5\r\n')}{}{}{`), 400, 'BAD_REQUEST'],
    ['a negative length', (to) => to.raw(`${head('Content-Length: -1\r\n')}{}`), 400, 'BAD_REQUEST'],
    [
      'a chunk that is no number',
      (to) => to.raw(`${head('Transfer-Encoding: chunked\r\n')}zz\r\n{}\r\n0\r\n\r\n`),
      400,
      'BAD_REQUEST',
    ],
    ['a header with a line break', (to) => to.raw(head('X-A: a\rX-B: b\r\n')), 400, 'BAD_REQUEST'],
    ['a header without a name', (to) => to.raw(head(': a\r\n')), 400, 'BAD_REQUEST'],
    [
      'two hosts, of which a proxy may have read the other',
      (to) => to.raw('GET /graphql HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n'),
      400,
      'BAD_REQUEST',
    ],
    ['no host', (to) => to.raw('GET /graphql HTTP/1.1\r\n\r\n'), 400, 'BAD_REQUEST'],
    ['no HTTP', (to) => to.raw('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'), 400, 'BAD_REQUEST'],
    ['HTTP/2 without TLS', (to) => to.raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), 400, 'BAD_REQUEST'],
    ['a header of a megabyte', (to) => to.raw(head(`X-A: ${'x'.repeat(1_000_000)}\r\n`)), 431, 'HEADER_LIMIT_EXCEEDED'],
    ['ten thousand headers', (to) => to.raw(head('X-A: 1\r\n'.repeat(10_000))), 431, 'HEADER_LIMIT_EXCEEDED'],
    [
      'a path of a megabyte',
      (to) => to.raw(`GET /${'x'.repeat(1_000_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`),
      431,
      'HEADER_LIMIT_EXCEEDED',
    ],
    [
      'a length that is a lie',
      (to) => to.raw(`${head('Content-Length: 9999999999\r\n')}{`),
      413,
      'BODY_LIMIT_EXCEEDED',
    ],
    [
      'chunks without end',
      (to) => to.raw([head('Transfer-Encoding: chunked\r\n'), ...Array(20).fill(`10000\r\n${'x'.repeat(65_536)}\r\n`)]),
      413,
      'BODY_LIMIT_EXCEEDED',
    ],
    [
      'headers that never end',
      () => hasty.raw('GET /graphql HTTP/1.1\r\nHost: localhost\r\nX-A: '),
      408,
      'REQUEST_TIMEOUT',
    ],
    ['a body that never ends', () => hasty.raw(`${head('Content-Length: 100\r\n')}{`), 408, 'REQUEST_TIMEOUT'],
    [
      'a hundred requests at once on one connection',
      async (to) => {
        const reply = await to.raw(whole.repeat(100), (text) => text.split('"name":"Press"').length > 100);
        expect(reply.text.match(/"name":"Press"/g)).toHaveLength(100);
        return reply;
      },
      200,
    ],
    [
      'garbage behind a request, which is answered first',
      async (to) => {
        const reply = await to.raw(`${whole}nonsense\r\n\r\n`, (text) => text.includes('HTTP/1.1 400 '));
        expect(reply.text).toMatch(
          /^HTTP\/1\.1 200 .*"name":"Press".*HTTP\/1\.1 400 .*connection: close.*"BAD_REQUEST"/s,
        );
        return reply;
      },
      200,
      'BAD_REQUEST',
    ],
    [
      'an expectation that nobody knows',
      (to) => to.raw(`${head(`Expect: 7\r\nContent-Length: ${good.length}\r\n`)}${good}`),
      200,
    ],
    [
      'a WebSocket behind a request, which is answered first',
      async (to) => {
        const handshake =
          'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
        const reply = await to.raw(`${whole}${head(handshake, 'GET')}`, (text) => text.includes('HTTP/1.1 101 '));
        expect(reply.text).toMatch(/^HTTP\/1\.1 200 .*"name":"Press".*HTTP\/1\.1 101 /s);
        return reply;
      },
      200,
    ],
    [
      'a body that is too large, announced',
      async (to) => {
        const reply = await to.raw(head('Expect: 100-continue\r\nContent-Length: 9999999999\r\n'));
        expect(reply.text).not.toContain('100 Continue');
        return reply;
      },
      413,
      'BODY_LIMIT_EXCEEDED',
    ],
    [
      'a tunnel',
      (to) => to.raw('CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n'),
      405,
      'METHOD_NOT_ALLOWED',
    ],
    [
      'a request behind a refused one is not taken for its body',
      async (to) => {
        const reply = await to.raw(`${head('Content-Encoding: zip\r\nContent-Length: 4\r\n')}{}{}${whole}`);
        expect(reply.text.match(/HTTP\/1\.1 /g)?.length).toBeLessThanOrEqual(2);
        return reply;
      },
      415,
      'UNSUPPORTED_ENCODING',
    ],
    [
      'three hundred idle connections',
      async (to) => {
        const idle = await Promise.all(Array.from({ length: 300 }, () => to.connect()));
        const reply = await to.query('{ machine { name } }');
        for (const socket of idle) socket.destroy();
        return reply;
      },
      200,
    ],
    [
      'three hundred half requests',
      async (to) => {
        const half = await Promise.all(Array.from({ length: 300 }, () => to.connect()));
        for (const socket of half) socket.write(`${head('Content-Length: 100\r\n')}{`);
        const reply = await to.query('{ machine { name } }');
        for (const socket of half) socket.destroy();
        return reply;
      },
      200,
    ],
    [
      'clients that leave before they are answered',
      async (to) => {
        const leaving = await Promise.all(Array.from({ length: 100 }, () => to.connect()));
        for (const socket of leaving) {
          socket.write(whole);
          socket.destroy();
        }
        return to.query('{ machine { name } }');
      },
      200,
    ],
  ]);
});

describe('sockets', () => {
  const init = { type: 'connection_init' };
  const subscribe = (id: string, query = 'subscription { machineChanged { id } }') => ({
    type: 'subscribe',
    id,
    payload: { query },
  });
  const say =
    (...messages: (string | Buffer | object)[]) =>
    async (to: AttackTarget) => {
      const socket = await to.socket();
      for (const message of messages) await (message === init ? socket.acknowledged() : socket.send(message));
      return socket.reply();
    };
  /** The first frame behind the answer to the upgrade, where it has come whole and is a close. */
  const closeFrame = (received: readonly Buffer[]): Buffer | undefined => {
    const bytes = Buffer.concat(received);
    const frame = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
    return frame[0] === 0x88 && frame.length > 3 ? frame : undefined;
  };
  /** After the upgrade: exactly these bytes as frames. @returns the close code that came back */
  const frames =
    (...parts: Buffer[]) =>
    async (to: AttackTarget): Promise<Reply> => {
      const socket = await to.connect();
      const received: Buffer[] = [];
      const ended = new Promise<void>((resolve) => {
        socket.on('data', (chunk) => {
          received.push(chunk);
          // As clients do that were told to leave: who does not is waited for.
          if (closeFrame(received)) socket.end();
        });
        socket.on('close', () => resolve());
      });
      socket.write(
        'GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
      );
      for (const part of parts) socket.write(part);
      await ended;
      return { status: closeFrame(received)?.readUInt16BE(2) ?? 0, code: undefined, text: '' };
    };
  /** A handshake that would be right but for these headers. */
  const handshake = (wrong: Record<string, string | undefined>, method = 'GET', version = '1.1') => {
    const right = {
      Host: 'localhost',
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const lines = Object.entries({ ...right, ...wrong }).flatMap(([name, value]) => (value ? `${name}: ${value}` : []));
    return (to: AttackTarget) => to.raw([`${method} /graphql HTTP/${version}`, ...lines, '', ''].join('\r\n'));
  };
  /** A frame as clients send them, masked with zeros. */
  const frame = (first: number, payload: Buffer | string, length = Buffer.byteLength(payload)) => {
    const size = length < 126 ? Buffer.from([0x80 | length]) : Buffer.alloc(9);
    if (length >= 126) {
      size[0] = 0xff;
      size.writeBigUInt64BE(BigInt(length), 1);
    }
    return Buffer.concat([Buffer.from([first]), size, Buffer.alloc(4), Buffer.from(payload)]);
  };
  withstand([
    [
      'who never says connection_init',
      async () => {
        for (;;) {
          // Even to connect takes longer, on a machine that stalls, than it has patience.
          const socket = await hasty.socket().catch(() => undefined);
          if (socket) return socket.reply();
        }
      },
      4408,
    ],
    ['connection_init twice', say(init, init), 4429],
    ['an operation before connection_init', say(subscribe('1')), 4401],
    ['no JSON', say('hello'), 4400],
    ['JSON that is no object', say('[]'), 4400],
    ['a message without a type', say('{}'), 4400],
    ['a message of an unknown type', say(init, { type: '__proto__' }), 4400],
    ['a message of the old protocol', say(init, { type: 'start', id: '1', payload: {} }), 4400],
    ['a message deeper than the stack', say(`{"type":"ping","payload":${nested(100_000, '{"a":', '}', '1')}}`), 4400],
    ['an id that is a number', say(init, { type: 'subscribe', id: 1, payload: { query: '{ a }' } }), 4400],
    ['an empty id', say(init, subscribe('')), 4400],
    ['no payload', say(init, { type: 'subscribe', id: '1' }), 4400],
    [
      'variables that are a list',
      say(init, { type: 'subscribe', id: '1', payload: { query: '{ a }', variables: [] } }),
      4400,
    ],
    [
      'an id in use',
      async (to) => {
        const socket = await to.socket();
        await socket.acknowledged();
        socket.send(subscribe('1'));
        socket.send(subscribe('1'));
        return socket.reply();
      },
      4409,
    ],
    ['an id of a hundred thousand letters', say(init, subscribe('x'.repeat(100_000))), 200, 'OPERATION_ID_TOO_LONG'],
    [
      'more subscriptions than a socket takes',
      async (to) => {
        const socket = await to.socket();
        await socket.acknowledged();
        for (let id = 0; id <= 20; id += 1) socket.send(subscribe(String(id)));
        return socket.reply();
      },
      200,
      'TOO_MANY_OPERATIONS',
    ],
    ['a binary message', say(init, Buffer.from('{"type":"ping"}')), 4400],
    ['a message over the limit', say(init, 'x'.repeat(1_100_000)), 1009],
    ['a frame that says it has an exabyte', frames(frame(0x81, '', 2 ** 52)), 1009],
    [
      'fragments that grow over the limit',
      frames(frame(0x01, 'x'.repeat(600_000)), frame(0x00, 'x'.repeat(600_000))),
      1009,
    ],
    ['a message in two fragments', frames(frame(0x01, '{"type":'), frame(0x80, '"nothing"}')), 4400],
    ['invalid UTF-8', frames(frame(0x81, Buffer.from([0xff, 0xfe]))), 1007],
    ['a packed message, which nobody agreed on', frames(frame(0xc1, 'x')), 1002],
    ['an unknown kind of frame', frames(frame(0x83, 'x')), 1002],
    ['a ping of more than 125 bytes', frames(frame(0x89, 'x'.repeat(200))), 1002],
    ['a continuation of nothing', frames(frame(0x80, 'x')), 1002],
    ['a frame without a mask', frames(Buffer.from([0x81, 0x01, 0x78])), 1002],
    ['a close with one byte', frames(frame(0x88, 'x')), 1002],
    [
      'a socket elsewhere',
      (to) =>
        to.raw(
          'GET /else HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
        ),
      404,
      'NOT_FOUND',
    ],
    [
      'a socket of a foreign page',
      (to) =>
        to.raw(
          'GET /graphql HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
        ),
      403,
      'ORIGIN_NOT_ALLOWED',
    ],
    ['a socket without a key', handshake({ 'Sec-WebSocket-Key': undefined }), 400, 'WEBSOCKET_HANDSHAKE_INVALID'],
    ['a socket with a key of one byte', handshake({ 'Sec-WebSocket-Key': 'eA==' }), 400, 'WEBSOCKET_HANDSHAKE_INVALID'],
    ['a socket of version 99', handshake({ 'Sec-WebSocket-Version': '99' }), 426, 'WEBSOCKET_HANDSHAKE_INVALID'],
    ['a socket of no version', handshake({ 'Sec-WebSocket-Version': undefined }), 426, 'WEBSOCKET_HANDSHAKE_INVALID'],
    [
      'a socket of no protocol but a comma',
      handshake({ 'Sec-WebSocket-Protocol': ',' }),
      400,
      'WEBSOCKET_HANDSHAKE_INVALID',
    ],
    ['a socket in HTTP/1.0', handshake({}, 'GET', '1.0'), 400, 'WEBSOCKET_HANDSHAKE_INVALID'],
    ['a socket that is posted', handshake({}, 'POST'), 405, 'METHOD_NOT_ALLOWED'],
    [
      'five thousand pings',
      async (to) => {
        const socket = await to.socket();
        await socket.acknowledged();
        for (let i = 0; i < 5000; i += 1) socket.send('{"type":"ping"}');
        socket.send(subscribe('1', '{ machine { name } }'));
        return socket.reply();
      },
      200,
    ],
    [
      'two thousand operations that are refused',
      async (to) => {
        const socket = await to.socket();
        await socket.acknowledged();
        for (let i = 0; i < 2000; i += 1) socket.send(subscribe(`${i}`, `{ nothing${i} }`));
        await socket.reply();
        return to.query('{ machine { name } }');
      },
      200,
    ],
    [
      'two thousand subscriptions that are ended at once',
      async (to) => {
        const socket = await to.socket();
        await socket.acknowledged();
        for (let i = 0; i < 2000; i += 1) {
          socket.send(subscribe(`${i}`));
          socket.send({ type: 'complete', id: `${i}` });
        }
        socket.send(subscribe('last', '{ machine { name } }'));
        return socket.reply();
      },
      200,
    ],
  ]);

  test('who sends pings and takes no pongs is cut off', async () => {
    const socket = await target.connect();
    const gone = new Promise((resolve) => socket.on('close', resolve));
    socket.write(
      'GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
    );
    socket.write(frame(0x81, '{"type":"connection_init"}'));
    const pings = Buffer.concat(Array(1000).fill(frame(0x89, 'x'.repeat(125))));
    socket.pause();
    let sent = 0;
    while (!socket.destroyed && sent < 400) {
      sent += 1;
      if (!socket.write(pings)) {
        await Promise.race([
          gone,
          new Promise((resolve) => socket.once('drain', resolve)),
          new Promise((resolve) => setTimeout(resolve, 500)),
        ]);
      }
    }
    socket.resume();
    await gone;
  });
});

describe('floods', () => {
  test('a flood of reservations leaves room for others, and goes away', async () => {
    // In waves: all at once would take longer to send, on a busy machine, than their headers may.
    for (let wave = 0; wave < 10; wave += 1) {
      const replies = await Promise.all(Array.from({ length: 40 }, () => target.http({ method: 'PUT' })));
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]));
    }
  });

  test('a text cannot stand in the place of another one with a name', async () => {
    await target.query('Stop\nquery Stop { machine { name } }');
    await target.query('4:Stopquery Stop { machine { name } }');
    const { status } = await target.query('query Stop { machine { name } }', { operationName: 'Stop' });
    expect(status).toBe(200);
  });

  test('hidden and absent things are told apart by nobody', async () => {
    const pairs: [string, string][] = [
      ['{ machine { secret } }', '{ machine { absent } }'],
      ['{ vault { key } }', '{ other { key } }'],
      ['{ machine { ... on Vault { key } } }', '{ machine { ... on Other { key } } }'],
      ['{ count(kind: SECRET) }', '{ count(kind: ABSENT) }'],
      ['{ count(filter: { secret: "1" }) }', '{ count(filter: { absent: "1" }) }'],
    ];
    const neutral = (text: string) => text.replaceAll(/secret|absent|vault|other/gi, '?');
    for (const [hidden, absent] of pairs) {
      const [one, two] = [await target.query(hidden), await target.query(absent)];
      expect([one.status, neutral(one.text)]).toEqual([two.status, neutral(two.text)]);
    }
  });

  test('a query of 60 levels over circles two wide is refused in about a millisecond', async () => {
    const before = target.processorMs;
    for (let round = 0; round < 20; round += 1) {
      const { code } = await target.query(`{ machine { ...F0 } } ${chain(60)} # ${round}`);
      expect(code).toBe('DEPTH_LIMIT_EXCEEDED');
    }
    // With the round trip; validation alone would take hours.
    expect((target.processorMs - before) / 20).toBeLessThan(100);
  });
});
