import { SubgraphCallError } from '../execution/subgraph-error.ts';
import type { SubgraphResponse } from './local-subgraph.ts';

/** @throws SubgraphCallError unless the value has the shape of a GraphQL response */
export function readResponse(service: string, body: unknown): SubgraphResponse {
  if (isRecord(body)) {
    const { data, errors } = body;
    const dataFits = data === undefined || data === null || isRecord(data);
    const errorsFit = errors === undefined || (Array.isArray(errors) && errors.every(isRecord));
    if (dataFits && errorsFit && (data !== undefined || errors !== undefined)) return body;
  }
  throw new SubgraphCallError('SUBGRAPH_MALFORMED_RESPONSE', service);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
