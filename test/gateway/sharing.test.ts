import { afterEach, describe, expect, test } from 'vitest';
import type { GatewayConfig } from '../../gateway/config.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { patientConfig } from '../support/patient-config.ts';
import { somebody } from '../support/somebody.ts';
import { steadyClock } from '../support/steady-time.ts';

class Count {
  #value = 0;
  #waiting: (() => void)[] = [];

  add(): void {
    this.#value += 1;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async reached(value: number): Promise<void> {
    while (this.#value < value) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** A subgraph whose answers wait until the test lets them go. */
class Gate {
  readonly #waiting: (() => void)[] = [];
  readonly #arrivals = new Count();

  pass(): Promise<void> {
    this.#arrivals.add();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  arrived(count: number): Promise<void> {
    return this.#arrivals.reached(count);
  }

  open(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const principal = (id: string, plants: readonly string[] = ['*']) => somebody({ id, roles: ['PLANNER'], plants });

interface Plant {
  readonly federation: Federation;
  readonly gate: Gate;
  /** Requests of `alice` that the gateway has begun. */
  readonly begun: Count;
  ask(token: string, query: string, variables?: Record<string, unknown>, signal?: AbortSignal): Promise<Answered>;
}

interface Answered {
  readonly data: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
}

const open: Plant[] = [];
afterEach(async () => {
  for (const plant of open.splice(0)) {
    plant.gate.open();
    await plant.federation.close();
  }
});

async function startPlant(
  sharing: { router: boolean; subgraph: boolean },
  config: Partial<GatewayConfig> = {},
  runtime: Partial<Runtime> = {},
): Promise<Plant> {
  const gate = new Gate();
  const begun = new Count();
  let level = 0;
  const federation = await startFederation(
    {
      meters: {
        typeDefs: `type Query { level(of: String): Meter broken: Int } type Meter { value: Int of: String }
          type Mutation { raise: Int }`,
        resolvers: {
          Query: {
            level: async (_: unknown, { of }: { of?: string }) => {
              const value = level;
              await gate.pass();
              return { value, of: of ?? null };
            },
            broken: async () => {
              await gate.pass();
              throw Object.assign(new Error('The meter is broken.'), { extensions: { code: 'METER_BROKEN' } });
            },
          },
          Mutation: {
            raise: () => {
              level += 1;
              return level;
            },
          },
        },
      },
    },
    {
      config: { ...patientConfig, sharing, ...config },
      runtime,
      authenticate: (credentials) => {
        if (credentials === 'alice') begun.add();
        return principal(credentials ?? 'nobody', credentials === 'alice@2' ? ['2'] : ['*']);
      },
    },
  );
  const ask: Plant['ask'] = async (token, query, variables = {}, signal) => {
    const response = await fetch(federation.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: token },
      body: JSON.stringify({ query, variables }),
      ...(signal && { signal }),
    });
    return (await response.json()) as Answered;
  };
  const plant = { federation, gate, begun, ask };
  open.push(plant);
  return plant;
}

const calls = ({ federation }: Plant) => federation.subgraphs['meters']?.received.length ?? 0;
/** The gateway has begun with this many requests of alice, and has answered one that came after them. */
async function settled({ ask, begun }: Plant, count: number): Promise<void> {
  await begun.reached(count);
  await ask('probe', '{ __typename }');
}

describe.each([
  { level: 'router', sharing: { router: true, subgraph: false } },
  { level: 'subgraph', sharing: { router: false, subgraph: true } },
])('equal queries at one moment, shared at the $level', ({ sharing }) => {
  const query = 'query Q($of: String) { level(of: $of) { value of } }';

  test('are answered by one call', async () => {
    const plant = await startPlant(sharing);
    const asked = [plant.ask('alice', query), plant.ask('alice', query), plant.ask('alice', query)];
    await plant.gate.arrived(1);
    await settled(plant, 3);
    plant.gate.open();
    const answers = await Promise.all(asked);
    expect(answers.map(({ data }) => data)).toEqual(Array(3).fill({ level: { value: 0, of: null } }));
    expect(calls(plant)).toBe(1);
  });

  test('are not shared between principals, between variables, nor after they ended', async () => {
    const plant = await startPlant(sharing);
    const asked = [
      plant.ask('alice', query, { of: 'a' }),
      plant.ask('alice', query, { of: 'b' }),
      plant.ask('bob', query, { of: 'a' }),
      plant.ask('alice@2', query, { of: 'a' }),
    ];
    await plant.gate.arrived(4);
    plant.gate.open();
    const answers = await Promise.all(asked);
    expect(answers.map(({ data }) => data)).toEqual(['a', 'b', 'a', 'a'].map((of) => ({ level: { value: 0, of } })));
    const later = plant.ask('alice', query, { of: 'a' });
    await plant.gate.arrived(5);
    plant.gate.open();
    await later;
    expect(calls(plant)).toBe(5);
  });

  test('outlive the client that asked first', async () => {
    const plant = await startPlant(sharing);
    const first = new AbortController();
    const leader = plant.ask('alice', query, {}, first.signal).catch((cause: Error) => cause.name);
    await plant.gate.arrived(1);
    const joiner = plant.ask('alice', query);
    await settled(plant, 2);
    first.abort();
    expect(await leader).toBe('AbortError');
    await settled(plant, 2);
    plant.gate.open();
    expect(await joiner).toMatchObject({ data: { level: { value: 0 } } });
    expect((await joiner).errors).toBeUndefined();
    expect(calls(plant)).toBe(1);
  });

  test('share an error as they share a value', async () => {
    const plant = await startPlant(sharing);
    const asked = [plant.ask('alice', '{ broken }'), plant.ask('alice', '{ broken }')];
    await plant.gate.arrived(1);
    await settled(plant, 2);
    plant.gate.open();
    for (const { data, errors } of await Promise.all(asked)) {
      expect(data).toEqual({ broken: null });
      expect(errors).toMatchObject([{ message: 'The meter is broken.', extensions: { code: 'METER_BROKEN' } }]);
    }
    expect(calls(plant)).toBe(1);
  });

  test('do not join what started before a mutation that was answered', async () => {
    const plant = await startPlant(sharing);
    const before = plant.ask('alice', query);
    await plant.gate.arrived(1);
    expect(await plant.ask('bob', 'mutation { raise }')).toEqual(expect.objectContaining({ data: { raise: 1 } }));
    const after = plant.ask('alice', query);
    await plant.gate.arrived(2);
    plant.gate.open();
    expect(await before).toMatchObject({ data: { level: { value: 0 } } });
    expect(await after).toMatchObject({ data: { level: { value: 1 } } });
  });

  test('do not join what has run for so long that it may hang', async () => {
    const time = { passed: 0 };
    const clock = { ...steadyClock, monotonic: () => steadyClock.monotonic() + time.passed };
    const plant = await startPlant(sharing, {}, { clock });
    const hanging = plant.ask('alice', query);
    await plant.gate.arrived(1);
    time.passed = patientConfig.subgraphs.breakerSlowMs;
    const later = plant.ask('alice', query);
    await plant.gate.arrived(2);
    const joiner = plant.ask('alice', query);
    await settled(plant, 3);
    plant.gate.open();
    for (const answer of await Promise.all([hanging, later, joiner]))
      expect(answer.data).toMatchObject({ level: { value: 0 } });
    // A subgraph that does not answer at all is asked by each for itself, which the breaker counts.
    expect(calls(plant)).toBe(sharing.subgraph ? 3 : 2);
  });

  test('mutations are each done, however equal', async () => {
    const plant = await startPlant(sharing);
    const answers = await Promise.all(Array.from({ length: 5 }, () => plant.ask('alice', 'mutation { raise }')));
    expect(answers.map(({ data }) => data?.['raise']).sort()).toEqual([1, 2, 3, 4, 5]);
  });
});

test('with sharing off, equal queries are each answered', async () => {
  const plant = await startPlant({ router: false, subgraph: false });
  const asked = [plant.ask('alice', '{ level { value } }'), plant.ask('alice', '{ level { value } }')];
  await plant.gate.arrived(2);
  plant.gate.open();
  await Promise.all(asked);
  expect(calls(plant)).toBe(2);
});

test('who shares an answer still gets it in its own form: its request id, its format, packed or plain, with the plan where asked', async () => {
  const plant = await startPlant(
    { router: true, subgraph: true },
    { exposeQueryPlans: true, http: { ...patientConfig.http, compressAboveBytes: 1 } },
  );
  const asked = [
    { 'x-request-id': 'one', 'accept-encoding': 'identity' },
    { 'x-request-id': 'two', 'accept-encoding': 'gzip' },
    { 'x-request-id': 'three', accept: 'application/graphql-response+json' },
    { 'x-request-id': 'four', 'apollo-expose-query-plan': 'true' },
  ].map((headers) => plant.federation.post({ query: '{ level { value } }' }, { authorization: 'alice', ...headers }));
  await plant.gate.arrived(1);
  await settled(plant, 4);
  plant.gate.open();
  const answers = await Promise.all(asked);
  expect(answers.map(({ body }) => body.data)).toEqual(Array(4).fill({ level: { value: 0 } }));
  expect(answers.map(({ headers }) => headers.get('x-request-id'))).toEqual(['one', 'two', 'three', 'four']);
  expect(answers.slice(0, 2).map(({ headers }) => headers.get('content-encoding'))).toEqual([null, 'gzip']);
  expect(answers.map(({ headers }) => headers.get('content-type')?.split(';')[0])).toEqual([
    'application/json',
    'application/json',
    'application/graphql-response+json',
    'application/json',
  ]);
  expect(answers.map(({ body }) => body.extensions.queryPlan !== undefined)).toEqual([false, false, false, true]);
  expect(calls(plant)).toBe(1);
});
