import { isRecord } from '../../runtime/is-record.ts';
import type { DocumentRequest } from '../documents/document-source.ts';
import { parseJson } from '../limits/parse-json.ts';
import { refuse } from '../request/request-error.ts';

/** The parameters of one GraphQL request, checked. Source: GraphQL over HTTP, section "Request Parameters". */
export interface OperationParams extends DocumentRequest {
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown>;
}

/** One JSON object of a body. @throws RequestError 400 */
export function readBodyParams(value: unknown): OperationParams {
  if (!isRecord(value)) throw refuse(400, 'BAD_REQUEST', 'The body must be a JSON object with a "query".');
  const { query, operationName, variables, extensions } = value;
  // `documentId` is the specification's; Relay networks commonly say `id` or `doc_id`, others mean something else by it.
  const documentId = value['documentId'] ?? [value['id'], value['doc_id']].find(isText);
  const params: OperationParams = {
    query: optional(query, isText, 'query', 'a string') || undefined,
    documentId: optional(documentId, isText, 'documentId', 'a string') || undefined,
    operationName: optional(operationName, isText, 'operationName', 'a string') || undefined,
    variables: optional(variables, isRecord, 'variables', 'an object') ?? {},
    extensions: optional(extensions, isRecord, 'extensions', 'an object') ?? {},
  };
  return withDocument(params);
}

/** The parameters of a GET request. @throws RequestError 400 */
export function readSearchParams(search: string): OperationParams {
  const params = new URLSearchParams(search);
  return readBodyParams({
    query: single(params, 'query'),
    documentId: single(params, 'documentId') ?? single(params, 'id') ?? single(params, 'doc_id'),
    operationName: single(params, 'operationName'),
    variables: parsed(params, 'variables'),
    extensions: parsed(params, 'extensions'),
  });
}

function withDocument(params: OperationParams): OperationParams {
  const { query, documentId, extensions } = params;
  if (query !== undefined || documentId !== undefined || extensions['persistedQuery'] != null) return params;
  throw refuse(400, 'BAD_REQUEST', 'The request has no document. Send its text in "query".');
}

function optional<T>(value: unknown, is: (value: unknown) => value is T, name: string, what: string): T | undefined {
  if (value === undefined || value === null) return undefined;
  if (is(value)) return value;
  throw refuse(400, 'BAD_REQUEST', `"${name}" must be ${what}.`);
}

function single(params: URLSearchParams, name: string): string | undefined {
  const [value, ...others] = params.getAll(name);
  if (others.length > 0) throw refuse(400, 'BAD_REQUEST', `"${name}" may be given once only.`);
  return value;
}

function parsed(params: URLSearchParams, name: string): unknown {
  const text = single(params, name);
  return text === undefined || text === '' ? undefined : parseJson(text, `"${name}"`);
}

const isText = (value: unknown): value is string => typeof value === 'string';
