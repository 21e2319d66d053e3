import { createLoaderFactory, type LoaderFactory } from './loader.ts';
import type { SubgraphCall } from './subgraph.ts';
import { createVisibility, type MayRead, type Visibility } from './visibility.ts';

/** What every resolver gets, besides the services of its domain: its port, its journal, its executor. */
export interface SubgraphContext<Loaders = unknown> extends SubgraphCall {
  /** Whether the caller sees a row. */
  readonly isVisible: Visibility;
  /** Made for this request, so that one caller never sees what was loaded for another. */
  readonly loaders: Loaders;
  /** After a change: what was loaded before it is not true any more. */
  renewLoaders(): void;
  /** What resolvers add to the `extensions` of the response: `asOf` (ISO 8601) where the data is not of now. */
  readonly extensions: Record<string, unknown>;
}

/** @param makeLoaders every way to a row of the domain */
export function createSubgraphContext<Loaders, Services extends { readonly policies: MayRead }>(
  call: SubgraphCall,
  services: Services,
  makeLoaders: (factory: LoaderFactory) => Loaders,
): SubgraphContext<Loaders> & Services {
  const isVisible = createVisibility(call.principal, services.policies);
  const factory = createLoaderFactory(isVisible, call);
  let loaders = makeLoaders(factory);
  return {
    ...call,
    ...services,
    isVisible,
    extensions: {},
    get loaders() {
      return loaders;
    },
    renewLoaders() {
      loaders = makeLoaders(factory);
    },
  };
}
