import type { GraphQLFormattedError } from 'graphql';

/** What a subgraph says to one operation, or to one event of a subscription. */
export interface SubgraphResponse {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly GraphQLFormattedError[];
  readonly extensions?: Record<string, unknown>;
}
