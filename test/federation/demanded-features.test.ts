import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { composeSources } from '../../gateway/supergraph/compose.ts';
import { loadSupergraph } from '../../gateway/supergraph/load-supergraph.ts';

/** What a supergraph may demand of whoever serves it, by the directive of its subgraph. */
const compose = (version: string, imports: readonly string[], typeDefs: string) => {
  const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v${version}", import: ${JSON.stringify(imports)})`;
  return composeSources([{ name: 'parts', url: 'local:parts', document: parse(`${link} ${typeDefs}`) }]).sdl;
};

test('tags of cached answers are taken: no answer is kept that could be stale', () => {
  const sdl = compose(
    '2.12',
    ['@key', '@cacheTag'],
    `type Query { part(id: ID!): Part @cacheTag(format: "part-{$args.id}") }
     type Part @key(fields: "id") @cacheTag(format: "part-{$key.id}") { id: ID! }`,
  );
  expect(sdl).toContain('cacheTag/v0.1');
  expect(Object.keys(loadSupergraph(sdl).schema.getQueryType()?.getFields() ?? {})).toEqual(['part']);
});

test('connectors are refused, with the specification that demands them', () => {
  const sdl = compose(
    '2.10',
    ['@key'],
    `extend schema @link(url: "https://specs.apollo.dev/connect/v0.1", import: ["@connect"])
     type Query { parts: Int @connect(http: { GET: "http://parts.test/" }, selection: "$") }`,
  );
  expect(() => loadSupergraph(sdl)).toThrow(/must not be served without .*\/connect\/v0\.\d/);
});
