import type { Duplex } from 'node:stream';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import type { RequestError } from '../request/request-error.ts';
import { refuseOnSocket } from '../server/refuse-on-socket.ts';

/** Answers a handshake with what any other request would get, and closes its connection. */
export function refuseUpgrade(answers: AnswerWriter, socket: Duplex, refusal: RequestError): void {
  const { status } = refusal;
  socket.once('finish', () => socket.destroy());
  refuseOnSocket(answers, socket, refusal, [
    `connection: ${status === 426 ? 'upgrade, close' : 'close'}`,
    ...(remedies[status] ?? []),
  ]);
}

/** What would have been right, for programs (RFC 6455, 4.4; RFC 9110, 15.5.22, 10.2.1 and 10.2.3). */
const remedies: Readonly<Record<number, readonly string[]>> = {
  405: ['allow: GET'],
  503: ['retry-after: 5'],
  426: ['upgrade: websocket', 'sec-websocket-version: 13, 8'],
};
