import type { ServerResponse } from 'node:http';
import { cutOff, type UnsentAnswers, wholeBytes } from '../server/unsent-answers.ts';
import type { EncodedBody } from './answer-body.ts';
import type { Exchange } from './exchange.ts';
import type { GraphQLEndpointOptions } from './graphql-endpoint-options.ts';
import type { SingleAnswer } from './single-answer.ts';

/** Sends a whole answer, compressed where the client takes it. */
export function sendAnswer(
  { request, response }: Pick<Exchange, 'request' | 'response'>,
  answer: SingleAnswer,
  { config, unsent }: Pick<GraphQLEndpointOptions, 'config' | 'unsent'>,
): Promise<void> | undefined {
  const body = answer.body.encode(request.headers['accept-encoding'], config.http.compressAboveBytes);
  if (!(body instanceof Promise)) {
    write(response, answer, body, unsent);
    return undefined;
  }
  // Others are packed before it.
  const hold = unsent.hold(() => cutOff(response));
  if (answer.body.text.length > wholeBytes) hold(answer.body.text.length);
  return body.finally(() => hold(0)).then((made) => write(response, answer, made, unsent));
}

function write(
  response: ServerResponse,
  { status, headers }: SingleAnswer,
  body: EncodedBody,
  unsent: UnsentAnswers,
): void {
  if (response.destroyed) return;
  const { byteLength, coding } = body;
  response.writeHead(status, {
    ...headers,
    ...(coding && { 'content-encoding': coding }),
    'content-length': byteLength,
  });
  unsent.send(response, body);
}
