import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

const args = `
  note: JSON = { by: "x", at: [1, 2.5, null, true], deep: { k: [{}] } }
  notes: [JSON!] = [{ a: 1 }, 2]
  given: Given = { note: [1], level: LOW }
  day: Day = "2026-01-01"
`;
const parts = {
  typeDefs: `
    scalar JSON
    scalar Day
    enum Level { LOW HIGH }
    input Given { note: JSON! = { k: [1] } level: Level = HIGH rest: [JSON] = [] }
    type Query { told(${args}): String }
  `,
  resolvers: { Query: { told: (_: unknown, given: Record<string, unknown>) => JSON.stringify(given) } },
};

let federation: Federation;
beforeAll(async () => {
  const limits = { ...defaultGatewayConfig.limits, maxDepth: 30 };
  federation = await startFederation({ parts }, { config: { introspection: true, limits } });
});
afterAll(() => federation.close());

test('defaults of custom scalars are told as they are written, whatever their shape', async () => {
  const { data, errors } = await federation.query(getIntrospectionQuery());
  expect(errors).toBeUndefined();
  const types: { name: string; fields?: { args: object[] }[]; inputFields?: object[] }[] = data.__schema.types;
  const find = (name: string) => types.find((type) => type.name === name);
  const defaults = (inputs: object[] | undefined) =>
    Object.fromEntries((inputs as { name: string; defaultValue: string }[]).map((one) => [one.name, one.defaultValue]));
  expect(defaults(find('Query')?.fields?.[0]?.args)).toEqual({
    note: '{by: "x", at: [1, 2.5, null, true], deep: {k: [{}]}}',
    notes: '[{a: 1}, 2]',
    given: '{note: [1], level: LOW}',
    day: '"2026-01-01"',
  });
  expect(defaults(find('Given')?.inputFields)).toEqual({ note: '{k: [1]}', level: 'HIGH', rest: '[]' });
});

test('they are what the subgraph is given', async () => {
  const { data } = await federation.query('query ($given: Given) { told other: told(given: $given, note: [1]) }', {
    given: { level: 'LOW' },
  });
  const all = {
    note: { by: 'x', at: [1, 2.5, null, true], deep: { k: [{}] } },
    notes: [{ a: 1 }, 2],
    given: { note: [1], level: 'LOW', rest: [] },
    day: '2026-01-01',
  };
  expect(JSON.parse(data.told)).toEqual(all);
  expect(JSON.parse(data.other)).toEqual({
    ...all,
    note: [1],
    given: { note: { k: [1] }, level: 'LOW', rest: [] },
  });
});
