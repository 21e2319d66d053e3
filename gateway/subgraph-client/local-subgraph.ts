import type { GraphQLFormattedError } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import type { bodyLength } from './body-length.ts';
import type { eventId } from './event-id.ts';
import type { isPlain } from './is-plain.ts';

/** One operation for one subgraph. */
export interface SubgraphRequest {
  readonly query: string;
  readonly operationName?: string;
  readonly variables?: Record<string, unknown>;
  /** The verified client; undefined where the gateway runs without authentication. */
  readonly principal: Principal | undefined;
  /** Correlates logs of all parts that take part in one client request. */
  readonly requestId: string;
  readonly signal?: AbortSignal;
}

export interface SubgraphResponse {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly GraphQLFormattedError[];
  /** `asOf` (ISO 8601): how old the data is, where that is not now. */
  readonly extensions?: Record<string, unknown>;
  /** See there; kept by who read the text. */
  readonly [isPlain]?: true;
  /** See there; only of a large one. */
  readonly [bodyLength]?: number;
  /** See there; only of an event. */
  readonly [eventId]?: string;
}

/** A subgraph in this process: what `routing_url: local:NAME` names. */
export interface LocalSubgraph {
  execute(request: SubgraphRequest): Promise<SubgraphResponse>;
  /** A stream of events, or one response with the errors that refuse it. */
  subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<SubgraphResponse> | SubgraphResponse>;
}
