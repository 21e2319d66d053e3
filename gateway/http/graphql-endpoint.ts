import type { IncomingMessage } from 'node:http';
import { parseJson } from '../limits/parse-json.ts';
import type { Cancellation } from '../request/cancellation.ts';
import { RequestError, refuse } from '../request/request-error.ts';
import type { Span } from '../request/span.ts';
import { type AcceptedFormats, notAcceptable, readAcceptedFormats } from './accepted-formats.ts';
import { answerBatch } from './batch.ts';
import type { Exchange } from './exchange.ts';
import type { GraphQLEndpointOptions } from './graphql-endpoint-options.ts';
import { answerInParts } from './incremental-endpoint.ts';
import { type OperationParams, readBodyParams, readSearchParams } from './operation-params.ts';
import { refuseMutationOverGet } from './refuse-mutation-over-get.ts';
import { isJsonType, readBody } from './request-body.ts';
import type { RequestedOperations } from './requested-operations.ts';
import { sendAnswer } from './send-answer.ts';
import { answerSingle, cancelOnClose, type SingleAnswer } from './single-answer.ts';
import { foreignPage, isFromForeignPage } from './web-origin.ts';

/**
 * GraphQL over HTTP: https://graphql.github.io/graphql-over-http/draft/. Answers that fit into one response come from
 * Apollo Server, streams from the same engine without it.
 * @throws RequestError
 */
export async function answerExchange(options: GraphQLEndpointOptions, exchange: Exchange): Promise<void> {
  const { streams, equals, config } = options;
  const { request, search } = exchange;
  const accepted = readAcceptedFormats(request.headers.accept);
  const token = streamTokenOf(request, search);
  switch (request.method) {
    case 'PUT':
      return streams.reserve(exchange);
    case 'DELETE':
      return streams.stop(exchange, token);
    case 'HEAD':
      if (isFromForeignPage(request.headers, config.cors)) throw foreignPage();
      return answerOne(options, exchange, { ...whatGetSays(accepted), params: readSearchParams(search) });
    case 'GET': {
      if (isFromForeignPage(request.headers, config.cors)) throw foreignPage();
      if (token !== undefined && accepted.stream === 'event-stream') return streams.open(exchange, token);
      return answerOne(options, exchange, { accepted, params: readSearchParams(search), token, key: undefined });
    }
    case 'POST': {
      const text = await readJson(options, exchange);
      const key = token === undefined ? equals?.keyOf(exchange, text) : undefined;
      const joined = key === undefined ? undefined : equals?.join(key, exchange);
      if (joined) return sendAnswer(exchange, await joined, options);
      const body = parseJson(text, 'The body');
      if (Array.isArray(body)) {
        if (token !== undefined) throw batchIntoStream();
        return answerBatch(options, exchange, body);
      }
      return answerOne(options, exchange, { accepted, params: readBodyParams(body), token, key });
    }
    default:
      throw refuse(405, 'METHOD_NOT_ALLOWED', 'Send GraphQL requests with GET or POST.');
  }
}

const batchIntoStream = () =>
  refuse(
    400,
    'BAD_REQUEST',
    'A batch is answered as one. Send each operation for an event stream in a request of its own.',
  );

/** HEAD is a GET without the body (RFC 9110, 9.3.2); streams, which are nothing but body, are none of it. */
const whatGetSays = (accepted: AcceptedFormats) => ({
  accepted: { ...accepted, stream: undefined, prefersStream: false, incremental: undefined },
  token: undefined,
  key: undefined,
});

interface OneRequest {
  readonly accepted: AcceptedFormats;
  readonly params: OperationParams;
  readonly token: string | undefined;
  /** Of `EqualRequests`. */
  readonly key: string | undefined;
}

async function answerOne(
  options: GraphQLEndpointOptions,
  exchange: Exchange,
  { accepted, params, token, key }: OneRequest,
): Promise<void> {
  const { operations, streams, equals } = options;
  if (token !== undefined) return streams.start(exchange, token, params);
  if (accepted.stream && (await isStreamed(operations, { accepted, params }, exchange.span)))
    return streams.answer(exchange, accepted, params);
  if (accepted.incremental && (await answersInParts(options, exchange, accepted, params))) return;
  const { single: format, namesJson } = accepted;
  if (format === undefined) throw notAcceptable();
  const answer = async (cancellation: Cancellation): Promise<SingleAnswer> => {
    const made = await answerSingle(options, exchange, { params, format, cancellation });
    // A well-formed request succeeded as far as such a client's HTTP goes: section "application/json" of the specification.
    return namesJson && made.status === 400 ? { ...made, status: 200 } : made;
  };
  const isShared = key !== undefined && (await operations.ifAccepted(params, exchange.span))?.kind === 'query';
  const answered =
    equals && isShared ? await equals.lead(key, exchange, answer) : await answer(cancelOnClose(exchange.response));
  return sendAnswer(exchange, answered, options);
}

/** Whether the client wants nothing but a stream, or the operation is a subscription and it may be one. */
async function isStreamed(
  operations: RequestedOperations,
  { accepted, params }: Pick<OneRequest, 'accepted' | 'params'>,
  span: Span | undefined,
) {
  if (accepted.stream === 'event-stream' && accepted.prefersStream) return true;
  if (accepted.single === undefined) return true;
  return (await operations.ifAccepted(params, span))?.kind === 'subscription';
}

/** @returns false where the answer is one that comes whole, as is what is wrong with the operation */
async function answersInParts(
  options: GraphQLEndpointOptions,
  exchange: Exchange,
  accepted: AcceptedFormats,
  params: OperationParams,
): Promise<boolean> {
  const { documents, operations } = options;
  const { incremental: format, single } = accepted;
  if (!format || (single && !documents.textOf(params).includes('@defer'))) return false;
  const ready = await readyToRun(operations, { accepted, params }, exchange.span);
  if (ready === undefined) return false;
  const { operation, variables } = ready;
  if (operation.kind === 'subscription' || (single && !operation.executeIncrementally)) return false;
  refuseMutationOverGet(exchange.request, operation);
  await answerInParts(exchange, { operation, variables, params, accepted, format }, options);
  return true;
}

/** @returns undefined where it is refused, if the client takes one response, which tells why with the status of its type */
async function readyToRun(
  operations: RequestedOperations,
  { accepted: { single }, params }: Pick<OneRequest, 'accepted' | 'params'>,
  span: Span | undefined,
) {
  try {
    const operation = await operations.prepare(params, span);
    return { operation, variables: operation.coerceVariables(params.variables) };
  } catch (cause) {
    if (single && cause instanceof RequestError) return undefined;
    throw cause;
  }
}

async function readJson({ config, bodies }: GraphQLEndpointOptions, { request, response }: Exchange): Promise<string> {
  const contentType = request.headers['content-type'];
  if (!isJsonType(contentType)) throw isSimple(contentType) ? forgery() : notJson();
  return readBody(request, config.limits.maxBodyBytes, bodies.placeFor(response));
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

function streamTokenOf({ headers }: IncomingMessage, search: string): string | undefined {
  const header = headers['x-graphql-event-stream-token'];
  if (typeof header === 'string' && header !== '') return header;
  return search === '' ? undefined : (new URLSearchParams(search).get('token') ?? undefined);
}
