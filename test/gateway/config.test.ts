import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { readGatewayConfig } from '../../gateway/read-config.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'andon-config-'));
  folders.push(folder);
  writeFileSync(join(folder, 'andon.yaml'), text);
  return join(folder, 'andon.yaml');
}

const refusal = (text: string) => {
  try {
    readGatewayConfig({ file: file(text), env: {} });
  } catch (error) {
    return (error as Error).message.replace(/^\S*\//, '');
  }
  return 'accepted';
};

test('without a file the defaults hold', () => {
  expect(readGatewayConfig({ env: {} })).toEqual(defaultGatewayConfig);
});

test('a file changes what it names, and the environment wins over it', () => {
  const path = file(
    'port: 4100\nlimits:\n  maxDepth: 7\nsubgraphs:\n  timeoutMsBySubgraph: { erp: 50 }\nsubscriptions: { shareBy: authority }\n',
  );
  const config = readGatewayConfig({ file: path, env: { PORT: '4200' } });
  expect(config).toMatchObject({
    port: 4200,
    limits: { ...defaultGatewayConfig.limits, maxDepth: 7 },
    subgraphs: { timeoutMs: 10_000, timeoutMsBySubgraph: { erp: 50 } },
    subscriptions: { shareBy: 'authority' },
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test('what cannot be used is refused with its line and what to do', () => {
  expect(refusal('host: a\nprot: 1\n')).toMatch(
    /^andon\.yaml:2: Unknown key "prot"\. Did you mean "port"\? Known here: port, host, /,
  );
  expect(refusal('limits:\n  maxDepth: deep\n')).toBe(
    'andon.yaml:2: "limits.maxDepth" is "deep". Write a whole number from 1 to 2147483647, without quotes.',
  );
  expect(refusal('port: "8080"\n')).toBe(
    'andon.yaml:1: "port" is "8080". Write a whole number from 0 to 65535, without quotes.',
  );
  expect(refusal('limits:\n  depth: 3\n')).toMatch(/^andon\.yaml:2: Unknown key "limits\.depth"\./);
  expect(refusal('introspection: "yes"\n')).toBe(
    'andon.yaml:1: "introspection" is "yes". Write true or false, without quotes.',
  );
  expect(refusal('subscriptions:\n\n  shareBy: all\n')).toBe(
    'andon.yaml:3: "subscriptions.shareBy" is "all". Write principal or authority.',
  );
  expect(refusal('subgraphs:\n  subscriptionProtocolBySubgraph: { mes: http }\n')).toBe(
    'andon.yaml:2: "subgraphs.subscriptionProtocolBySubgraph.mes" is "http". Write websocket or sse.',
  );
  expect(refusal('subgraphs:\n  subscriptionUrlBySubgraph: { mes: mes/events }\n')).toBe(
    'andon.yaml:2: "subgraphs.subscriptionUrlBySubgraph.mes" is "mes/events". Write an address that begins with http, https, ws or wss.',
  );
  expect(refusal('subgraphs:\n  forwardHeaders: [x-tenant, Content-Length]\n')).toBe(
    'andon.yaml:2: "content-length" in "subgraphs.forwardHeaders" is no header that can be passed on. Write names such as accept-language. What says how a message is sent is of each call.',
  );
  expect(refusal('- 1\n')).toBe('andon.yaml:1: Not a mapping. Write "key: value" lines.');
  expect(() => readGatewayConfig({ env: { PORT: '80 80' } })).toThrow(
    'PORT is "80 80". Set it to a whole number from 0 to 65535.',
  );
  expect(() => readGatewayConfig({ file: '/nowhere/andon.yaml', env: {} })).toThrow(
    '/nowhere/andon.yaml:1: The file cannot be read (ENOENT).',
  );
});

test('all mistakes are told at once, in the order of the lines, and nothing that only follows from one', () => {
  const yaml = [
    'tls: 7',
    'portt: 4100',
    'limits:',
    '  maxDepth: deep',
    '  maxFields: 10',
    '  maxFields: 20',
    'cors: { origins: [app.example.com, "*", /] }',
    'allowedHosts: http://a',
    'subgraphs:',
    '  subscriptionUrlBySubgraph: { mes: mes/events }',
    'documents: { strict: true }',
    'http: { compressAboveBytes: -1, maxunsentbytes: 1 }',
    'engine: rust',
  ].join('\n');
  const known = (options: object) => `Known here: ${Object.keys(options).join(', ')}.`;
  expect(
    refusal(yaml)
      .replaceAll(/\S*\/(?=andon)/g, '')
      .split('\n'),
  ).toEqual([
    'andon.yaml has 12 mistakes.',
    'andon.yaml:1: "tls" is 7. Write its keys below it, indented.',
    `andon.yaml:2: Unknown key "portt". Did you mean "port"? ${known(defaultGatewayConfig)}`,
    'andon.yaml:4: "limits.maxDepth" is "deep". Write a whole number from 1 to 2147483647, without quotes.',
    'andon.yaml:6: The key "maxFields" is given twice. Leave one of the two out.',
    'andon.yaml:7: "app.example.com" in "cors.origins" is no origin. Write scheme://host, without a path, or "*".',
    'andon.yaml:7: "/" in "cors.origins" is no origin. Write scheme://host, without a path, or "*".',
    'andon.yaml:8: "http://a" in "allowedHosts" is no host name. Write the name alone, without scheme and port.',
    'andon.yaml:10: "subgraphs.subscriptionUrlBySubgraph.mes" is "mes/events". Write an address that begins with http, https, ws or wss.',
    'andon.yaml:11: "documents.strict" is true, and there is no list of operations. Name its file as documents.manifest.',
    `andon.yaml:12: Unknown key "http.maxunsentbytes". Did you mean "maxUnsentBytes"? ${known(defaultGatewayConfig.http)}`,
    'andon.yaml:12: "http.compressAboveBytes" is -1. Write a whole number from 1 to 2147483647, without quotes.',
    'andon.yaml:13: "engine" is "rust". Write auto, native or apollo.',
  ]);
});

test('what is no YAML is told for each line, and the values are left alone', () => {
  expect(
    refusal('a: 1\n  b: 2\nc: "x\nd: 3')
      .replaceAll(/\S*\/(?=andon)/g, '')
      .split('\n'),
  ).toEqual([
    'andon.yaml has 2 mistakes.',
    'andon.yaml:1: Not valid YAML: Nested mappings are not allowed in compact mappings. Correct the syntax at this line.',
    'andon.yaml:4: Not valid YAML: Missing closing "quote. Correct the syntax at this line.',
  ]);
});

test.each([
  ['in itself', 'limits: &a\n  maxDepth: [*a]\n'],
  [
    'a million times',
    `x0: &x0 [1]\n${Array.from({ length: 8 }, (_, i) => `x${i + 1}: &x${i + 1} [${`*x${i},`.repeat(9)}]\n`).join('')}`,
  ],
])('an alias that repeats %s is refused, not followed for ever', (_what, yaml) => {
  expect(() => readGatewayConfig({ file: file(yaml), env: {} })).toThrow(
    /:\d+: The alias "\*\w+" repeats what has an alias in it\. Write/,
  );
});

test('an option without a value has its default, also one for a single subgraph, and an anchor says a value twice', () => {
  const path = file(
    'port:\nsubgraphs:\n  timeoutMs: &patient 15000\n  breakerSlowMs: *patient\n  timeoutMsBySubgraph: { erp: }\n',
  );
  expect(readGatewayConfig({ file: path, env: {} })).toMatchObject({
    port: 4000,
    subgraphs: { timeoutMs: 15_000, breakerSlowMs: 15_000, timeoutMsBySubgraph: {} },
  });
});
