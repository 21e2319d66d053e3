import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../../auth/principal.ts';
import type { AccessEntry } from '../request/access-entry.ts';
import type { ForwardedHeaders } from '../request/forwarded-headers.ts';
import type { Span } from '../request/span.ts';

/** One authenticated request to the GraphQL path. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly search: string;
  readonly principal: Principal | undefined;
  readonly requestId: string;
  readonly forwarded: ForwardedHeaders;
  /** Absent where nothing is traced. */
  readonly span: Span | undefined;
  /** Absent where there is no access log. */
  readonly entry: AccessEntry | undefined;
}
