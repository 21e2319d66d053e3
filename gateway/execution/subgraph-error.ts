import type { GraphQLFormattedError } from 'graphql';
import type { FieldError } from './failure.ts';

/** A call to a subgraph that brought no usable answer. */
export class SubgraphCallError extends Error {
  readonly code:
    | 'SUBGRAPH_UNAVAILABLE'
    | 'SUBGRAPH_TIMEOUT'
    | 'SUBGRAPH_CIRCUIT_OPEN'
    | 'SUBGRAPH_OVERLOADED'
    | 'SUBGRAPH_MALFORMED_RESPONSE'
    | 'SUBGRAPH_LOST_OBJECT'
    | 'SUBGRAPH_REFUSED'
    | 'REQUEST_ABORTED';
  readonly service: string;

  constructor(code: SubgraphCallError['code'], service: string, options?: ErrorOptions) {
    super(sentences[code](service), options);
    this.name = 'SubgraphCallError';
    this.code = code;
    this.service = service;
  }
}

const sentences: Readonly<Record<SubgraphCallError['code'], (service: string) => string>> = {
  SUBGRAPH_UNAVAILABLE: (service) => `"${service}" cannot be reached at the moment. Try again later.`,
  SUBGRAPH_TIMEOUT: (service) => `"${service}" did not answer in time. Try again later.`,
  SUBGRAPH_CIRCUIT_OPEN: (service) => `"${service}" has not answered lately and is not asked for now. Try again later.`,
  SUBGRAPH_OVERLOADED: (service) => `Too many requests wait for "${service}". Try again later.`,
  SUBGRAPH_MALFORMED_RESPONSE: (service) => `"${service}" gave an answer that does not fit the schema.`,
  SUBGRAPH_LOST_OBJECT: (service) =>
    `"${service}" does not find this object again by its key. Ask again, or without @defer.`,
  SUBGRAPH_REFUSED: (service) => `"${service}" refused the request of this gateway.`,
  REQUEST_ABORTED: (service) => `The request ended before "${service}" answered.`,
};

const retryable = new Set<string>([
  'SUBGRAPH_UNAVAILABLE',
  'SUBGRAPH_TIMEOUT',
  'SUBGRAPH_CIRCUIT_OPEN',
  'SUBGRAPH_OVERLOADED',
  'SUBGRAPH_LOST_OBJECT',
]);

export function callErrorToFieldError({ code, service, message }: SubgraphCallError): FieldError {
  return { message, extensions: { code, service, retryable: retryable.has(code) }, below: [] };
}

/** Extensions that help an attacker and nobody else. */
const internalExtensions = new Set(['stacktrace', 'stack', 'exception', 'originalError', 'debug', 'trace']);
/** Codes that frameworks give to errors which nobody meant for a client. */
const unmeantCodes = new Set<unknown>([
  'INTERNAL_SERVER_ERROR',
  'INTERNAL_ERROR',
  'UNEXPECTED',
  'DOWNSTREAM_SERVICE_ERROR',
]);

export interface ErrorExposure {
  /** Whether messages of errors without a meaningful code are replaced by a sentence that reveals nothing. */
  readonly maskUnknown: boolean;
}

/** An error of a subgraph as clients may read it: with the code it gave, else masked. */
export function toClientError(error: GraphQLFormattedError, service: string, exposure: ErrorExposure): FieldError {
  const given = typeof error.extensions === 'object' && error.extensions !== null ? error.extensions : {};
  const shown = Object.fromEntries(Object.entries(given).filter(([name]) => !internalExtensions.has(name)));
  const isMeant = typeof given['code'] === 'string' && !unmeantCodes.has(given['code']);
  const mayRead = (isMeant || !exposure.maskUnknown) && typeof error.message === 'string';
  return {
    message: mayRead ? error.message : `"${service}" could not answer this field.`,
    extensions: {
      ...(mayRead ? shown : {}),
      code: isMeant ? given['code'] : 'SUBGRAPH_ERROR',
      service,
      retryable: given['retryable'] === true,
    },
    below: [],
  };
}
