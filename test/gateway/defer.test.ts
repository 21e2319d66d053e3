import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { askInParts } from '../support/deferred-operations.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import type { SubgraphDefinition } from '../support/federation-subgraph.ts';

/** Keeps a resolver waiting until the test lets it go on. */
class Gate {
  #open: () => void = () => undefined;
  passed: Promise<void> = Promise.resolve();
  close(): void {
    this.passed = new Promise((resolve) => {
      this.#open = resolve;
    });
  }
  open(): void {
    this.#open();
  }
}

const [upkeepGate, costGate] = [new Gate(), new Gate()];
const names: Record<string, string | null> = { m1: 'Press', m2: 'Robot', m3: null };
/** Machines that the plant does not find any more. */
const deleted = new Set<string>();
const machines = Object.keys(names).map((id) => ({ id }));

/** Machines in the plant; what is known of their upkeep and costs comes from two slow systems. */
const definitions: Record<string, SubgraphDefinition> = {
  plant: {
    typeDefs: `
      type Query {
        machine(id: ID!): Machine machines: [Machine!]! things: [Thing] plantName: String missing: Machine
        yearly: Int monthly: Int assets: [Asset] parts: [Part]
      }
      type Mutation { rename(id: ID!, name: String!): Machine }
      type Subscription { machineChanged: Machine }
      union Thing = Machine | Door
      interface Named { name: String }
      type Machine implements Named @key(fields: "id") {
        id: ID! name: String line: Line next: Machine history(days: Int!): String wear: Int
      }
      type Door implements Named { name: String width: Int opens: Machine }
      type Tool implements Named @key(fields: "id") { id: String! name: String grip: Int }
      union Asset = Machine | Tool
      type Part @key(fields: "code") { code: String load: Int }
      type Line { code: String! machines: [Machine!] load: Int }
    `,
    resolvers: {
      Query: {
        machine: (_: unknown, { id }: { id: string }) => (id in names ? { id } : null),
        machines: () => machines,
        things: () => [{ __typename: 'Machine', id: 'm1' }, { __typename: 'Door', name: 'Gate', width: 3 }, null],
        plantName: () => 'BER',
        yearly: async () => {
          await upkeepGate.passed;
          return 365;
        },
        monthly: async () => {
          await costGate.passed;
          return 30;
        },
        missing: () => null,
        assets: () => [
          { __typename: 'Machine', id: 'm1' },
          { __typename: 'Tool', id: 't1' },
        ],
        parts: () => [{ code: null }, { code: 'p2' }],
      },
      Mutation: { rename: (_: unknown, given: { id: string; name: string }) => given },
      Machine: {
        __resolveReference: ({ id }: { id: string }) => (deleted.has(id) ? null : { id }),
        name: ({ id, name }: { id: string; name?: string }) => name ?? names[id],
        line: () => ({ code: 'L1', machines: machines.slice(0, 2) }),
        next: ({ id }: { id: string }) => ({ id: id === 'm1' ? 'm2' : 'm1' }),
        history: async ({ id }: { id: string }, { days }: { days: number }) => {
          await upkeepGate.passed;
          return `${days} days of ${id}`;
        },
        wear: async ({ id }: { id: string }) => {
          await costGate.passed;
          return Number(id.slice(1));
        },
      },
      Door: { opens: () => ({ id: 'm2' }) },
      Tool: { name: ({ id }: { id: string }) => `Tool ${id}`, grip: () => 5 },
      Part: { load: ({ code }: { code: string | null }) => (code === null ? 1 : 2) },
    },
  },
  upkeep: {
    typeDefs: `
      type Query { backlog: Int }
      type Machine @key(fields: "id") { id: ID! hours: Int fault: String! owner: Person label: String }
      type Person @key(fields: "id") { id: ID! name: String }
    `,
    resolvers: {
      Query: {
        backlog: async () => {
          await upkeepGate.passed;
          return 7;
        },
      },
      Machine: {
        hours: async ({ id }: { id: string }) => {
          await upkeepGate.passed;
          return id === 'm1' ? 12 : null;
        },
        fault: async () => {
          await upkeepGate.passed;
          throw Object.assign(new Error('The log is lost.'), { extensions: { code: 'LOG_LOST' } });
        },
        owner: async () => {
          await upkeepGate.passed;
          return { id: 'p1' };
        },
        label: ({ id }: { id: string }) => `label of ${id}`,
      },
      Person: { name: () => 'Olga' },
    },
  },
  costs: {
    typeDefs: `
      type Machine @key(fields: "id") { id: ID! cost: Int }
      type Person @key(fields: "id") { id: ID! rate: Int }
    `,
    resolvers: {
      Machine: {
        cost: async ({ id }: { id: string }) => {
          await costGate.passed;
          return Number(id.slice(1)) * 100;
        },
      },
      Person: {
        rate: async () => {
          await costGate.passed;
          return 40;
        },
      },
    },
  },
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation(definitions);
});
beforeEach(() => {
  upkeepGate.close();
  costGate.close();
});
const open: Parts[] = [];
afterEach(() => {
  upkeepGate.open();
  costGate.open();
  for (const parts of open.splice(0)) parts.leave();
});
afterAll(() => federation.close());

type Json = Record<string, unknown>;

/** The parts of one answer, as they arrive. */
class Parts {
  readonly response: IncomingMessage;
  #text = '';
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(response: IncomingMessage) {
    this.response = response;
    response.on('data', (chunk) => {
      this.#text += chunk;
      this.#wake();
    });
    response.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
    open.push(this);
  }

  /** The next part; undefined at the end. Without what changes from run to run. */
  async next(): Promise<Json | undefined> {
    for (;;) {
      const part =
        /^\s*(?:--graphql)?\s*content-type: application\/json; charset=utf-8\r\n\r\n(.*?)\r\n--graphql/s.exec(
          this.#text,
        );
      if (part) {
        this.#text = this.#text.slice(part[0].length);
        const { extensions: _, ...json } = JSON.parse(part[1] ?? '') as Json;
        return json;
      }
      if (this.#ended) {
        expect(this.#text).toBe('--\r\n');
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async rest(): Promise<Json[]> {
    const parts: Json[] = [];
    for (let part = await this.next(); part; part = await this.next()) parts.push(part);
    return parts;
  }

  /** What came as one response. */
  async whole(): Promise<Json> {
    while (!this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return JSON.parse(this.#text);
  }

  leave(): void {
    this.response.destroy();
  }
}

const olderFormat = 'multipart/mixed;deferSpec=20220824, application/json';
const newerFormat = 'multipart/mixed;incrementalSpec=v0.2, application/json';

function send(query: string, { accept = olderFormat, variables = {} } = {}): Promise<Parts> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(federation.url, {
      method: 'POST',
      headers: { accept, 'content-type': 'application/json' },
    });
    sent.on('error', reject);
    sent.on('response', (response) => resolve(new Parts(response)));
    sent.end(JSON.stringify({ query, variables }));
  });
}

const receivedBy = (subgraph: string) => federation.subgraphs[subgraph]?.received ?? [];

/** All parts put together, as a client does. */
function assemble([first, ...rest]: Json[]): Json {
  const data = structuredClone((first?.['data'] ?? null) as Json);
  for (const batch of rest) {
    for (const part of (batch['incremental'] ?? []) as { data: Json | null; path: (string | number)[] }[]) {
      const target = part.path.reduce<unknown>((object, key) => (object as Json)[key as string], data);
      if (part.data !== null) merge(target as Json, part.data);
    }
  }
  return data;
}

function merge(target: Json, source: Json): void {
  for (const [key, value] of Object.entries(source)) {
    const known = target[key];
    if (typeof known === 'object' && known !== null && typeof value === 'object' && value !== null)
      merge(known as Json, value as Json);
    else target[key] = value;
  }
}

describe('an answer in parts', () => {
  test('begins before a slow subgraph answers, and asks nobody twice', async () => {
    const asked = receivedBy('plant').length;
    const parts = await send('{ machine(id: "m1") { name ... @defer(label: "upkeep") { hours } } }');
    expect(parts.response.headers['content-type']).toBe('multipart/mixed;boundary="graphql";deferSpec=20220824');
    expect(await parts.next()).toEqual({ data: { machine: { name: 'Press' } }, hasNext: true });
    upkeepGate.open();
    expect(await parts.next()).toEqual({
      incremental: [{ data: { hours: 12 }, path: ['machine'], label: 'upkeep' }],
      hasNext: false,
    });
    expect(await parts.next()).toBeUndefined();
    expect(receivedBy('plant').length - asked).toBe(1);
  });

  test('in the newer format names its parts beforehand', async () => {
    const query = '{ machine(id: "m1") { name ... @defer(label: "upkeep") { hours } ... @defer { cost } } }';
    const parts = await send(query, { accept: newerFormat });
    expect(parts.response.headers['content-type']).toBe('multipart/mixed;boundary="graphql";incrementalSpec=v0.2');
    expect(await parts.next()).toEqual({
      data: { machine: { name: 'Press' } },
      pending: [
        { id: '0', path: ['machine'], label: 'upkeep' },
        { id: '1', path: ['machine'] },
      ],
      hasNext: true,
    });
    costGate.open();
    expect(await parts.next()).toEqual({
      incremental: [{ id: '1', data: { cost: 100 } }],
      completed: [{ id: '1' }],
      hasNext: true,
    });
    upkeepGate.open();
    expect(await parts.next()).toEqual({
      incremental: [{ id: '0', data: { hours: 12 } }],
      completed: [{ id: '0' }],
      hasNext: false,
    });
    expect(await parts.next()).toBeUndefined();
  });

  test('does not wait for the slow fields of a subgraph that has fast ones, too', async () => {
    const asked = receivedBy('upkeep').length;
    const parts = await send('{ machine(id: "m1") { label ... @defer { hours } } }');
    expect(await parts.next()).toEqual({ data: { machine: { label: 'label of m1' } }, hasNext: true });
    upkeepGate.open();
    expect(await parts.next()).toEqual({ incremental: [{ data: { hours: 12 }, path: ['machine'] }], hasNext: false });
    expect(receivedBy('upkeep').length - asked).toBe(2);
  });

  test('does not wait for deferred root fields of a subgraph that has others, nor one part for the next', async () => {
    const parts = await send('{ plantName ... @defer(label: "y") { yearly } ... @defer(label: "m") { monthly } }');
    expect(await parts.next()).toEqual({ data: { plantName: 'BER' }, hasNext: true });
    costGate.open();
    expect(await parts.next()).toEqual({
      incremental: [{ data: { monthly: 30 }, path: [], label: 'm' }],
      hasNext: true,
    });
    upkeepGate.open();
    expect(await parts.next()).toEqual({
      incremental: [{ data: { yearly: 365 }, path: [], label: 'y' }],
      hasNext: false,
    });
  });

  test('does not wait for slow fields of the subgraph that found the objects: it finds them again by their key', async () => {
    const asked = receivedBy('plant').length;
    const parts = await send(
      `query($days: Int!) {
        machines { name next { ...Wear @defer(label: "w") } ... @defer(label: "h") { history(days: $days) } }
      }
      fragment Wear on Machine { wear name }`,
      { variables: { days: 3 } },
    );
    expect(await parts.next()).toEqual({
      data: { machines: ['Press', 'Robot', null].map((name) => ({ name, next: {} })) },
      hasNext: true,
    });
    upkeepGate.open();
    expect(await parts.next()).toEqual({
      incremental: [1, 2, 3].map((n) => ({
        data: { history: `3 days of m${n}` },
        path: ['machines', n - 1],
        label: 'h',
      })),
      hasNext: true,
    });
    costGate.open();
    expect(await parts.next()).toEqual({
      incremental: [
        [2, 'Robot'],
        [1, 'Press'],
        [1, 'Press'],
      ].map(([wear, name], n) => ({ data: { wear, name }, path: ['machines', n, 'next'], label: 'w' })),
      hasNext: false,
    });
    expect(receivedBy('plant').length - asked).toBe(3);
  });

  test('finds objects again among those of other types', async () => {
    const things = await send('{ things { __typename ... on Machine { name ... @defer { wear } } } }');
    expect(await things.next()).toMatchObject({ data: { things: [{ name: 'Press' }, {}, null] }, hasNext: true });
    costGate.open();
    expect(await things.next()).toMatchObject({ incremental: [{ data: { wear: 1 }, path: ['things', 0] }] });
  });

  test('finds an object again whose key the client has under another name', async () => {
    const parts = await send('{ machine(id: "m1") { number: id ... @defer { wear } } }');
    expect(await parts.next()).toEqual({ data: { machine: { number: 'm1' } }, hasNext: true });
    costGate.open();
    expect(await parts.next()).toEqual({ incremental: [{ data: { wear: 1 }, path: ['machine'] }], hasNext: false });
  });

  test('gives each object the fields that are for its way to it, and none is asked with a key of another shape', async () => {
    upkeepGate.open();
    costGate.open();
    const ways = await send(`{ things {
      ... on Machine { to: next { id ... @defer { history(days: 1) } } }
      ... on Door { to: opens { id ... @defer { history(days: 2) } } }
    } }`);
    const to = [1, 2].map((days) => ({ to: { id: 'm2', history: `${days} days of m2` } }));
    expect(assemble(await ways.rest())).toEqual({ things: [...to, null] });
    const assets = await send(
      '{ assets { ... on Machine { name ... @defer { wear } } ... on Tool { name ... @defer { grip } } } }',
    );
    expect(assemble(await assets.rest())).toEqual({
      assets: [
        { name: 'Press', wear: 1 },
        { name: 'Tool t1', grip: 5 },
      ],
    });
  });

  test('waits for what cannot be found again: an object without a key, or whose key is null or means something else', async () => {
    costGate.open();
    const query = `{
      machine(id: "m1") { id: name line { code ... @defer { machines { id } } } ... @defer { wear } }
      parts { code ... @defer { load } }
    }`;
    expect(assemble(await (await send(query)).rest())).toEqual({
      machine: { id: 'Press', line: { code: 'L1', machines: [{ id: 'm1' }, { id: 'm2' }] }, wear: 1 },
      parts: [
        { code: null, load: 1 },
        { code: 'p2', load: 2 },
      ],
    });
  });

  test('tells of an object that is not found again, rather than to call its fields null', async () => {
    deleted.add('m2');
    const parts = await send('{ machines { id ... @defer { wear } } }');
    costGate.open();
    const [, { incremental } = {}] = await parts.rest();
    deleted.clear();
    expect(incremental).toMatchObject([
      { data: { wear: 1 } },
      {
        data: { wear: null },
        errors: [{ path: ['machines', 1, 'wear'], extensions: { code: 'SUBGRAPH_LOST_OBJECT', service: 'plant' } }],
      },
      { data: { wear: 3 } },
    ]);
  });

  test('of a mutation has what each of its fields returned, whatever the next one does', async () => {
    const query =
      'mutation { a: rename(id: "m1", name: "X") { id ... @defer { name } } b: rename(id: "m1", name: "Y") { name } }';
    expect(assemble(await (await send(query)).rest())).toEqual({ a: { id: 'm1', name: 'X' }, b: { name: 'Y' } });
  });

  test('knows what an object is whose subgraph knows its interface only, whatever else is asked of who does', async () => {
    const own = await startFederation({
      plant: { typeDefs: `type Query { doors: [Door] } type Door @key(fields: "id") { id: ID! }` },
      parts: {
        typeDefs: `
          type Query { doorCount: Int }
          type Door @key(fields: "id") { id: ID! width: Int height: Int }
          interface Part @key(fields: "id") { id: ID! label: String }
          type Screw implements Part @key(fields: "id") { id: ID! label: String }
        `,
        resolvers: {
          Door: { width: () => 3, height: () => 4 },
          Part: {
            __resolveReference: ({ id }: { id: string }) => ({ __typename: 'Screw', id }),
          },
        },
      },
      stock: {
        typeDefs: `type Query { stocked: Part! } type Part @key(fields: "id") @interfaceObject { id: ID! count: Int }`,
        resolvers: { Query: { stocked: () => ({ id: 's1' }) } },
      },
    });
    try {
      const query = '{ doors { width ... @defer { height } } stocked { __typename } }';
      const { data, errors } = await askInParts(own, query, {});
      expect({ data, errors }).toEqual({ data: { doors: null, stocked: { __typename: 'Screw' } }, errors: [] });
    } finally {
      await own.close();
    }
  });

  test('has a part for each object of a list, and each part its own place', async () => {
    const parts = await send('{ machines { id ...Costs @defer } } fragment Costs on Machine { cost }');
    expect(await parts.next()).toEqual({
      data: { machines: [{ id: 'm1' }, { id: 'm2' }, { id: 'm3' }] },
      hasNext: true,
    });
    costGate.open();
    expect(await parts.next()).toEqual({
      incremental: [1, 2, 3].map((n) => ({ data: { cost: n * 100 }, path: ['machines', n - 1] })),
      hasNext: false,
    });
  });

  test('defers inside of what is deferred', async () => {
    const parts = await send(
      '{ machine(id: "m1") { name ... @defer(label: "a") { owner { name ... @defer(label: "b") { rate } } } } }',
    );
    expect(await parts.next()).toEqual({ data: { machine: { name: 'Press' } }, hasNext: true });
    upkeepGate.open();
    expect(await parts.next()).toEqual({
      incremental: [{ data: { owner: { name: 'Olga' } }, path: ['machine'], label: 'a' }],
      hasNext: true,
    });
    costGate.open();
    expect(await parts.next()).toEqual({
      incremental: [{ data: { rate: 40 }, path: ['machine', 'owner'], label: 'b' }],
      hasNext: false,
    });
  });

  test('may defer root fields, introspection among them', async () => {
    const parts = await send('{ plantName ... @defer { backlog __type(name: "Person") { name } } }');
    expect(await parts.next()).toEqual({ data: { plantName: 'BER' }, hasNext: true });
    upkeepGate.open();
    expect(await parts.next()).toEqual({
      incremental: [{ data: { backlog: 7, __type: { name: 'Person' } }, path: [] }],
      hasNext: false,
    });
  });

  test('defers on the types that the fragment is for only', async () => {
    const parts = await send('{ things { __typename ... on Door { width } ... on Machine @defer { name cost } } }');
    expect(await parts.next()).toEqual({
      data: { things: [{ __typename: 'Machine' }, { __typename: 'Door', width: 3 }, null] },
      hasNext: true,
    });
    costGate.open();
    expect(await parts.next()).toEqual({
      incremental: [{ data: { name: 'Press', cost: 100 }, path: ['things', 0] }],
      hasNext: false,
    });
  });

  test('of a mutation ends with what can be read later', async () => {
    const parts = await send(
      'mutation { a: rename(id: "m1", name: "X") { id ... @defer { hours } } b: rename(id: "m2", name: "Y") { id } }',
    );
    expect(await parts.next()).toEqual({ data: { a: { id: 'm1' }, b: { id: 'm2' } }, hasNext: true });
    upkeepGate.open();
    expect(await parts.next()).toEqual({ incremental: [{ data: { hours: 12 }, path: ['a'] }], hasNext: false });
  });

  test('says the same as a whole one', async () => {
    upkeepGate.open();
    costGate.open();
    const queries = [
      '{ machines { ... @defer { name line { code machines { id ... @defer { hours } } } } ... @defer { cost owner { id name } } } }',
      '{ machine(id: "m1") { next { next { ... @defer { id cost next { hours ... @defer { name } } } } } } plantName }',
      '{ things { ...T } } fragment T on Thing { ... on Named @defer { name } ... on Machine { hours line { ... @defer { code } } } }',
      'query { ...Q @defer } fragment Q on Query { machines { label ...M @defer } } fragment M on Machine { id name label hours cost owner { rate } }',
      '{ m: machine(id: "m2") { a: hours ... @defer { b: cost c: hours id } } n: machine(id: "m3") { ... @defer { b: cost name } } missing { ... @defer { cost } } }',
    ];
    for (const query of queries) {
      const parts = await (await send(query)).rest();
      const { data } = await federation.query(query.replaceAll(/@defer/g, ''));
      expect(assemble(parts), query).toEqual(data);
    }
  });
});

describe('what is not in parts', () => {
  beforeEach(() => {
    upkeepGate.open();
    costGate.open();
  });
  const query = 'query ($later: Boolean = true) { machine(id: "m1") { name ... @defer(if: $later) { hours } } }';
  const whole = { data: { machine: { name: 'Press', hours: 12 } } };

  test('an answer to a client that does not take parts', async () => {
    for (const accept of [
      'application/json',
      '*/*',
      'application/graphql-response+json',
      'multipart/mixed;subscriptionSpec=1.0, application/json',
    ]) {
      const { headers, body } = await federation.post({ query }, { accept });
      expect(headers.get('content-type'), accept).toMatch(/^application\//);
      expect({ data: body.data }).toEqual(whole);
    }
  });

  test('an answer whose condition is false, or whose object is null', async () => {
    const never = await send(query, { variables: { later: false } });
    expect(never.response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(await never.whole()).toMatchObject(whole);
    const nothing = await send('{ missing { ... @defer { cost } } }');
    expect(await nothing.whole()).toMatchObject({ data: { missing: null } });
  });

  test('it is one part where the client takes nothing else', async () => {
    const parts = await send('{ plantName }', { accept: 'multipart/mixed;deferSpec=20220824' });
    expect(await parts.rest()).toEqual([{ data: { plantName: 'BER' }, hasNext: false }]);
  });

  test('an operation that may not be deferred there is refused whole, with the reason', async () => {
    const cases = [
      ['mutation { ... @defer { rename(id: "m1", name: "X") { id } } }', 'root type "Mutation"'],
      ['subscription { machineChanged { ... @defer { id } } }', 'Events of a subscription come whole.'],
      [
        '{ machine(id: "m1") { ... @defer(label: "a") { id } ... @defer(label: "a") { name } } }',
        'Two @defer have the label "a".',
      ],
      ['query ($l: String) { machine(id: "m1") { ... @defer(label: $l) { id } } }', 'written as a string'],
      ['{ machine(id: "m1") { id @defer } }', 'may not be used on FIELD'],
      ['{ machine(id: "m1") { ... @defer { nothing } } }', 'Cannot query field'],
    ];
    for (const [text = '', message = ''] of cases) {
      const { status, body } = await federation.post({ query: text }, { accept: 'multipart/mixed;deferSpec=20220824' });
      expect([status, body.errors?.[0]?.extensions?.['code']], text).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
      expect(body.errors?.[0]?.message).toContain(message);
    }
  });
});

describe('errors', () => {
  test('of what is deferred stay with it, and a null ends at its edge', async () => {
    const query = '{ machine(id: "m1") { name ... @defer(label: "a") { fault } ... @defer(label: "b") { cost } } }';
    const [older, newer] = [await send(query), await send(query, { accept: newerFormat })];
    expect(await older.next()).toEqual({ data: { machine: { name: 'Press' } }, hasNext: true });
    upkeepGate.open();
    const error = {
      message: 'The log is lost.',
      path: ['machine', 'fault'],
      extensions: { code: 'LOG_LOST', service: 'upkeep', retryable: false },
    };
    expect(await older.next()).toMatchObject({
      incremental: [{ data: null, path: ['machine'], label: 'a', errors: [error] }],
      hasNext: true,
    });
    await newer.next();
    expect(await newer.next()).toMatchObject({ completed: [{ id: '0', errors: [error] }], hasNext: true });
    costGate.open();
    expect(await older.next()).toEqual({
      incremental: [{ data: { cost: 100 }, path: ['machine'], label: 'b' }],
      hasNext: false,
    });
  });

  test('of a subgraph that is down reach the deferred fields only', async () => {
    federation.subgraphs['costs']?.answerWith((response) => response.writeHead(500).end());
    const parts = await send('{ machines { name ... @defer { cost } } }');
    expect(await parts.next()).toEqual({
      data: { machines: [{ name: 'Press' }, { name: 'Robot' }, { name: null }] },
      hasNext: true,
    });
    const { incremental } = (await parts.next()) as { incremental: { data: Json; errors: { path: unknown[] }[] }[] };
    expect(incremental.map(({ data, errors }) => [data, errors[0]?.path])).toEqual(
      [0, 1, 2].map((index) => [{ cost: null }, ['machines', index, 'cost']]),
    );
    federation.subgraphs['costs']?.answerWith(undefined);
  });
});

describe('other transports', () => {
  const query = '{ machine(id: "m1") { name ... @defer { hours } } }';
  const [first, second] = [
    { data: { machine: { name: 'Press' } }, hasNext: true },
    { incremental: [{ data: { hours: 12 }, path: ['machine'] }], hasNext: false },
  ];

  test('a WebSocket gets each part as a message of its own', async () => {
    const received: unknown[] = [];
    await new Promise<void>((resolve, reject) =>
      federation.socket().subscribe(
        { query },
        {
          next: ({ extensions: _, ...part }) => {
            received.push(part);
            upkeepGate.open();
          },
          error: reject,
          complete: resolve,
        },
      ),
    );
    expect(received).toEqual([first, second]);
  });

  test('server-sent events have each part as an event of its own', async () => {
    const { response } = await send(query, { accept: 'text/event-stream' });
    let text = '';
    for await (const chunk of response) {
      text += chunk;
      if (text.includes('"hasNext":true')) upkeepGate.open();
    }
    const events = [...text.matchAll(/event: next\ndata: (.*)\n/g)].map(([, json = '']) => {
      const { extensions: _, ...part } = JSON.parse(json) as Json;
      return part;
    });
    expect(events).toEqual([first, second]);
    expect(text).toContain('event: complete');
  });
});

test('a client that leaves ends the calls that it waited for, and the gateway goes on', async () => {
  const parts = await send('{ machine(id: "m1") { name ... @defer { hours } } }');
  await parts.next();
  parts.leave();
  upkeepGate.open();
  expect((await federation.query('{ machine(id: "m1") { hours } }')).data).toEqual({ machine: { hours: 12 } });
});

test('limits hold for what is deferred, and the schema tells of it', async () => {
  const limits = { ...defaultGatewayConfig.limits, maxDepth: 3 };
  const small = await startFederation(definitions, { config: { limits } });
  const { body } = await small.post(
    { query: '{ machine(id: "m1") { ... @defer { next { next { id } } } } }' },
    { accept: olderFormat },
  );
  expect(body.errors?.[0]?.extensions?.['code']).toBe('DEPTH_LIMIT_EXCEEDED');
  await small.close();
  const { data } = await federation.query('{ __schema { directives { name locations args { name } } } }');
  expect(data.__schema.directives).toContainEqual({
    name: 'defer',
    locations: ['FRAGMENT_SPREAD', 'INLINE_FRAGMENT'],
    args: [{ name: 'if' }, { name: 'label' }],
  });
});
