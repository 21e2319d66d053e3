import { maxHeaderSize, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { errorCode } from '../../runtime/error-code.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import { noteLastWords } from '../request/last-words.ts';
import { type RequestError, refuse } from '../request/request-error.ts';
import { allowedMethods } from './allowed-methods.ts';
import type { Connections } from './connections.ts';
import { lingerBytes, lingerMs } from './refuse-and-close.ts';
import { refuseLateHandshake } from './refuse-late-handshake.ts';
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
    if (isLateHandshake(cause, socket)) {
      refuseLateHandshake(answers, socket, tookTooLong());
      return endSoon(socket, timers);
    }
    connections.onceAnswered(socket, (unread) => {
      // What a client has of an answer must not go on with another.
      if (unread?.headersSent || !socket.writable) return void socket.destroy();
      const { refusal, headers } = refusalOf(cause);
      const bytes = refuseOnSocket(answers, socket, refusal, headers);
      if (unread) noteLastWords(unread, { status: refusal.status, bytes, errors: refusal.formatted });
      endSoon(socket, timers);
    });
  });
}

/** When the client has ended its side, or a moment later. */
function endSoon(socket: Socket, timers: Runtime['timers']): void {
  if (socket.readableEnded) return void socket.destroySoon();
  const cancel = timers.after(lingerMs, () => socket.destroy());
  socket.once('end', () => socket.destroySoon()).once('close', cancel);
}

/** What the client sent may have been there, and this process too busy to read it. */
const isLateHandshake = (cause: Error, socket: Socket): socket is TLSSocket =>
  socket instanceof TLSSocket && errorCode(cause) === 'ERR_TLS_HANDSHAKE_TIMEOUT';

/** Closing a connection with unread bytes would take the refusal away from a client that has not read it yet. */
function throwAway(socket: Socket): void {
  let thrownAway = 0;
  socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
    thrownAway += chunk.length;
    if (thrownAway > lingerBytes) socket.destroy();
  });
  socket.resume();
}

interface Refusal {
  readonly refusal: RequestError;
  readonly headers?: readonly string[];
}

/** A request line of RFC 9112, whose method llhttp does not have. */
const requestLine = /^[!#$%&'*+.^_`|~\w-]{1,32} \S+ HTTP\/1\.[01]\r\n/;

/** Of llhttp: what it was given at once, and where in it the mistake is. */
interface ParseError extends Error {
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

function refusalOf(cause: ParseError): Refusal {
  const code = errorCode(cause);
  const { rawPacket, bytesParsed = 0 } = cause;
  // What follows other requests at once may begin anywhere in it.
  const first = bytesParsed <= 32 ? rawPacket?.subarray(0, 20_000).toString('latin1') : undefined;
  if (code === 'HPE_INVALID_METHOD' && first !== undefined && requestLine.test(first)) {
    return { refusal: unknownMethod(), headers: ['connection: close', `allow: ${allowedMethods}`] };
  }
  return { refusal: refusalByCode(code) };
}

const unknownMethod = () => refuse(405, 'METHOD_NOT_ALLOWED', 'Send GraphQL requests with GET or POST.');

export const tookTooLong = (): RequestError =>
  refuse(408, 'REQUEST_TIMEOUT', 'The request took too long to arrive. Send it again, without pauses.');

/** By the codes of llhttp, Node's parser, and of Node's own timeouts. */
function refusalByCode(code: string | undefined): RequestError {
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
      return tookTooLong();
    default:
      return refuse(400, 'BAD_REQUEST', 'This is no HTTP/1.1 request as RFC 9112 has it. Correct what sends it.');
  }
}
