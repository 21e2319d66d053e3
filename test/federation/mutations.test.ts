import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

const log: string[] = [];
let stock = 0;

const entry = (name: string, result: unknown) => () => {
  log.push(name);
  return result;
};

const definitions = {
  a: {
    typeDefs: `
      type Query { lot: Lot }
      type Mutation { first: Int addA(n: Int!): Lot third: Int refuse: Int }
      type Lot @key(fields: "id") { id: ID! }
    `,
    resolvers: {
      Mutation: {
        first: entry('first', 1),
        third: entry('third', 3),
        addA: (_: unknown, { n }: { n: number }) => {
          stock += n;
          log.push(`addA ${n}`);
          return { id: 'l1' };
        },
        refuse: () => {
          throw new Error('secret reason');
        },
      },
    },
  },
  b: {
    typeDefs: 'type Mutation { second: Int } type Lot @key(fields: "id") { id: ID! stock: Int }',
    resolvers: {
      Mutation: { second: entry('second', 2) },
      Lot: {
        stock: () => {
          log.push('read');
          return stock;
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
  log.length = 0;
  stock = 0;
});
afterAll(() => federation.close());

test('mutations of several subgraphs run one after the other, in the order of the request', async () => {
  const answer = await federation.query('mutation { second first again: second third }');
  expect(JSON.stringify(answer.data)).toBe('{"second":2,"first":1,"again":2,"third":3}');
  expect(log).toEqual(['second', 'first', 'second', 'third']);
});

test('what a mutation returns is joined before the next mutation begins', async () => {
  const answer = await federation.query(
    `
    mutation ($n: Int!) { a: addA(n: 1) { stock } ...Rest }
    fragment Rest on Mutation { b: addA(n: $n) { stock } ... { c: addA(n: 4) { id stock } } }
  `,
    { n: 2 },
  );
  expect(answer.data).toEqual({ a: { stock: 1 }, b: { stock: 3 }, c: { id: 'l1', stock: 7 } });
  expect(log).toEqual(['addA 1', 'read', 'addA 2', 'read', 'addA 4', 'read']);
});

test('a mutation that fails is null with its code, and the others still run', async () => {
  const answer = await federation.query('mutation { first refuse second }');
  expect(answer.data).toEqual({ first: 1, refuse: null, second: 2 });
  expect(answer.errors).toEqual([
    {
      message: '"a" could not answer this field.',
      path: ['refuse'],
      extensions: { code: 'SUBGRAPH_ERROR', service: 'a', retryable: false, requestId: expect.any(String) },
    },
  ]);
  expect(JSON.stringify(answer)).not.toContain('secret');
});

test('a mutation is never sent again when its subgraph cannot be reached', async () => {
  let calls = 0;
  federation.subgraphs['b']!.answerWith((response) => {
    calls += 1;
    response.destroy();
  });
  const answer = await federation.query('mutation { first second third }');
  federation.subgraphs['b']!.answerWith(undefined);
  expect(calls).toBe(1);
  expect(answer.data).toEqual({ first: 1, second: null, third: 3 });
  expect(answer.errors?.[0]).toMatchObject({
    message: '"b" gave no answer. The mutation may have been carried out: look before you send it again.',
    path: ['second'],
    extensions: { code: 'SUBGRAPH_UNAVAILABLE', retryable: false },
  });
});

const notAgain = 'A mutation of this request may have been carried out: ask for what is missing, do not send it again.';

test.each(['native', 'apollo'] as const)(
  'after a mutation that was carried out, nothing is called retryable, whoever fails (%s)',
  async (engine) => {
    const other = await startFederation(definitions, { config: { engine } });
    const b = other.subgraphs['b']!;
    try {
      b.answerWith((response) => void response.writeHead(503).end());
      const joined = await other.query('mutation { addA(n: 1) { id stock } }');
      expect(joined.data).toEqual({ addA: { id: 'l1', stock: null } });
      expect(joined.errors).toMatchObject([
        {
          message: `"b" cannot be reached at the moment. ${notAgain}`,
          extensions: { code: 'SUBGRAPH_UNAVAILABLE', retryable: false },
        },
      ]);
      const told = '{"errors":[{"message":"Busy.","extensions":{"code":"BUSY","retryable":true}}],"data":null}';
      b.answerWith((response) => void response.setHeader('content-type', 'application/json').end(told));
      const busy = [{ message: 'Busy.', extensions: { code: 'BUSY', retryable: false } }];
      expect(await other.query('mutation { first second }')).toMatchObject({
        data: { first: 1, second: null },
        errors: busy,
      });
      const nothingDone = [{ message: 'Busy.', extensions: { code: 'BUSY', retryable: true } }];
      expect((await other.query('mutation { second }')).errors).toMatchObject(nothingDone);
      expect((await other.query('mutation { refuse second }')).errors).toMatchObject([{}, ...nothingDone]);
    } finally {
      await other.close();
    }
  },
);

test('a mutation is refused over GET', async () => {
  const response = await fetch(`${federation.url}?query=${encodeURIComponent('mutation { first }')}`, {
    headers: { 'apollo-require-preflight': 'yes' },
  });
  expect(response.status).toBe(405);
  expect(log).toEqual([]);
});
