import { Pool } from 'undici';
import type { Logger } from '../../runtime/logger.ts';
import type { Cancellation } from '../cancellation.ts';
import { SubgraphCallError } from '../execution/subgraph-error.ts';
import { type Deadlines, withDeadline } from './deadline.ts';
import { exchange } from './exchange.ts';
import type { SubgraphResponse } from './local-subgraph.ts';
import { readResponse } from './read-response.ts';
import { createRemoteSubscribe } from './remote-subscribe.ts';
import type { SubgraphCall, SubgraphClient } from './subgraph-client.ts';

export interface RemoteOptions {
  readonly service: string;
  /** http or https address of its GraphQL endpoint. */
  readonly url: string;
  readonly deadlines: Deadlines;
  readonly log: Logger;
  /** Open connections at most. */
  readonly maxConnections: number;
  /** A body larger than this is refused: one subgraph must not fill the gateway's memory. */
  readonly maxResponseBytes: number;
  /** The Authorization header of one call. */
  readonly authorize: (call: SubgraphCall) => string | undefined;
}

/** A subgraph over HTTP, on kept-alive connections. Queries are sent again once when the connection was refused. */
export function createRemoteClient(options: RemoteOptions): SubgraphClient {
  const { service, deadlines, url } = options;
  const { origin, pathname, search } = new URL(url);
  const pool = new Pool(origin, {
    connections: options.maxConnections,
    // Deadlines are ours: undici's own would add timers to every request.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: options.maxResponseBytes,
  });
  const subscriptions = createRemoteSubscribe(options);
  const send = (call: SubgraphCall, cancellation: Cancellation) =>
    post(options, pool, `${pathname}${search}`, call, cancellation);
  return {
    service,
    execute: (call) =>
      withDeadline(service, deadlines, call.context.cancellation, async (cancellation) => {
        try {
          return await send(call, cancellation);
        } catch (cause) {
          if (cause instanceof SubgraphCallError) throw cause;
          if (!mayRetry(call, cause)) throw toCallError(options, call, cause);
        }
        return send(call, cancellation).catch((cause: unknown) => {
          throw cause instanceof SubgraphCallError ? cause : toCallError(options, call, cause);
        });
      }),
    subscribe: subscriptions,
    close: () => pool.destroy(),
  };
}

async function post(
  options: RemoteOptions,
  pool: Pool,
  path: string,
  call: SubgraphCall,
  cancellation: Cancellation,
): Promise<SubgraphResponse> {
  const { service, authorize } = options;
  const authorization = authorize(call);
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    'x-request-id': call.context.requestId,
    ...(authorization !== undefined && { authorization }),
  };
  const body = `${call.request.bodyHead}${call.variables}}`;
  const { statusCode, text } = await exchange(pool, { path, headers, body }, cancellation);
  const parsed = parseJson(text);
  if (statusCode < 400 || hasGraphQLShape(parsed)) return readResponse(service, parsed);
  options.log.warn('subgraph answered with an error status', {
    subgraph: service,
    statusCode,
    requestId: call.context.requestId,
  });
  throw new SubgraphCallError(codeForStatus(statusCode), service);
}

function codeForStatus(statusCode: number): SubgraphCallError['code'] {
  if (statusCode === 401 || statusCode === 403) return 'SUBGRAPH_REFUSED';
  if ([429, 502, 503, 504].includes(statusCode)) return 'SUBGRAPH_UNAVAILABLE';
  return 'SUBGRAPH_MALFORMED_RESPONSE';
}

/** An error status with a GraphQL body is still an answer (GraphQL over HTTP, section 6.4). */
function hasGraphQLShape(body: unknown): boolean {
  return typeof body === 'object' && body !== null && ('data' in body || 'errors' in body);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The connection was refused, so the subgraph has not seen the request. */
function mayRetry({ request }: SubgraphCall, cause: unknown): boolean {
  return request.operationKind === 'query' && errorCode(cause) === 'ECONNREFUSED';
}

function toCallError({ service, log }: RemoteOptions, call: SubgraphCall, cause: unknown): SubgraphCallError {
  log.warn('subgraph call failed', { subgraph: service, requestId: call.context.requestId, cause });
  const tooLarge = errorCode(cause) === 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
  return new SubgraphCallError(tooLarge ? 'SUBGRAPH_MALFORMED_RESPONSE' : 'SUBGRAPH_UNAVAILABLE', service, { cause });
}

/** Node wraps the refusals of several addresses in one AggregateError, whose code is that of the first. */
function errorCode(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}
