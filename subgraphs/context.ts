import type { SubgraphCall } from './subgraph.ts';

/** What every resolver gets. A domain extends it with its port and the loaders of this one request. */
export interface SubgraphContext<Loaders = unknown> extends SubgraphCall {
  /** Made for this request, so that one caller never sees what was loaded for another. */
  readonly loaders: Loaders;
  /** What resolvers add to the `extensions` of the response: `asOf` (ISO 8601) where the data is not of now. */
  readonly extensions: Record<string, unknown>;
}

/** @param loaders what `makeLoaders` of the domain has made for this call */
export function createSubgraphContext<Loaders>(call: SubgraphCall, loaders: Loaders): SubgraphContext<Loaders> {
  return { ...call, loaders, extensions: {} };
}
