import { readFileSync } from 'node:fs';
import { type DocumentNode, parse } from 'graphql';

/** @param domain the folder's name. @returns what every subgraph shares, and the domain's own part, as one document */
export function readTypeDefs(domain: string): DocumentNode {
  const files = ['./common.graphql', `./${domain}/schema.graphql`];
  return parse(files.map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')).join('\n'));
}
