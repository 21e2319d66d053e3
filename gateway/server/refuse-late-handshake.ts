import { constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import type { RequestError } from '../request/request-error.ts';
import { refuseOnSocket } from './refuse-on-socket.ts';

/**
 * Tells a client whose TLS handshake took too long what became of it, where it comes to its end yet: over HTTP/2 that none of
 * its requests is answered on this connection (RFC 9113, 6.8), else as any other request is refused.
 *
 * Nothing is written before. What waits for the end of a handshake still waits when Node makes a session of HTTP/2 of the
 * connection, and the first write of the session beside it aborts the process (`!current_write_` in `TLSWrap::DoWrite`). So
 * nothing else may take the connection, either.
 */
export function refuseLateHandshake(answers: AnswerWriter, socket: TLSSocket, refusal: RequestError): void {
  // Node's own listener hands the connection over to the server.
  socket.removeAllListeners('secure').once('secure', () => {
    if (socket.alpnProtocol === 'h2') goAway(socket, refusal);
    else refuseOnSocket(answers, socket, refusal);
  });
}

/** Of the frames of RFC 9113, 4.1. */
const frameTypes = { settings: 4, goAway: 7 };

function goAway(socket: TLSSocket, { message }: RequestError): void {
  const lastStreamAndCode = Buffer.alloc(8);
  lastStreamAndCode.writeUInt32BE(constants.NGHTTP2_NO_ERROR, 4);
  socket.on('error', () => socket.destroy());
  socket.end(
    Buffer.concat([
      frame(frameTypes.settings, Buffer.alloc(0)),
      frame(frameTypes.goAway, Buffer.concat([lastStreamAndCode, Buffer.from(message)])),
    ]),
  );
}

/** A frame of the connection, without flags. */
function frame(type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  return Buffer.concat([head, payload]);
}
