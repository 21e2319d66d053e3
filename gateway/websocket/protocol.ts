import { isRecord } from '../../runtime/is-record.ts';
import { refuseNesting } from '../limits/parse-json.ts';
import type { RequestError } from '../request/request-error.ts';

/** The subprotocol of GraphQL over WebSocket: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md */
export const subprotocol = 'graphql-transport-ws';

/** Close codes of the protocol, and the few general ones that the gateway uses. */
export const closeCodes = {
  /** RFC 6455 registry: the server restarts; come back. */
  restarting: 1012,
  /** RFC 6455 registry: try again later. The client reads slower than events arrive, or has too many streams. */
  tryAgainLater: 1013,
  invalidMessage: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  subprotocolNotAcceptable: 4406,
  initTimeout: 4408,
  duplicateId: 4409,
  tooManyInits: 4429,
} as const;

export interface SubscribePayload {
  /** Absent where the document is named by its id alone. */
  readonly query: string | undefined;
  readonly documentId: string | undefined;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown>;
  readonly extensions: Record<string, unknown>;
}

export type ClientMessage =
  | { readonly type: 'connection_init'; readonly payload: Record<string, unknown> }
  | { readonly type: 'ping'; readonly payload: Record<string, unknown> | undefined }
  | { readonly type: 'pong' }
  | SubscribeMessage
  | { readonly type: 'complete'; readonly id: string };

export interface SubscribeMessage {
  readonly type: 'subscribe';
  readonly id: string;
  readonly payload: SubscribePayload;
  /** Of a message that the protocol allows and a limit does not: only its operation ends. */
  readonly refusal: RequestError | undefined;
}

/** @returns the reason where the text is no message of the protocol, which then wants the socket closed with 4400 */
export function readClientMessage(text: string): ClientMessage | string {
  const message = parseRecord(text);
  if (!message) return 'Invalid message: not a JSON object';
  const { type, id, payload } = message;
  const refusal = refuseNesting(text);
  if (refusal && type !== 'subscribe') return `Invalid message: ${refusal.message}`;
  switch (type) {
    case 'connection_init':
      return isOptionalRecord(payload)
        ? { type, payload: payload ?? {} }
        : 'Invalid message: payload must be an object';
    case 'ping':
      return isOptionalRecord(payload)
        ? { type, payload: payload ?? undefined }
        : 'Invalid message: payload must be an object';
    case 'pong':
      return isOptionalRecord(payload) ? { type } : 'Invalid message: payload must be an object';
    case 'complete':
      return isId(id) ? { type, id } : 'Invalid message: complete needs an id';
    case 'subscribe': {
      if (!isId(id)) return 'Invalid message: subscribe needs an id';
      const operation = readPayload(payload);
      if (typeof operation === 'string') return `Invalid message: ${operation}`;
      return { type, id, payload: operation, refusal };
    }
    default:
      return typeof type === 'string'
        ? `Invalid message: ${subprotocol} has no type ${JSON.stringify(type.slice(0, 30))}`
        : 'Invalid message: it has no type';
  }
}

const isId = (id: unknown): id is string => typeof id === 'string' && id !== '';

/** @returns what is wrong with it, where something is */
function readPayload(payload: unknown): SubscribePayload | string {
  if (!isRecord(payload)) return 'subscribe needs a payload with a query';
  const { query, documentId, operationName, variables, extensions } = payload;
  if (!isOptionalString(query)) return 'query must be a string';
  if (!isOptionalString(documentId)) return 'documentId must be a string';
  if (!isOptionalString(operationName)) return 'operationName must be a string';
  if (!isOptionalRecord(variables)) return 'variables must be an object';
  if (!isOptionalRecord(extensions)) return 'extensions must be an object';
  const namesDocument = documentId != null || extensions?.['persistedQuery'] != null;
  if (query == null && !namesDocument) return 'subscribe needs a payload with a query';
  return {
    query: query ?? undefined,
    documentId: documentId ?? undefined,
    operationName: operationName ?? undefined,
    variables: variables ?? {},
    extensions: extensions ?? {},
  };
}

function parseRecord(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isOptionalRecord = (value: unknown): value is Record<string, unknown> | null | undefined =>
  value === undefined || value === null || isRecord(value);

const isOptionalString = (value: unknown): value is string | null | undefined =>
  value === undefined || value === null || typeof value === 'string';

export const pongMessage = (payload: Record<string, unknown> | undefined) =>
  payload ? JSON.stringify({ type: 'pong', payload }) : '{"type":"pong"}';

let lastNext = { id: '', body: '', text: '' };

/** Clients of one event mostly use equal ids: they get the very same text, so that it is encoded once. */
export function nextMessage(id: string, body: string): string {
  if (lastNext.body !== body || lastNext.id !== id) {
    lastNext = { id, body, text: `{"id":${JSON.stringify(id)},"type":"next","payload":${body}}` };
  }
  return lastNext.text;
}

/** @param errors JSON text */
export const errorMessage = (id: string, errors: string) =>
  `{"id":${JSON.stringify(id)},"type":"error","payload":${errors}}`;

export const completeMessage = (id: string) => JSON.stringify({ id, type: 'complete' });
