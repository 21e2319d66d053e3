import type { SubgraphCallError } from './subgraph-call-error.ts';

/** What an HTTP status means that came without a GraphQL answer. */
export function codeForStatus(statusCode: number): SubgraphCallError['code'] {
  if (statusCode === 401 || statusCode === 403) return 'SUBGRAPH_REFUSED';
  if (statusCode === 413) return 'REQUEST_TOO_LARGE';
  if ([429, 502, 503, 504].includes(statusCode)) return 'SUBGRAPH_UNAVAILABLE';
  return 'SUBGRAPH_MALFORMED_RESPONSE';
}

/**
 * An error status with a GraphQL body is still an answer (GraphQL over HTTP, section 6.4). But where this gateway signed the
 * call, it is the gateway that a 401 does not believe, and its client could do nothing with the reasons.
 * @param isSigned see there
 */
export function isAnswer(statusCode: number, body: unknown, isSigned: boolean): boolean {
  if (typeof body !== 'object' || body === null) return false;
  return 'data' in body || ('errors' in body && (statusCode !== 401 || !isSigned));
}
