import { composeServices } from '@apollo/composition';
import type { ASTNode, GraphQLError } from 'graphql';
import { checkOwners } from './check-owners.ts';
import { CompositionError, type CompositionProblem } from './composition-error.ts';
import { findLostDirectives } from './lost-directives.ts';
import { readSupergraphConfig } from './read-supergraph-config.ts';
import { locate, readSubgraphSource, type SubgraphSource } from './subgraph-source.ts';

export interface ComposedSupergraph {
  readonly sdl: string;
  /** Advice of the composition library: nothing in it is wrong. */
  readonly hints: string[];
  /** What subgraphs say and the supergraph does not, though somebody would read it there. */
  readonly warnings: readonly string[];
}

/**
 * Composes the subgraphs that `configFile` (supergraph.yaml) names, and checks who owns what.
 * @throws ConfigFileError the file is wrong. CompositionError the subgraphs do not fit together.
 */
export async function composeSupergraph(configFile: string): Promise<ComposedSupergraph> {
  const entries = readSupergraphConfig(configFile);
  return composeSources(entries.map(({ name, url, files }) => readSubgraphSource(name, url, files)));
}

/** The same for subgraphs that are already read. */
export function composeSources(sources: readonly SubgraphSource[]): ComposedSupergraph {
  const ownerProblems = checkOwners(sources);
  if (ownerProblems.length > 0) throw new CompositionError(ownerProblems);
  const result = composeServices(sources.map(({ name, url, document }) => ({ name, url, typeDefs: document })));
  if (result.errors) throw new CompositionError(result.errors.map((error) => toProblem(error, sources)));
  const sdl = result.supergraphSdl;
  return { sdl, hints: result.hints.map((hint) => hint.toString()), warnings: findLostDirectives(sources, sdl) };
}

function toProblem(error: GraphQLError, sources: readonly SubgraphSource[]): CompositionProblem {
  const nodes: readonly (ASTNode & { subgraph?: string })[] = error.nodes ?? [];
  const named = /^\[([\w-]+)\]/.exec(error.message)?.[1];
  const code = String(error.extensions['code'] ?? 'INVALID_SUBGRAPH');
  return {
    code,
    subgraphs: named !== undefined ? [named] : subgraphsOf(nodes, error.message, sources),
    location: nodes.map(locate).find((place) => place !== undefined) ?? 'supergraph',
    message: error.message.replace(/^\[[\w-]+\] /, ''),
    remedy: remedies[code] ?? `Change the definition named above; "${code}" is explained in the federation error list.`,
  };
}

/** Where no node says whose it is, several are concerned together: those that the sentence names. */
function subgraphsOf(
  nodes: readonly { readonly subgraph?: string }[],
  message: string,
  sources: readonly SubgraphSource[],
): readonly string[] {
  const own = new Set(nodes.flatMap(({ subgraph }) => subgraph ?? []));
  if (own.size > 0) return [...own];
  const lists = message.match(/\bsubgraphs? "[^"]+"(?:(?:,| and|, and) "[^"]+")*/g) ?? [];
  return sources.map(({ name }) => name).filter((name) => lists.some((list) => list.includes(`"${name}"`)));
}

const remedies: Readonly<Record<string, string>> = {
  INVALID_FIELD_SHARING: 'Mark the field @shareable in every subgraph that resolves it, or leave it to one of them.',
  SATISFIABILITY_ERROR: 'Add a @key that both subgraphs know, or resolve the field where the query arrives.',
  KEY_INVALID_FIELDS: 'Name fields of the type itself in @key.',
  EXTERNAL_UNUSED: 'Remove the @external field, or use it in @key, @requires or @provides.',
  EXTERNAL_MISSING_ON_BASE: 'Define the field in the subgraph that resolves it, or remove @external.',
  EXTERNAL_TYPE_MISMATCH: 'Give the @external field the type that its owner gives it.',
  REQUIRES_INVALID_FIELDS: 'Declare the required fields on the type and mark them @external.',
  PROVIDES_INVALID_FIELDS: 'Declare the provided fields on the returned type and mark them @external.',
  FIELD_TYPE_MISMATCH: 'Give the field the same type in every subgraph.',
  TYPE_KIND_MISMATCH: 'Define the type as the same kind in every subgraph.',
  INVALID_GRAPHQL: 'Correct the definition at this line.',
  NO_QUERIES: 'Give at least one subgraph a Query field.',
};
