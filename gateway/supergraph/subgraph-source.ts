import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { type ASTNode, type DocumentNode, GraphQLError, Kind, parse, Source } from 'graphql';
import { CompositionError } from './composition-error.ts';

/** One subgraph as its author wrote it. Nodes keep their file and line through `loc`. */
export interface SubgraphSource {
  readonly name: string;
  readonly url: string;
  readonly document: DocumentNode;
}

/** Reads and joins the schema files of one subgraph, so that definitions shared by several subgraphs live once. */
export function readSubgraphSource(name: string, url: string, files: readonly string[]): SubgraphSource {
  const definitions = files.flatMap((file) => parseSchemaFile(name, file).definitions);
  return { name, url, document: { kind: Kind.DOCUMENT, definitions } };
}

function parseSchemaFile(subgraph: string, file: string): DocumentNode {
  const shown = relative(process.cwd(), file) || file;
  try {
    return parse(new Source(readFileSync(file, 'utf8'), shown));
  } catch (cause) {
    const line = cause instanceof GraphQLError ? cause.locations?.[0]?.line : undefined;
    const message = cause instanceof Error ? cause.message : String(cause);
    const remedy =
      cause instanceof GraphQLError ? 'Correct the syntax at this line.' : 'Check the path in the supergraph file.';
    const location = line === undefined ? shown : `${shown}:${line}`;
    throw new CompositionError([{ code: 'INVALID_GRAPHQL', subgraphs: [subgraph], location, message, remedy }]);
  }
}

/** @returns `file:line` of the node as its author wrote it */
export function locate(node: ASTNode | undefined): string | undefined {
  const { loc } = node ?? {};
  return loc ? `${loc.source.name}:${loc.startToken.line}` : undefined;
}
