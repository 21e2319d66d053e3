import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../../auth/principal.ts';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { createGateway } from '../../gateway/gateway.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { testRuntime } from '../support/runtime.ts';
import { somebody } from '../support/somebody.ts';

const asked: string[] = [];
const sees = (name: string, value: unknown) => () => {
  asked.push(name);
  return value;
};

const plant = {
  typeDefs: `
    type Query { lot: Lot recipe: Recipe @authenticated strict: Strict assets: [Asset!]! anything: [Thing!] notes: String @requiresScopes(scopes: []) }
    type Mutation { ping: String scrap: String @requiresScopes(scopes: [["lot:scrap"]]) }
    type Subscription { alarms: Alarm @authenticated ticks: Alarm }
    type Alarm { text: String cause: String @requiresScopes(scopes: [["alarm:cause"]]) }
    type Lot @key(fields: "id") { id: ID! @requiresScopes(scopes: [["lot:id"]]) number: String! weight: Int! }
    type Recipe @policy(policies: [["QUALITY_MANAGER"], ["recipe", "LYO"]]) { name: String! }
    type Strict { must: String! @requiresScopes(scopes: [["a", "b"], ["c"]]) may: String }
    interface Asset { id: ID! price: Int }
    type Pump implements Asset { id: ID! price: Int }
    type Robot implements Asset { id: ID! price: Int @requiresScopes(scopes: [["robot:price"]]) }
    union Thing = Pump | Secret
    type Secret @authenticated { word: String! }
  `,
  resolvers: {
    Query: {
      lot: sees('lot', { id: 'l1', number: 'L-1', weight: 5 }),
      recipe: sees('recipe', { name: 'soup' }),
      strict: () => ({ must: 'm', may: 'n' }),
      assets: () => [
        { __typename: 'Pump', id: 'p', price: 1 },
        { __typename: 'Robot', id: 'r', price: 2 },
      ],
      anything: () => [
        { __typename: 'Pump', id: 'p', price: 1 },
        { __typename: 'Secret', word: 'w' },
      ],
      notes: sees('notes', 'n'),
    },
    Mutation: { ping: sees('ping', 'pong'), scrap: sees('scrap', 'gone') },
    Subscription: {
      alarms: { subscribe: () => once({ alarms: { text: 'hot', cause: 'steam' } }) },
      ticks: { subscribe: () => once({ ticks: { text: 'tick', cause: 'clock' } }) },
    },
  },
};
const quality = {
  typeDefs: `
    type Lot @key(fields: "id") { id: ID! weight: Int! @external grade: String @requires(fields: "weight") state: String @requiresScopes(scopes: [["lot:state"]]) }
  `,
  resolvers: {
    Lot: {
      __resolveReference: (self: unknown) => self,
      grade: ({ weight }: { weight: number }) => `grade ${weight}`,
      state: sees('state', 'FREE'),
    },
  },
};

async function* once<T>(value: T) {
  yield value;
  // Sources of events do not end by themselves.
  await new Promise(() => undefined);
}

const principal = (scopes: readonly string[], roles: Principal['roles'] = ['OPERATOR']) =>
  somebody({ roles, plants: ['*'], scopes });

let federation: Federation;

beforeAll(async () => {
  federation = await startFederation(
    { plant, quality },
    {
      authenticate: (credentials) => {
        const [, scopes = '', role] = /^Bearer ([^;]*);?(.*)$/.exec(credentials ?? '') ?? [];
        return principal(scopes.split(' ').filter(Boolean), role ? [role as Principal['roles'][number]] : ['OPERATOR']);
      },
    },
  );
});
afterAll(() => federation.close());

const ask = async (query: string, token = '') => {
  asked.length = 0;
  const { body } = await federation.post({ query }, { authorization: `Bearer ${token}` });
  return body;
};
const code = 'UNAUTHORIZED_FIELD_OR_TYPE';
const denied = (path: (string | number)[], message?: string) =>
  expect.objectContaining({ path, extensions: { code, retryable: false }, ...(message && { message }) });

test('a field whose scopes are not met is null with an error that names them, and its subgraph is not asked', async () => {
  const answer = await ask('{ lot { number state grade } }');
  expect(answer.data).toEqual({ lot: { number: 'L-1', state: null, grade: 'grade 5' } });
  expect(answer.errors).toEqual([
    denied(['lot', 'state'], 'You may not read Lot.state. Bring a token with the scope "lot:state".'),
  ]);
  expect(asked).toEqual(['lot']);
  expect((await ask('{ lot { state } }', 'lot:state')).data).toEqual({ lot: { state: 'FREE' } });
});

test('a field that is fetched as a key for others is still not shown to who may not read it', async () => {
  const { data, errors } = await ask('{ lot { grade number } }');
  expect({ data, errors }).toEqual({ data: { lot: { grade: 'grade 5', number: 'L-1' } }, errors: undefined });
  const shown = await ask('{ lot { grade id } }');
  expect(shown.data).toEqual({ lot: null });
  expect(JSON.stringify(shown)).not.toContain('l1');
  expect(shown.errors).toEqual([denied(['lot', 'id'])]);
});

test('a type with a rule is denied wherever it is returned; roles and scopes meet policies of their names', async () => {
  expect(await ask('{ recipe { name } }')).toMatchObject({ data: { recipe: null }, errors: [denied(['recipe'])] });
  expect(asked).toEqual([]);
  expect((await ask('{ recipe { name } }', ';QUALITY_MANAGER')).data).toEqual({ recipe: { name: 'soup' } });
  expect((await ask('{ recipe { name } }', 'recipe')).data).toEqual({ recipe: null });
  expect((await ask('{ recipe { name } }', 'recipe LYO')).data).toEqual({ recipe: { name: 'soup' } });
});

test('a null where none may be takes its parent away, and all lists of scopes are looked at', async () => {
  const without = await ask('{ strict { may must } }', 'a');
  expect(without.data).toEqual({ strict: null });
  expect(without.errors).toEqual([
    denied(['strict', 'must'], 'You may not read Strict.must. Bring a token with the scope "a" with "b", or "c".'),
  ]);
  for (const token of ['c', 'a b'])
    expect((await ask('{ strict { must } }', token)).data.strict).toEqual({ must: 'm' });
  expect((await ask('{ notes }', 'a b c')).errors).toEqual([
    denied(['notes'], 'You may not read Query.notes. Nobody may.'),
  ]);
});

test("a field of an interface has the rules of every type behind it; a fragment on one type has that type's", async () => {
  const all = await ask('{ assets { id price } }');
  expect(all.data.assets).toEqual([
    { id: 'p', price: null },
    { id: 'r', price: null },
  ]);
  const typed = await ask('{ assets { id ... on Pump { price } ... on Robot { price } } }');
  expect(typed.data.assets).toEqual([
    { id: 'p', price: 1 },
    { id: 'r', price: null },
  ]);
  expect(typed.errors).toEqual([denied(['assets', 1, 'price'])]);
});

test('aliases, fragments and conditions lead around no rule', async () => {
  const query = `query ($yes: Boolean = true) { lot { x: state ...F ... @include(if: $yes) { y: state } } } fragment F on Lot { z: state number }`;
  const { data, errors = [] } = await ask(query);
  expect(data).toEqual({ lot: { x: null, z: null, number: 'L-1', y: null } });
  expect(errors.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      ['lot', 'x'],
      ['lot', 'y'],
      ['lot', 'z'],
    ]),
  );
  expect(asked).toEqual(['lot']);
});

test('a mutation that may not be called is not, and the others of the operation are', async () => {
  const { data } = await ask('mutation { ping scrap again: ping }');
  expect(data).toEqual({ ping: 'pong', scrap: null, again: 'pong' });
  expect(asked).toEqual(['ping', 'ping']);
});

test('members of a union with a rule keep theirs, and all that is left of a selection may be its type', async () => {
  const open = await startFederation({ plant, quality });
  const { data, errors = [] } = await open.query('{ anything { __typename ... on Secret { word } } recipe { name } }');
  expect(data).toEqual({ anything: null, recipe: null });
  expect(errors.every(({ extensions }) => extensions?.['code'] === code)).toBe(true);
  expect((await open.query('{ strict { must } }')).data).toEqual({ strict: null });
  await open.close();
});

test('a subscription is opened for who may read it, and its events obey the rules of their fields', async () => {
  const open = await startFederation({ plant, quality });
  const client = open.socket();
  const firstEvent = async (query: string) => {
    const { value } = await client.iterate({ query }).next();
    return value;
  };
  expect(await firstEvent('subscription { ticks { text cause } }')).toMatchObject({
    data: { ticks: { text: 'tick', cause: null } },
    errors: [{ path: ['ticks', 'cause'], extensions: { code } }],
  });
  await expect(firstEvent('subscription { alarms { text } }')).rejects.toMatchObject([{ extensions: { code } }]);
  await open.close();
});

test('who waits for parts of an answer gets it whole where some of it is denied', async () => {
  const { data } = await ask('{ lot { number ... @defer { state grade } } }');
  expect(data).toEqual({ lot: { number: 'L-1', state: null, grade: 'grade 5' } });
});

test('whatever is asked with whatever scopes, no value of a denied field is in the answer', async () => {
  const fields = ['id', 'number', 'weight', 'grade', 'state'];
  const secrets: Record<string, [scope: string, value: string]> = {
    id: ['lot:id', 'l1'],
    state: ['lot:state', 'FREE'],
  };
  await fc.assert(
    fc.asyncProperty(
      fc.subarray(fields, { minLength: 1 }),
      fc.subarray(fields),
      fc.subarray(['lot:id', 'lot:state']),
      async (direct, inFragment, scopes) => {
        const fragment =
          inFragment.length > 0 ? `... on Lot { ${inFragment.map((name) => `f_${name}: ${name}`).join(' ')} }` : '';
        const text = JSON.stringify(await ask(`{ lot { ${direct.join(' ')} ${fragment} } }`, scopes.join(' ')));
        for (const [scope, value] of Object.values(secrets)) {
          if (!scopes.includes(scope)) expect(text).not.toContain(`"${value}"`);
        }
        if (!scopes.includes('lot:state')) expect(asked).not.toContain('state');
      },
    ),
    { numRuns: 60 },
  );
});

test('one operation is answered to each caller by its own authority, in whatever order hundreds of them come', async () => {
  const query = '{ lot { number state } }';
  const shown = async (token: string) => (await ask(query, token)).data.lot.state;
  for (let n = 0; n < 300; n += 1) {
    // A role is no scope, and scopes of other names are not this one.
    expect(await shown(`other:${n}`)).toBe(null);
    if (n % 50 === 0) expect([await shown('lot:state'), await shown(`;lot:state`)]).toEqual(['FREE', null]);
  }
  expect(await shown('other:0 lot:state')).toBe('FREE');
  expect(await shown('other:0')).toBe(null);
});

test('a supergraph that demands what this gateway does not know is refused when it is loaded', async () => {
  const start = () =>
    createGateway({
      supergraphSdl: federation.sdl.replace('/policy/v0.1"', '/secrecy/v0.1"'),
      runtime: testRuntime(),
      config: defaultGatewayConfig,
    });
  await expect(start()).rejects.toThrow(/must not be served without .*\/secrecy\/v0\.1/);
});
