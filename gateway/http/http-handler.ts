import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Runtime } from '../../runtime/runtime.ts';
import { type Authenticate, authenticateRequest } from '../authorization/authenticate.ts';
import type { GatewayConfig } from '../config.ts';
import type { AccessEntry } from '../request/access-entry.ts';
import type { ReadForwarded } from '../request/forwarded-headers.ts';
import { internalError, RequestError } from '../request/request-error.ts';
import type { Span, Tracer } from '../request/span.ts';
import { checkHost } from '../server/allowed-host.ts';
import { allowedMethods } from '../server/allowed-methods.ts';
import { noRoomForConnections } from '../server/connection-limit.ts';
import type { HttpHandler } from '../server/create-server.ts';
import { bringIntoOriginForm } from '../server/origin-form.ts';
import { refuseAndClose } from '../server/refuse-and-close.ts';
import type { AccessLog } from '../telemetry/access-log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { tellWatchers } from '../telemetry/told-errors.ts';
import { tracedRequest } from '../telemetry/traced-request.ts';
import { readAcceptedFormats } from './accepted-formats.ts';
import type { Exchange } from './exchange.ts';
import type { Graphiql } from './graphiql.ts';
import { answerExchange } from './graphql-endpoint.ts';
import type { GraphQLEndpointOptions } from './graphql-endpoint-options.ts';
import { answerHealth } from './health.ts';
import { corsHeaders, preflightHeaders } from './web-origin.ts';

export const graphqlPath = '/graphql';

export interface HttpHandlerOptions extends GraphQLEndpointOptions {
  readonly runtime: Runtime;
  readonly authenticate: Authenticate | undefined;
  readonly readForwarded: ReadForwarded;
  readonly metrics: Metrics | undefined;
  readonly tracer: Tracer | undefined;
  readonly accessLog: AccessLog | undefined;
  readonly graphiql: Graphiql | undefined;
  isReady(): boolean;
  /** Whether the request may only ask about health. */
  isSurplus(request: IncomingMessage): boolean;
  problem(): string | undefined;
  note(): string | undefined;
}

/** Node's HTTP on one side, Apollo Server on the other. Who asks is settled before the body is read. */
export function createHttpHandler(options: HttpHandlerOptions): HttpHandler {
  return async (request, response) => {
    const isSurplus = options.isSurplus(request);
    if (isSurplus || !options.isReady()) response.shouldKeepAlive = false;
    bringIntoOriginForm(request);
    // What a client wrote comes back in refusals: no browser may take it for a page.
    response.setHeader('x-content-type-options', 'nosniff');
    const { path, search } = splitUrl(request.url ?? '/');
    const standing = { isReady: options.isReady(), problem: options.problem(), note: options.note() };
    const health = answerHealth(path, standing);
    if (health) return send(response, health.status, { 'content-type': 'application/json' }, health.body);
    let span: Span | undefined;
    let entry: AccessEntry | undefined;
    if (path === graphqlPath) {
      options.metrics?.requestArrived(request, response);
      entry = options.accessLog?.requestArrived(request, response);
      span = options.tracer && tracedRequest(options.tracer, graphqlPath, request, response);
    }
    const arrived: Arrived = { request, response, path, search, span, entry };
    try {
      if (isSurplus) throw noRoomForConnections();
      await answerPath(options, arrived);
    } catch (cause) {
      answerRefusal(cause, arrived, options);
    }
  };
}

/** A request that nobody has asked yet who sends it. */
interface Arrived extends Pick<Exchange, 'request' | 'response' | 'search' | 'span' | 'entry'> {
  readonly path: string;
}

/** @throws RequestError */
async function answerPath(options: HttpHandlerOptions, arrived: Arrived): Promise<void> {
  const { request, response, path, search } = arrived;
  const { config, graphiql } = options;
  checkHost(request, config);
  if (path === graphqlPath) response.setHeader('vary', variesBy(config));
  if (await graphiql?.answer(request, response, path, search)) return;
  if (path === '/' && graphiql) return send(response, 302, { location: graphqlPath }, '');
  if (path !== graphqlPath) return send(response, 404, { 'content-type': 'text/plain' }, 'Not found. Try /graphql.\n');
  if (config.cors.origins.length > 0 && answerOrigin(arrived, config.cors)) return;
  if (request.method === 'OPTIONS') return send(response, 204, { allow: allowedMethods }, '');
  await answerGraphQL(options, arrived);
}

/** Tells the page of another origin what it may do. @returns whether that was all that it asked */
function answerOrigin({ request, response }: Arrived, cors: GatewayConfig['cors']): boolean {
  const { headers } = request;
  for (const [name, value] of Object.entries(corsHeaders(headers.origin, cors))) response.setHeader(name, value);
  if (!isPreflight(request)) return false;
  send(response, 204, preflightHeaders(headers['access-control-request-headers'], cors), '');
  return true;
}

async function answerGraphQL(options: HttpHandlerOptions, arrived: Arrived): Promise<void> {
  const { request, response, search, span, entry } = arrived;
  const requestId = requestIdOf(request) ?? options.runtime.ids.next();
  response.setHeader('x-request-id', requestId);
  span?.tell({ 'andon.request.id': requestId });
  entry?.asked(requestId, undefined);
  const principal = await authenticateRequest(options.authenticate, request.headers.authorization);
  entry?.asked(requestId, principal);
  const forwarded = options.readForwarded(request.headers);
  // By name: a copy of what arrived costs a request that is shared with others four percent.
  await answerExchange(options, { request, response, search, principal, requestId, forwarded, span, entry });
}

/** The page, the answers, the streams and the refusals of one address: what comes depends on these headers of the request. */
const variesBy = ({ cors }: GatewayConfig) =>
  cors.origins.length > 0 ? 'Origin, Accept, Accept-Encoding' : 'Accept, Accept-Encoding';

const isPreflight = ({ method, headers }: IncomingMessage) =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;

/** Chosen by the client or by a proxy, so only plain text of a sane length is taken over. */
function requestIdOf(request: IncomingMessage): string | undefined {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : undefined;
}

function answerRefusal(
  cause: unknown,
  { request, response, span, entry }: Arrived,
  { runtime, answers }: HttpHandlerOptions,
): void {
  const requestId = String(response.getHeader('x-request-id') ?? runtime.ids.next());
  if (!(cause instanceof RequestError)) runtime.log.error('request failed', { requestId, cause });
  if (response.headersSent || response.destroyed) return;
  const refusal = cause instanceof RequestError ? cause : undefined;
  const errors = refusal?.formatted ?? [internalError(requestId)];
  tellWatchers({ span, entry }, errors);
  const { single = 'application/json' } = readAcceptedFormats(request.headers.accept);
  const status = refusal?.status ?? 500;
  const headers: Record<string, string> = {
    'content-type': `${single}; charset=utf-8`,
    // Caches may keep some refusals unasked, such as 404 and 405 (RFC 9110, 15.1).
    'cache-control': 'no-store',
    ...remedies[status],
  };
  const body = answers.refusal(errors);
  // A body that was not read to its end would be taken for the next request.
  if (request.complete || request.httpVersionMajor >= 2) send(response, status, headers, body);
  else refuseAndClose({ request, response }, { status, headers, body: Buffer.from(body) }, runtime);
}

/** The headers that tell programs what would have been right (RFC 9110, 11.6.1, 10.2.1, 15.5.16 and 10.2.3). */
const remedies: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'www-authenticate': 'Bearer' },
  405: { allow: allowedMethods },
  415: { accept: 'application/json', 'accept-encoding': 'gzip, br' },
  503: { 'retry-after': '5' },
};

function splitUrl(url: string): { path: string; search: string } {
  const mark = url.indexOf('?');
  return mark === -1 ? { path: url, search: '' } : { path: url.slice(0, mark), search: url.slice(mark) };
}

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  const bytes = Buffer.from(body);
  // A 204 has no length (RFC 9110, 8.6).
  response.writeHead(status, status === 204 ? headers : { ...headers, 'content-length': bytes.length });
  response.end(bytes);
}
