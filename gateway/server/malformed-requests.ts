import { maxHeaderSize, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { errorCode } from '../../runtime/error-code.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { AnswerWriter } from '../execution/answer-writer.ts';
import { type RequestError, refuse } from '../request/request-error.ts';
import type { Connections } from './connections.ts';
import { lingerBytes, lingerMs } from './refuse-and-close.ts';
import { refuseOnSocket } from './refuse-on-socket.ts';

export interface MalformedRequestsOptions {
  readonly connections: Pick<Connections, 'onceAnswered'>;
  readonly timers: Runtime['timers'];
  readonly answers: AnswerWriter;
}

/**
 * Answers what is no HTTP/1 request, and what has not come in time, as other requests are refused: Node itself would send a
 * status without a word. Requests that came whole before it on the same connection have their answers first; Node would put
 * the refusal in the place of theirs.
 */
export function answerMalformed(http: Server, { connections, timers, answers }: MalformedRequestsOptions): void {
  const told = new WeakSet<Socket>();
  http.on('clientError', (cause: Error, socket: Socket) => {
    // Node goes on reading: what follows is just as wrong.
    if (told.has(socket)) return;
    told.add(socket);
    if (!socket.writable) return void socket.destroy();
    throwAway(socket);
    connections.onceAnswered(socket, (hasBegun) => {
      // What a client has of an answer must not go on with another.
      if (hasBegun || !socket.writable) return void socket.destroy();
      refuseOnSocket(answers, socket, refusalOf(errorCode(cause)));
      if (socket.readableEnded) return socket.destroySoon();
      const cancel = timers.after(lingerMs, () => socket.destroy());
      socket.once('end', () => socket.destroySoon()).once('close', cancel);
    });
  });
}

/** Closing a connection with unread bytes would take the refusal away from a client that has not read it yet. */
function throwAway(socket: Socket): void {
  let thrownAway = 0;
  socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
    thrownAway += chunk.length;
    if (thrownAway > lingerBytes) socket.destroy();
  });
  socket.resume();
}

/** By the codes of llhttp, Node's parser, and of Node's own timeouts. */
function refusalOf(code: string | undefined): RequestError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return refuse(
        431,
        'HEADER_LIMIT_EXCEEDED',
        `The address and the headers of the request are longer than ${maxHeaderSize} bytes. Send less; a query fits into the body of a POST.`,
      );
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return refuse(413, 'BODY_LIMIT_EXCEEDED', 'The extensions of the chunks are too long. Send none.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refuse(408, 'REQUEST_TIMEOUT', 'The request took too long to arrive. Send it again, without pauses.');
    default:
      return refuse(400, 'BAD_REQUEST', 'This is no HTTP/1.1 request as RFC 9112 has it. Correct what sends it.');
  }
}
