import type { ServerResponse } from 'node:http';
import type { EncodedBody } from './answer-body.ts';
import type { Exchange } from './exchange.ts';
import type { SingleAnswer } from './single-answer.ts';

/** Sends a whole answer, compressed where the client takes it. */
export function sendAnswer(
  { request, response }: Pick<Exchange, 'request' | 'response'>,
  answer: SingleAnswer,
  compressAboveBytes: number,
): Promise<void> | undefined {
  const body = answer.body.encode(request.headers['accept-encoding'], compressAboveBytes);
  if (body instanceof Promise) return body.then((made) => write(response, answer, made));
  write(response, answer, body);
  return undefined;
}

function write(response: ServerResponse, { status, headers }: SingleAnswer, body: EncodedBody): void {
  if (response.destroyed) return;
  const { content, charset, byteLength, coding } = body;
  const varies = response.getHeader('vary');
  response.writeHead(status, {
    ...headers,
    vary: varies === undefined ? 'Accept, Accept-Encoding' : `${varies}, Accept, Accept-Encoding`,
    ...(coding && { 'content-encoding': coding }),
    'content-length': byteLength,
  });
  response.end(content, charset);
}
