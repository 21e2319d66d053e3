import { compress } from './compress.ts';
import type { Exchange } from './graphql-endpoint.ts';
import type { SingleAnswer } from './single-answer.ts';

/** Sends a whole answer, compressed where the client takes it. */
export async function sendAnswer(
  { request, response }: Pick<Exchange, 'request' | 'response'>,
  { status, headers, body }: SingleAnswer,
  compressAboveBytes: number,
): Promise<void> {
  const { bytes, encoding } = await compress(body, request.headers['accept-encoding'], compressAboveBytes);
  if (response.destroyed) return;
  const vary = [response.getHeader('vary'), 'Accept', 'Accept-Encoding'].filter((name) => name !== undefined);
  response.writeHead(status, {
    ...headers,
    vary: vary.join(', '),
    ...(encoding && { 'content-encoding': encoding }),
    'content-length': bytes.length,
  });
  response.end(bytes);
}
