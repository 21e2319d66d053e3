import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { writeErrorBody } from '../execution/response-body.ts';
import type { RequestError } from '../request-error.ts';

/** Answers a handshake with what any other request would get, and closes its connection. */
export function refuseUpgrade(socket: Duplex, { status, formatted }: RequestError): void {
  const body = writeErrorBody(formatted);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `connection: ${status === 426 ? 'upgrade, close' : 'close'}`,
    ...(remedies[status] ?? []),
    'content-type: application/json; charset=utf-8',
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  // A client that went away meanwhile is no failure of the gateway.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** What would have been right, for programs (RFC 6455, 4.4; RFC 9110, 15.5.22, 10.2.1 and 10.2.3). */
const remedies: Readonly<Record<number, readonly string[]>> = {
  405: ['allow: GET'],
  503: ['retry-after: 5'],
  426: ['upgrade: websocket', 'sec-websocket-version: 13, 8'],
};
