import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { readGatewayConfig } from '../../gateway/read-config.ts';
import { createConfigSchema, type OptionSchema } from '../support/config-schema.ts';
import { optionsTable } from '../support/options-table.ts';

const gateway = resolve(dirname(fileURLToPath(import.meta.url)), '../../gateway');
const source = ['config.ts', 'limits/limit.ts'].map((file) => readFileSync(join(gateway, file), 'utf8')).join('\n');
const schema = createConfigSchema(source, 'GatewayConfig', defaultGatewayConfig);
const folder = mkdtempSync(join(tmpdir(), 'andon-schema-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Leaf {
  readonly path: readonly string[];
  readonly option: OptionSchema;
}

const leaves = (section: OptionSchema, path: readonly string[] = []): readonly Leaf[] =>
  Object.entries(section.properties ?? {}).flatMap(([name, option]) =>
    option.properties ? leaves(option, [...path, name]) : [{ path: [...path, name], option }],
  );

/** What is only given together. */
const besides: Readonly<Record<string, object>> = {
  certFile: { keyFile: 'tls.key' },
  keyFile: { certFile: 'tls.crt' },
  serviceName: { endpoint: 'http://localhost:4318' },
  sampleRatio: { endpoint: 'http://localhost:4318' },
  clientCaFile: { certFile: 'tls.crt', keyFile: 'tls.key' },
};

/** Why the gateway does not start with this one option set; undefined where it does. */
function refusal(path: readonly string[], value: unknown): string | undefined {
  const file = join(folder, 'andon.yaml');
  const nested = [...path].reverse().reduce<unknown>((inner, name) => ({ ...besides[name], [name]: inner }), value);
  writeFileSync(file, stringify(nested));
  try {
    readGatewayConfig({ file, env: {} });
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(`${file}:`, '');
  }
}

const isAccepted = ({ path }: Leaf, value: unknown) => refusal(path, value) === undefined;

test('the committed JSON Schema describes the options as they are (write it anew with "vitest run FILE --update")', async () => {
  const whole = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Options of andon gateway (andon.yaml)',
    ...schema,
  };
  const text = JSON.stringify(whole, null, 2).replace(/\[\s+("[^\]]*?")\s+\]/g, (_, items: string) => {
    return `[${items.replace(/\s*\n\s*/g, ' ')}]`;
  });
  await expect(`${text}\n`).toMatchFileSnapshot(join(gateway, 'andon.schema.json'));
});

test('the guide lists every option, with its default (written anew in the same way)', async () => {
  const guide = resolve(gateway, '../docs/gateway.md');
  const [, before, after] =
    /^([\s\S]*\n## Every option\n[^|]*)\|[\s\S]*?\n(\n## [\s\S]*)$/.exec(readFileSync(guide, 'utf8')) ?? [];
  await expect(`${before}${optionsTable(schema)}\n${after}`).toMatchFileSnapshot(guide);
});

test('every option of the defaults is in the schema, with a sentence', () => {
  const known = Object.entries(defaultGatewayConfig).flatMap(([name, value]) =>
    typeof value === 'object' && !Array.isArray(value) ? Object.keys(value).map((inner) => `${name}.${inner}`) : [name],
  );
  const described = leaves(schema).map(({ path }) => path.join('.'));
  expect(described).toEqual(expect.arrayContaining(known.filter((name) => !/\btls$/.test(name))));
  expect(leaves(schema).filter(({ option }) => !option.description)).toEqual([]);
});

test('what the schema calls too small, of the wrong type or no choice, the gateway refuses, and nothing else', () => {
  const wrong: string[] = [];
  const must = (leaf: Leaf, value: unknown, accepted: boolean) => {
    if (isAccepted(leaf, value) !== accepted) wrong.push(`${leaf.path.join('.')}: ${JSON.stringify(value)}`);
  };
  for (const leaf of leaves(schema)) {
    const { type, minimum = 0, maximum = 2 ** 31 - 1, enum: choices } = leaf.option;
    if (type === 'integer') {
      must(leaf, minimum, true);
      must(leaf, minimum - 1, false);
      must(leaf, 'many', false);
    }
    if (type === 'number') {
      for (const inside of [minimum, 0.25, maximum]) must(leaf, inside, true);
      for (const outside of [minimum - 0.1, maximum + 0.1, 'many']) must(leaf, outside, false);
    }
    if (type === 'boolean') must(leaf, 'yes', false);
    for (const choice of choices ?? []) must(leaf, choice, true);
    if (choices) must(leaf, 'something else', false);
  }
  expect(wrong).toEqual([]);
});

/** Values of every type, as the file may have them, and as the refusal shows them. */
const values: readonly (readonly [value: unknown, shown: string])[] = [
  ['a b', '"a b"'],
  ['', 'empty'],
  ['7', '"7"'],
  ['x'.repeat(500), `"${'x'.repeat(59)}…`],
  [-1, '-1'],
  [1.5, '1.5'],
  [7, '7'],
  [1e300, '1e+300'],
  [true, 'true'],
  [['a b'], 'a list'],
  [{ name: 7 }, 'a mapping'],
];

const fits = ({ type, minimum = 0, maximum = 2 ** 31 - 1, enum: choices }: OptionSchema, value: unknown): boolean => {
  if (choices) return choices.includes(value as string);
  if (Array.isArray(type)) return [value].flat().every((one) => typeof one === 'string' && one !== '');
  if (type === 'integer' || type === 'number') {
    const isWanted = type === 'integer' ? Number.isInteger(value) : typeof value === 'number';
    return isWanted && (value as number) >= minimum && (value as number) <= maximum;
  }
  return type === 'string' ? typeof value === 'string' && value !== '' : type === typeof value;
};

test('traces without a collector to send them to are a mistake that is told, at the line of the option', () => {
  expect(refusal(['tracing', 'sampleRatio'], 0.5)).toBeUndefined();
  const file = join(folder, 'andon.yaml');
  writeFileSync(file, 'port: 4000\ntracing:\n  serviceName: plant gateway\n');
  expect(() => readGatewayConfig({ file, env: {} })).toThrow(
    `${file}:3: "tracing.endpoint" is missing. Name the collector, or leave all of "tracing" out: without one nothing is traced.`,
  );
});

test('headers have the time of their request at most: more is a mistake, and less time for the request is less for them', () => {
  const file = join(folder, 'andon.yaml');
  writeFileSync(file, 'http:\n  requestTimeoutMs: 3000\n');
  expect(readGatewayConfig({ file, env: {} }).http).toMatchObject({ requestTimeoutMs: 3000, headersTimeoutMs: 3000 });
  writeFileSync(file, 'http:\n  headersTimeoutMs: 40000\n');
  expect(() => readGatewayConfig({ file, env: {} })).toThrow(
    `${file}:2: "http.headersTimeoutMs" is 40000, and more than "http.requestTimeoutMs" (30000).`,
  );
});

test('whatever an option is set to is taken, or refused with its line, its name, what it is and what to write', () => {
  const places = leaves(schema).flatMap(({ path, option }): Leaf[] =>
    typeof option.additionalProperties === 'object'
      ? [{ path: [...path, 'erp'], option: option.additionalProperties }]
      : [{ path, option }],
  );
  expect(places.length).toBeGreaterThan(60);
  const unhelpful: string[] = [];
  for (const { path, option } of places) {
    for (const [value, shown] of values) {
      const message = refusal(path, value);
      if (message === undefined && fits(option, value)) continue;
      const name = path.join('.');
      const words = [`"${name}" is ${shown}. Write `, ` in "${name}" is no `, `"${name}" is true, and `];
      if (!/^\d+: /.test(message ?? '') || !words.some((part) => message?.includes(part))) {
        unhelpful.push(`${name} = ${JSON.stringify(value)}: ${message}`);
      }
    }
  }
  expect(unhelpful).toEqual([]);
});
