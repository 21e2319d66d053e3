import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DocumentSource } from '../documents/document-source.ts';
import { Cancellation } from '../request/cancellation.ts';
import { onceClosed } from '../server/once-closed.ts';
import type { SingleFormat } from './accepted-formats.ts';
import { AnswerBody } from './answer-body.ts';
import { HeaderMap } from './apollo-library.ts';
import type { GraphQLServer } from './apollo-server.ts';
import type { Exchange } from './exchange.ts';
import type { OperationParams } from './operation-params.ts';

export interface SingleAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AnswerBody;
}

export interface SingleAnswerOptions {
  readonly server: GraphQLServer;
  readonly documents: DocumentSource;
}

export interface SingleRequest {
  readonly params: OperationParams;
  readonly format: SingleFormat;
  readonly cancellation: Cancellation;
}

/** Hands one operation to Apollo Server, with its document found and its format chosen. @throws RequestError */
export async function answerSingle(
  { server, documents }: SingleAnswerOptions,
  { request, principal, requestId, forwarded, span, entry }: Exchange,
  { params, format, cancellation }: SingleRequest,
): Promise<SingleAnswer> {
  const { operationName, variables } = params;
  const { persistedQuery: _, ...extensions } = params.extensions;
  const body = { query: documents.textOf(params), operationName, variables, extensions };
  const method = request.method === 'POST' ? 'POST' : 'GET';
  const answer = await server.executeHTTPGraphQLRequest({
    httpGraphQLRequest: {
      method,
      headers: headersOf(request, format),
      ...(method === 'GET' ? inSearch(body) : inBody(body)),
    },
    context: async () => ({ request: { principal, requestId, cancellation, forwarded, span, entry } }),
  });
  if (answer.body.kind !== 'complete') throw new Error('Incremental delivery is never started.');
  return {
    status: answer.status ?? 200,
    headers: Object.fromEntries(answer.headers),
    body: new AnswerBody(answer.body.string),
  };
}

interface Body {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown>;
  readonly extensions: Record<string, unknown>;
}

/** A GET stays one for Apollo Server, which refuses mutations in it. */
function inSearch({ query, operationName, variables, extensions }: Body) {
  const search = new URLSearchParams({
    query,
    variables: JSON.stringify(variables),
    extensions: JSON.stringify(extensions),
    ...(operationName !== undefined && { operationName }),
  });
  return { search: `?${search}`, body: undefined };
}

/** Apollo Server takes an absent name, or null, but not undefined. */
const inBody = (body: Body) => ({ search: '', body: { ...body, operationName: body.operationName ?? null } });

/**
 * Apollo's own check against forged requests wants a header that the specification does not ask of a GET: the endpoint
 * has looked at where the request comes from instead.
 */
function headersOf(request: IncomingMessage, format: SingleFormat): InstanceType<typeof HeaderMap> {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  if (request.method !== 'POST') headers.delete('content-type');
  headers.set('accept', format);
  headers.set('apollo-require-preflight', 'checked');
  return headers;
}

/** Cancels when the client goes away before it has its answer. */
export function cancelOnClose(response: ServerResponse): Cancellation {
  const cancellation = new Cancellation();
  onceClosed(response, () => {
    if (!response.writableFinished) cancellation.cancel();
  });
  return cancellation;
}
