import type { SubgraphCallError } from './subgraph-call-error.ts';

/** What an HTTP status means that came without a GraphQL answer. */
export function codeForStatus(statusCode: number): SubgraphCallError['code'] {
  if (statusCode === 401 || statusCode === 403) return 'SUBGRAPH_REFUSED';
  if ([429, 502, 503, 504].includes(statusCode)) return 'SUBGRAPH_UNAVAILABLE';
  return 'SUBGRAPH_MALFORMED_RESPONSE';
}

/**
 * An error status with a GraphQL body is still an answer (GraphQL over HTTP, section 6.4). But whoever is not believed here
 * is this gateway, so that its client could do nothing with the reasons.
 */
export function isAnswer(statusCode: number, body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  return 'data' in body || (statusCode !== 401 && 'errors' in body);
}
