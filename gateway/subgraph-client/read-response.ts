import { isRecord } from '../../runtime/is-record.ts';
import { largeBytes } from './answer-room.ts';
import { bodyLength } from './body-length.ts';
import { isPlain } from './is-plain.ts';
import type { SubgraphResponse } from './local-subgraph.ts';
import { SubgraphCallError } from './subgraph-call-error.ts';

/**
 * @param text where the body was read from, if it was
 * @throws SubgraphCallError unless the value has the shape of a GraphQL response
 */
export function readResponse(service: string, body: unknown, text?: string): SubgraphResponse {
  if (!isRecord(body) || !fits(body)) throw new SubgraphCallError('SUBGRAPH_MALFORMED_RESPONSE', service);
  const response: SubgraphResponse & { [isPlain]?: true; [bodyLength]?: number } = body;
  if (text && text.length > largeBytes) response[bodyLength] = text.length;
  if (text?.includes('\\') === false) response[isPlain] = true;
  return response;
}

function fits({ data, errors }: Record<string, unknown>): boolean {
  const dataFits = data === undefined || data === null || isRecord(data);
  const errorsFit = errors === undefined || (Array.isArray(errors) && errors.every(isRecord));
  return dataFits && errorsFit && (data !== undefined || errors !== undefined);
}
