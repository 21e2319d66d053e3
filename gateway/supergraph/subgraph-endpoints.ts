import type { DocumentNode } from 'graphql';
import { readJoinGraphs } from './join-graphs.ts';

/** Where one subgraph answers. */
export interface SubgraphEndpoint {
  /** As in `supergraph.yaml`; the name that plans and clients see. */
  readonly name: string;
  /** http(s) address, or `local:NAME`. */
  readonly url: string;
}

export const readSubgraphEndpoints = (supergraph: DocumentNode): ReadonlyMap<string, SubgraphEndpoint> =>
  new Map(readJoinGraphs(supergraph).map(({ name, url }) => [name, { name, url }]));
