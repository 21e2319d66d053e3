import type { Journal } from '../journal/journal.ts';
import { createLoaderFactory, type LoaderFactory } from './reading/loader.ts';
import { createVisibility, type MayRead, type Visibility } from './reading/visibility.ts';
import type { SubgraphCall } from './subgraph.ts';
import type { TransitionExecutor } from './transitions/transition-executor.ts';

/** What every resolver gets, besides the services of its domain. */
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

/** What a domain with a system of record works with: the same for every request. */
export interface SystemServices<Port> {
  readonly port: Port;
  readonly journal: Journal;
  readonly executor: TransitionExecutor;
  readonly policies: MayRead;
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
