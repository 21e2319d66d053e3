import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import type { RequestError } from '../request/request-error.ts';
import { refusalHeaders } from './refusal-headers.ts';

/**
 * Answers on a connection that has no response of Node's with what any other request would get, as its last words.
 * @returns the bytes of the body
 */
export function refuseOnSocket(
  answers: AnswerWriter,
  socket: Duplex,
  { status, formatted }: Pick<RequestError, 'status' | 'formatted'>,
  headers: readonly string[] = ['connection: close'],
): number {
  const body = answers.refusal(formatted);
  const bytes = Buffer.byteLength(body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...headers,
    ...Object.entries(refusalHeaders).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${bytes}`,
  ];
  // A client that went away meanwhile is no failure of the gateway.
  socket.on('error', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  return bytes;
}
