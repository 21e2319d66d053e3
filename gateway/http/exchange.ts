import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../../auth/principal.ts';
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
}
