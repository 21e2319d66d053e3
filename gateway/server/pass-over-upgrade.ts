import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

export interface OfferedUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What of the body has come with the headers. */
  readonly head: Buffer;
}

export const asksForWebSocket = ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket';

/**
 * Answers a request as if it had offered no other protocol (RFC 9110, 7.8): the HTTP clients of Java and `curl --http2`
 * offer `h2c` with each request that has no TLS. Node hands such a request over with its connection and without its body,
 * so both are given back to the server, the head without the offer.
 */
export function passOverUpgrade(http: Server, { request, socket, head }: OfferedUpgrade): void {
  socket.unshift(Buffer.concat([Buffer.from(headWithout(request), 'latin1'), head]));
  http.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket);
}

function headWithout({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
    const kept = keptOf(name.toLowerCase(), value);
    if (kept !== '') lines.push(`${name}: ${kept}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

const offer = new Set(['upgrade', 'http2-settings']);

/** Empty headers say nothing that this gateway reads. */
function keptOf(name: string, value: string): string {
  if (offer.has(name)) return '';
  if (name !== 'connection') return value;
  return value
    .split(',')
    .map((option) => option.trim())
    .filter((option) => !offer.has(option.toLowerCase()))
    .join(', ');
}
