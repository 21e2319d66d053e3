import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../../auth/principal.ts';
import type { GraphQLServer } from '../apollo-server.ts';
import type { GatewayConfig } from '../config.ts';
import { isJsonType, parseBody, readBody } from '../http-body.ts';
import { refuse } from '../request-error.ts';
import { type AcceptedFormats, readAcceptedFormats } from './accepted-formats.ts';
import { answerBatch } from './batch.ts';
import { type OperationParams, readBodyParams, readSearchParams } from './operation-params.ts';
import { sendAnswer } from './send-answer.ts';
import { answerSingle } from './single-answer.ts';
import type { StreamEndpoint } from './stream-endpoint.ts';
import { foreignPage, isFromForeignPage } from './web-origin.ts';

export interface GraphQLEndpointOptions {
  readonly server: GraphQLServer;
  readonly streams: StreamEndpoint;
  readonly config: GatewayConfig;
}

/** One authenticated request to the GraphQL path. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly search: string;
  readonly principal: Principal | undefined;
  readonly requestId: string;
}

/**
 * GraphQL over HTTP: https://graphql.github.io/graphql-over-http/draft/. Answers that fit into one response come from
 * Apollo Server, streams from the same engine without it.
 * @throws RequestError
 */
export async function answerExchange(options: GraphQLEndpointOptions, exchange: Exchange): Promise<void> {
  const { streams, config } = options;
  const { request, search } = exchange;
  const accepted = readAcceptedFormats(request.headers.accept);
  const token = streamTokenOf(request, search);
  switch (request.method) {
    case 'PUT':
      return streams.reserve(exchange);
    case 'DELETE':
      return streams.stop(exchange, token);
    case 'GET': {
      if (isFromForeignPage(request.headers, config.cors)) throw foreignPage();
      if (token !== undefined && accepted.stream === 'event-stream') return streams.open(exchange, token);
      return answerOne(options, exchange, accepted, readSearchParams(search), token);
    }
    case 'POST': {
      const body = await readJson(options, exchange);
      if (Array.isArray(body)) return answerBatch(options, exchange, body);
      return answerOne(options, exchange, accepted, readBodyParams(body), token);
    }
    default:
      throw refuse(405, 'METHOD_NOT_ALLOWED', 'Send GraphQL requests with GET or POST.');
  }
}

async function answerOne(
  { server, streams, config }: GraphQLEndpointOptions,
  exchange: Exchange,
  accepted: AcceptedFormats,
  params: OperationParams,
  token: string | undefined,
): Promise<void> {
  if (token !== undefined) return streams.start(exchange, token, params);
  if (await streams.takes(accepted, params)) return streams.answer(exchange, accepted, params);
  if (accepted.single === undefined) throw notAcceptable();
  const answer = await answerSingle({ server, documents: streams.documents }, exchange, params, accepted.single);
  // A well-formed request succeeded as far as such a client's HTTP goes: section "application/json" of the specification.
  const status = accepted.namesJson && answer.status === 400 ? 200 : answer.status;
  return sendAnswer(exchange, { ...answer, status }, config.http.compressAboveBytes);
}

async function readJson({ config }: GraphQLEndpointOptions, { request }: Exchange): Promise<unknown> {
  const contentType = request.headers['content-type'];
  if (!isJsonType(contentType)) throw isSimple(contentType) ? forgery() : notJson();
  return parseBody(await readBody(request, config.limits.maxBodyBytes));
}

/** What any web page may send to any host without being asked (Fetch standard, "CORS-safelisted request-header"). */
const simpleTypes = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];

const isSimple = (contentType = 'text/plain') =>
  simpleTypes.includes(contentType.split(';')[0]?.trim().toLowerCase() ?? '');

const forgery = () =>
  refuse(
    400,
    'BAD_REQUEST',
    'Blocked as a potential Cross-Site Request Forgery (CSRF). Send "content-type: application/json".',
  );

const notJson = () =>
  refuse(415, 'UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON in UTF-8. Send "content-type: application/json".');

const notAcceptable = () =>
  refuse(
    406,
    'NOT_ACCEPTABLE',
    'Accept application/graphql-response+json, application/json, or a stream for subscriptions.',
  );

function streamTokenOf({ headers }: IncomingMessage, search: string): string | undefined {
  const header = headers['x-graphql-event-stream-token'];
  if (typeof header === 'string' && header !== '') return header;
  return new URLSearchParams(search).get('token') ?? undefined;
}
