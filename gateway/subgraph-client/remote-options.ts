import type { Runtime } from '../../runtime/runtime.ts';
import type { SubgraphsConfig } from '../config.ts';
import type { AnswerRoom } from './answer-room.ts';
import type { Deadlines } from './deadline.ts';
import type { SubgraphCall } from './subgraph-client.ts';
import type { SubgraphTls } from './subgraph-tls.ts';

export interface RemoteOptions {
  readonly service: string;
  /** http or https address of its GraphQL endpoint. */
  readonly url: string;
  readonly tls: SubgraphTls;
  readonly deadlines: Deadlines;
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'log'>;
  readonly config: SubgraphsConfig;
  readonly room: AnswerRoom;
  /** Names of the headers of clients that it gets, in lower case. */
  readonly forwarding: readonly string[];
  /** Whether calls for a known principal are signed by this gateway. */
  readonly signs: boolean;
  /** The Authorization header of one call with this body, or of a connection. */
  readonly authorize: (call: SubgraphCall, body?: string) => string | undefined;
}
