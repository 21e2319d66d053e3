import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { runComposeCommand } from '../../../gateway/commands/compose.ts';
import { composeSupergraph } from '../../../gateway/supergraph/compose.ts';
import { loadSupergraph } from '../../../gateway/supergraph/load-supergraph.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function project(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'andon-compose-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return join(folder, 'supergraph.yaml');
}

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable"])\n';
const one = `${link}type Query { a: A }\ntype A @key(fields: "id") { id: ID! }\n`;
const yaml =
  'federation_version: =2.11.0\nsubgraphs:\n  one:\n    routing_url: http://127.0.0.1:1/graphql\n    schema: { file: one.graphql }\n';
const refusal = (files: Record<string, string>) =>
  composeSupergraph(project(files)).then(
    () => 'composed',
    (error: Error) => error.message.replace(/\S*\//g, ''),
  );

test('a file in the format of Rover composes into a supergraph that the gateway loads', async () => {
  const { sdl } = await composeSupergraph(project({ 'supergraph.yaml': yaml, 'one.graphql': one }));
  const supergraph = loadSupergraph(sdl);
  expect([...supergraph.subgraphs.values()]).toEqual([{ name: 'one', url: 'http://127.0.0.1:1/graphql' }]);
});

test('a list of schema files is joined, so that shared definitions live once', async () => {
  const list = yaml.replace('file: one.graphql', 'file: [shared/common.graphql, one.graphql]');
  const files = {
    'supergraph.yaml': list,
    'shared/common.graphql': 'scalar Moment',
    'one.graphql': one.replace('id: ID! }', 'id: ID! at: Moment }'),
  };
  expect((await composeSupergraph(project(files))).sdl).toContain('at: Moment');
});

test('the command writes the supergraph where it is told', async () => {
  const config = project({ 'supergraph.yaml': yaml, 'one.graphql': one });
  const output = join(dirname(config), 'out.graphql');
  await runComposeCommand(['--config', config, '--output', output]);
  const { readFileSync } = await import('node:fs');
  expect(loadSupergraph(readFileSync(output, 'utf8')).subgraphs.size).toBe(1);
  await expect(runComposeCommand([])).rejects.toThrow('Name the subgraphs');
});

test('each mistake in the file is told with its line and what to do', async () => {
  const cases: [Record<string, string>, string][] = [
    [{ 'supergraph.yaml': 'subgraphs:\n  one: [\n' }, 'supergraph.yaml:3: Not valid YAML'],
    [
      { 'supergraph.yaml': 'federation_version: 1\nsubgraphs: {}\n' },
      'supergraph.yaml:1: "federation_version" is "1".',
    ],
    [
      { 'supergraph.yaml': 'federation_version: "=1.2"\nsubgraphs: {}\n' },
      'supergraph.yaml:1: "federation_version" is "=1.2". Write 2, or a version of it such as "=2.11.0".',
    ],
    [{ 'supergraph.yaml': 'subgraphs: {}\n' }, 'supergraph.yaml:1: No subgraph is listed.'],
    [{ 'supergraph.yaml': `${yaml}  routes: 1\n` }, 'supergraph.yaml:6: "subgraphs.routes" is 1.'],
    [
      { 'supergraph.yaml': yaml.replace('routing_url', 'url') },
      'supergraph.yaml:4: Unknown key "subgraphs.one.url". Known here: routing_url, schema.',
    ],
    [
      { 'supergraph.yaml': yaml.replace('http:', 'ftp:') },
      'supergraph.yaml:4: "subgraphs.one.routing_url" is graphql". Write an http(s) address',
    ],
    [
      { 'supergraph.yaml': yaml.replace('{ file: one.graphql }', '{}') },
      'supergraph.yaml:5: Subgraph "one" has no schema.',
    ],
  ];
  for (const [files, message] of cases) expect(await refusal(files)).toContain(message);
});

test('the version may be written as Rover has it: =2.11.0, 2.11 or 2', async () => {
  for (const version of ['=2.11.0', '2.11', '2', '"2"']) {
    const files = {
      'supergraph.yaml': yaml.replace('=2.11.0', version),
      'one.graphql': `${link}type Query { a: Int }`,
    };
    expect(await refusal(files)).not.toContain('federation_version');
  }
});

test('each mistake in the subgraphs is told with subgraph, file, line and what to do', async () => {
  expect(await refusal({ 'supergraph.yaml': yaml })).toContain('one.graphql: [one] INVALID_GRAPHQL: ENOENT');
  expect(await refusal({ 'supergraph.yaml': yaml, 'one.graphql': 'type Query {\n  a: }' })).toMatch(
    /one\.graphql:2: \[one\] INVALID_GRAPHQL: Syntax Error: .*\n {4}Correct the syntax at this line\./,
  );
  expect(await refusal({ 'supergraph.yaml': yaml, 'one.graphql': `${link}type Query { a: Missing }` })).toMatch(
    /one\.graphql:2: \[one\] INVALID_GRAPHQL: .*Missing/,
  );
  const two = `${yaml}  two:\n    routing_url: local:two\n    schema: { file: two.graphql }\n`;
  const shared = `${link}\n\ntype A @key(fields: "id") { id: ID! name: Int }`;
  const sharing = await refusal({
    'supergraph.yaml': two,
    'one.graphql': one.replace('id: ID! }', 'id: ID! name: Int }'),
    'two.graphql': shared,
  });
  expect(sharing).toMatch(
    /\.graphql:\d+: \[.*\] INVALID_FIELD_SHARING: Non-shareable field "A\.name".*\n {4}Mark the field @shareable/,
  );
});

test('a mistake that several subgraphs make together names them, and one of all together names none', async () => {
  const two = `${yaml}  two:\n    routing_url: local:two\n    schema: { file: two.graphql }\n`;
  const keyless = (field: string) => `${link}type Query { ${field}Of: A }\ntype A { ${field}: Int id: ID @shareable }`;
  const unreachable = await refusal({
    'supergraph.yaml': two,
    'one.graphql': keyless('height'),
    'two.graphql': keyless('width'),
  });
  expect(unreachable.match(/supergraph: \[one, two\] SATISFIABILITY_ERROR/g)).toHaveLength(2);
  const silent = await refusal({ 'supergraph.yaml': yaml, 'one.graphql': `${link}type A { a: Int }` });
  expect(silent).toMatch(/ {2}supergraph: NO_QUERIES: .*\n {4}Give at least one subgraph a Query field\./);
});

test('a directive that the gateway would read and composition drops is told with its place', async () => {
  const live = `type Subscription { changed(after: String): A @resumable(cursor: "id", after: "after") }
    directive @resumable(cursor: String!, after: String!) on FIELD_DEFINITION\n`;
  const dropped = await composeSupergraph(project({ 'supergraph.yaml': yaml, 'one.graphql': one + live }));
  expect(dropped.warnings.map((warning) => warning.replace(/\S*\//, ''))).toEqual([
    'one.graphql:4: [one] @resumable on Subscription.changed is not in the supergraph. Name it where the subgraph\'s schema begins: @composeDirective(name: "@resumable"), with a @link of its own.',
  ]);
  const composing = `extend schema @composeDirective(name: "@resumable")
    @link(url: "https://andon.dev/ownership/v1.0", import: ["@resumable"])\n`;
  const text = one.replace('"@key",', '"@key", "@composeDirective",') + composing + live;
  const kept = await composeSupergraph(project({ 'supergraph.yaml': yaml, 'one.graphql': text }));
  expect(kept.warnings).toEqual([]);
  expect(loadSupergraph(kept.sdl).subscriptionRules.get('changed')?.cursor).toBe('id');
});
