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
  if (Array.isArray(body['errors'])) cutPaths(body['errors']);
  // Servers that write every field of a response say so that there are none.
  else if (body['errors'] === null) body['errors'] = undefined;
  const response: SubgraphResponse & { [isPlain]?: true; [bodyLength]?: number } = body;
  if (text && text.length > largeBytes) response[bodyLength] = text.length;
  if (text?.includes('\\') === false) response[isPlain] = true;
  return response;
}

/** The steps of a path are names and indices (specification, 7.1.6): what stands behind another one leads nowhere. */
function cutPaths(errors: readonly Record<string, unknown>[]): void {
  for (const error of errors) {
    const { path } = error;
    if (!Array.isArray(path)) continue;
    const wrong = path.findIndex((step) => typeof step !== 'string' && typeof step !== 'number');
    if (wrong !== -1) error['path'] = path.slice(0, wrong);
  }
}

function fits({ data, errors }: Record<string, unknown>): boolean {
  const dataFits = data === undefined || data === null || isRecord(data);
  const hasErrors = errors !== undefined && errors !== null;
  const errorsFit = !hasErrors || (Array.isArray(errors) && errors.every(isRecord));
  return dataFits && errorsFit && (data !== undefined || hasErrors);
}
