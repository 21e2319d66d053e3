import type { GatewayConfig } from '../config.ts';
import type { GraphQLServer } from './apollo-server.ts';
import type { EqualRequests } from './equal-requests.ts';
import type { StreamEndpoint } from './stream-endpoint.ts';
import type { UnsentAnswers } from './unsent-answers.ts';

/** What answers requests: one, several in a batch, or a stream. */
export interface GraphQLEndpointOptions {
  readonly server: GraphQLServer;
  readonly streams: StreamEndpoint;
  /** Absent where equal requests do not share their answer. */
  readonly equals: EqualRequests | undefined;
  readonly unsent: UnsentAnswers;
  readonly config: GatewayConfig;
}
