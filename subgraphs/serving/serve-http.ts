import type { IncomingMessage, ServerResponse } from 'node:http';
import { digestBody, type InternalCall } from '../../auth/internal-token.ts';
import { isRecord } from '../../runtime/is-record.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { LocalSubgraph, SubgraphRequest } from './local-subgraph.ts';
import { isExposed } from './mask-errors.ts';
import type { SubgraphResponse } from './subgraph-response.ts';

export interface HttpEndpointOptions {
  readonly subgraph: LocalSubgraph;
  /** @throws an exposed error for anything but an internal token for this subgraph and this request */
  readonly verify: (authorization: string | undefined, requestId: string | undefined) => InternalCall;
  /** Larger requests are refused. Bytes. */
  readonly bodyLimit: number;
  readonly log: Logger;
}

/** A request that is answered without running anything. */
class RefusedRequest extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Answers `POST /graphql` of a gateway, and of nobody else. Every answer is a GraphQL response in JSON. */
export function createHttpEndpoint(options: HttpEndpointOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      const answer = await answerPost(request, options, gone.signal);
      send(response, 200, answer);
    } catch (error) {
      if (gone.signal.aborted) return;
      sendRefusal(response, error, options.log);
    }
  };
}

async function answerPost(
  request: IncomingMessage,
  { subgraph, verify, bodyLimit }: HttpEndpointOptions,
  signal: AbortSignal,
): Promise<SubgraphResponse> {
  if (request.method !== 'POST') throw new RefusedRequest(405, 'METHOD_NOT_ALLOWED', 'Send operations with POST.');
  // Before the body is read: a stranger's body is not worth the memory.
  const { principal, requestId, bodyDigest } = verify(
    request.headers.authorization,
    oneValue(request.headers['x-request-id']),
  );
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new RefusedRequest(415, 'UNSUPPORTED_MEDIA_TYPE', 'Send the operation as application/json.');
  }
  const body = await readBody(request, bodyLimit);
  if (digestBody(body) !== bodyDigest) {
    throw new RefusedRequest(401, 'INVALID_CLAIMS', 'The token was signed for another body. Sign one for this.');
  }
  const operation = readOperation(body);
  return subgraph.execute({ ...operation, principal, requestId, signal });
}

async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) {
      throw new RefusedRequest(413, 'REQUEST_TOO_LARGE', `The request is larger than ${limit} bytes. Ask for less.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function readOperation(body: string): Pick<SubgraphRequest, 'query' | 'operationName' | 'variables'> {
  const operation = parseOperation(parseJson(body));
  if (operation) return operation;
  const shape = '{ "query": text, "operationName": text, "variables": object }';
  throw new RefusedRequest(400, 'BAD_REQUEST', `The body is no GraphQL request. Send JSON like ${shape}.`);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** @returns null for anything that is no GraphQL request (GraphQL over HTTP, section 5.1) */
export function parseOperation(value: unknown): Pick<SubgraphRequest, 'query' | 'operationName' | 'variables'> | null {
  if (!isRecord(value)) return null;
  const { query, operationName, variables } = value;
  if (typeof query !== 'string') return null;
  if (operationName != null && typeof operationName !== 'string') return null;
  if (variables != null && !isRecord(variables)) return null;
  return { query, ...(operationName == null ? {} : { operationName }), ...(variables == null ? {} : { variables }) };
}

function oneValue(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function sendRefusal(response: ServerResponse, error: unknown, log: Logger): void {
  if (error instanceof RefusedRequest) {
    // What is left of the body is not read, so the connection cannot be used again.
    if (error.status === 413) response.setHeader('connection', 'close');
    if (error.status === 405) response.setHeader('allow', 'POST');
    sendError(response, error.status, error);
  } else if (isExposed(error)) {
    log.warn('subgraph token refused', { code: error.code });
    response.setHeader('www-authenticate', 'Bearer');
    sendError(response, 401, error);
  } else {
    log.error('subgraph request failed', { cause: error });
    sendError(response, 500, { code: 'INTERNAL', message: 'Something went wrong inside Andon. Repeat the request.' });
  }
}

export function sendError(response: ServerResponse, status: number, error: { code: string; message: string }): void {
  send(response, status, { errors: [{ message: error.message, extensions: { code: error.code } }] });
}

export function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
