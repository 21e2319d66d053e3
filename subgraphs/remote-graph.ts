import { request } from 'undici';
import type { Principal } from '../auth/principal.ts';
import type { Ids } from '../runtime/ids.ts';
import { ClientError } from './errors.ts';
import type { GraphError, GraphReader } from './graph-reader.ts';

export interface RemoteGraphOptions {
  /** The gateway's GraphQL endpoint, for example `http://127.0.0.1:4000/graphql`. */
  readonly url: string;
  readonly ids: Ids;
  /** The Authorization header by which the gateway knows one of Andon's own processes, and for whom it asks. */
  sign(principal: Principal, requestId: string, body: string): string;
}

/** The rest of the graph, asked over HTTP: for a subgraph that runs in a process of its own. */
export function createRemoteGraph({ url, ids, sign }: RemoteGraphOptions): GraphReader {
  return {
    async query(query, variables, principal, signal) {
      const requestId = ids.next();
      const body = JSON.stringify({ query, variables });
      const headers = {
        'content-type': 'application/json',
        'x-request-id': requestId,
        authorization: sign(principal, requestId, body),
      };
      const response = await request(url, { method: 'POST', headers, body, signal }).catch((cause: unknown) => {
        throw new ClientError(
          'GRAPH_UNAVAILABLE',
          'The gateway cannot be asked for facts of other systems. Try again.',
          { cause },
        );
      });
      const answer = (await response.body.json()) as { data?: Record<string, unknown> | null; errors?: GraphError[] };
      return { data: answer.data ?? null, errors: answer.errors ?? [] };
    },
  };
}
