import type { Principal } from '../../auth/principal.ts';
import type { AccessEntry } from './access-entry.ts';
import type { Cancellation } from './cancellation.ts';
import type { ForwardedHeaders } from './forwarded-headers.ts';
import type { Span } from './span.ts';

/** Who asks, for which request, until when. */
export interface RequestContext {
  /** Absent where the gateway runs without authentication. */
  readonly principal: Principal | undefined;
  readonly requestId: string;
  readonly cancellation: Cancellation | undefined;
  /** What its client sent for the subgraphs. @default nothing */
  readonly forwarded?: ForwardedHeaders | undefined;
  /** What the work is part of, in the trace of who asks. @default none */
  readonly span?: Span | undefined;
  /** Absent where there is no access log. */
  readonly entry?: AccessEntry | undefined;
  /** Whether equal work of others may be used, where it runs at the same moment. @default true */
  readonly mayShare?: boolean;
  /** The id that a subgraph's stream of events gave the last one: it is asked to go on after it. @default from now on */
  readonly lastEventId?: string | undefined;
}
