import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AnswerWriter } from '../execution/answer-writer.ts';
import type { RequestError } from '../request/request-error.ts';

/** Answers on a connection that has no response of Node's with what any other request would get, as its last words. */
export function refuseOnSocket(
  answers: AnswerWriter,
  socket: Duplex,
  { status, formatted }: Pick<RequestError, 'status' | 'formatted'>,
  headers: readonly string[] = ['connection: close'],
): void {
  const body = answers.refusal(formatted);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...headers,
    'content-type: application/json; charset=utf-8',
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  // A client that went away meanwhile is no failure of the gateway.
  socket.on('error', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
