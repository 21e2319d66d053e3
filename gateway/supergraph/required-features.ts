import type { DocumentNode } from 'graphql';
import { readFeatures } from './linked-features.ts';

/** Specifications that this gateway carries out, of those that a supergraph may demand. */
const known: ReadonlySet<string> = new Set([
  'core',
  'link',
  'join',
  'tag',
  'inaccessible',
  'authenticated',
  'requiresScopes',
  'policy',
  'cost',
  'context',
  // Which answers become stale together: none is kept here.
  'cacheTag',
]);

/** @returns the addresses of what the supergraph demands and this gateway does not know */
export const unknownFeatures = (supergraph: DocumentNode): readonly string[] =>
  readFeatures(supergraph)
    .filter(({ isDemanded, name }) => isDemanded && !(name !== undefined && known.has(name)))
    .map(({ url }) => url);
