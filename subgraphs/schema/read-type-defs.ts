import { readFileSync } from 'node:fs';
import { type DocumentNode, Kind, parse } from 'graphql';

/** @param domain the folder's name. @returns what every subgraph shares, and the domain's own part, as one document */
export function readTypeDefs(domain: string): DocumentNode {
  const parts = [readDocument('common.graphql'), readDocument(`../${domain}/schema.graphql`)];
  return { kind: Kind.DOCUMENT, definitions: parts.flatMap(({ definitions }) => definitions) };
}

/** @param file beside this one */
export const readDocument = (file: string): DocumentNode =>
  parse(readFileSync(new URL(file, import.meta.url), 'utf8'), { noLocation: true });
