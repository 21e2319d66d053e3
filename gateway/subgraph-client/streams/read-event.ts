import type { SubgraphResponse } from '../local-subgraph.ts';
import { readResponse } from '../read-response.ts';
import { SubgraphCallError } from '../subgraph-call-error.ts';
import { whatIsWrong } from '../what-is-wrong.ts';

/**
 * Reads one event of a stream, or what came in place of a stream.
 * @param body undefined where it is no JSON
 * @throws SubgraphCallError with what is wrong as its cause, unless it has the shape of a GraphQL response
 */
export function readEvent(service: string, body: unknown, text?: string): SubgraphResponse {
  try {
    return readResponse(service, body, text);
  } catch (problem) {
    if (!(problem instanceof SubgraphCallError)) throw problem;
    const cause = new Error(
      body === undefined ? 'what it sent is no JSON' : `what it sent is no GraphQL response: ${whatIsWrong(body)}`,
    );
    throw new SubgraphCallError(problem.code, service, { cause });
  }
}
