import { readFileSync } from 'node:fs';
import { buildSchema, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { largeSupergraph } from '../../../bench/federation/large-supergraph.ts';
import { sampleOperations } from '../../../gateway/planning/sample-operations.ts';
import { loadSupergraph } from '../../../gateway/supergraph/load-supergraph.ts';

const benchmark = readFileSync(new URL('../../../bench/federation/supergraph.graphql', import.meta.url), 'utf8');
const abstract = `
  interface Node { id: ID! }
  type Book implements Node { id: ID! title: String! pages(of: Int!): Int related: [Work] }
  type Film implements Node { id: ID! title: Int related(first: Int = 3): [Work] }
  union Work = Book | Film
  input Filter { text: String! }
  type Query { node(id: ID!): Node works(filter: Filter!, first: Int): [Work!]! count: Int! }
`;

test.each([
  ['the benchmark', loadSupergraph(benchmark).schema],
  ['a large supergraph', loadSupergraph(largeSupergraph({ subgraphs: 10, types: 100 })).schema],
  ['interfaces, unions and required arguments', buildSchema(abstract)],
  ['a schema without anything below its root', buildSchema('type Query { a: Int }')],
])('sample operations are valid, differ, and stay small: %s', (_of, schema) => {
  const samples = sampleOperations(schema);
  const texts = Array.from({ length: 30 }, () => samples.next().value as string);
  expect(texts.flatMap((text) => validate(schema, parse(text)))).toEqual([]);
  expect(new Set(texts).size).toBe(texts.length);
  expect(Math.max(...texts.map((text) => text.length))).toBeLessThan(5000);
});
