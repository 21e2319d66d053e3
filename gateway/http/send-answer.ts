import type { ServerResponse } from 'node:http';
import { compress, type EncodedBody } from './compress.ts';
import type { Exchange } from './exchange.ts';
import type { SingleAnswer } from './single-answer.ts';

/** Sends a whole answer, compressed where the client takes it. */
export function sendAnswer(
  { request, response }: Pick<Exchange, 'request' | 'response'>,
  answer: SingleAnswer,
  compressAboveBytes: number,
): Promise<void> | undefined {
  const body = compress(answer.body, request.headers['accept-encoding'], compressAboveBytes);
  if (body instanceof Promise) return body.then((made) => write(response, answer, made));
  write(response, answer, body);
  return undefined;
}

function write(response: ServerResponse, { status, headers }: SingleAnswer, { bytes, encoding }: EncodedBody): void {
  if (response.destroyed) return;
  const varies = response.getHeader('vary');
  response.writeHead(status, {
    ...headers,
    vary: varies === undefined ? 'Accept, Accept-Encoding' : `${varies}, Accept, Accept-Encoding`,
    ...(encoding && { 'content-encoding': encoding }),
    'content-length': bytes.length,
  });
  response.end(bytes);
}
