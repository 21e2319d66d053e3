import type { GraphQLFormattedError } from 'graphql';

/** The subprotocol of GraphQL over WebSocket: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md */
export const subprotocol = 'graphql-transport-ws';

/** Close codes of the protocol, and the few general ones that the gateway uses. */
export const closeCodes = {
  /** RFC 6455 registry: the server restarts; come back. */
  restarting: 1012,
  /** RFC 6455 registry: try again later. The client reads slower than events arrive. */
  slowConsumer: 1013,
  invalidMessage: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  subprotocolNotAcceptable: 4406,
  initTimeout: 4408,
  duplicateId: 4409,
  tooManyInits: 4429,
} as const;

export interface SubscribePayload {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown>;
  readonly extensions: Record<string, unknown>;
}

export type ClientMessage =
  | { readonly type: 'connection_init'; readonly payload: Record<string, unknown> }
  | { readonly type: 'ping'; readonly payload: unknown }
  | { readonly type: 'pong' }
  | { readonly type: 'subscribe'; readonly id: string; readonly payload: SubscribePayload }
  | { readonly type: 'complete'; readonly id: string };

/** @returns undefined where the text is no message of the protocol */
export function readClientMessage(text: string): ClientMessage | undefined {
  const message = parseRecord(text);
  if (!message) return undefined;
  const { type, id, payload } = message;
  switch (type) {
    case 'connection_init':
      if (payload !== undefined && payload !== null && !isRecord(payload)) return undefined;
      return { type, payload: payload ?? {} };
    case 'ping':
      return { type, payload };
    case 'pong':
      return { type };
    case 'complete':
      return isId(id) ? { type, id } : undefined;
    case 'subscribe': {
      const operation = readPayload(payload);
      return isId(id) && operation ? { type, id, payload: operation } : undefined;
    }
    default:
      return undefined;
  }
}

const maxIdLength = 512;
const isId = (id: unknown): id is string => typeof id === 'string' && id !== '' && id.length <= maxIdLength;

function readPayload(payload: unknown): SubscribePayload | undefined {
  if (!isRecord(payload)) return undefined;
  const { query, operationName, variables, extensions } = payload;
  if (typeof query !== 'string') return undefined;
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') return undefined;
  if (variables !== undefined && variables !== null && !isRecord(variables)) return undefined;
  if (extensions !== undefined && extensions !== null && !isRecord(extensions)) return undefined;
  return { query, operationName: operationName ?? undefined, variables: variables ?? {}, extensions: extensions ?? {} };
}

function parseRecord(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const nextMessage = (id: string, body: string) => `{"id":${JSON.stringify(id)},"type":"next","payload":${body}}`;

export const errorMessage = (id: string, errors: readonly GraphQLFormattedError[]) =>
  JSON.stringify({ id, type: 'error', payload: errors });

export const completeMessage = (id: string) => JSON.stringify({ id, type: 'complete' });
