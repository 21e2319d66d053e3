import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { bytesOf } from '../../runtime/bytes-of.ts';
import { UnpackError, unpackerFor } from '../../runtime/unpack.ts';
import { type RequestError, refuse } from '../request/request-error.ts';
import type { BodyPlace } from './body-room.ts';

/** Reads a request body of at most `maxBytes`, unpacked. @throws RequestError 413, 415, 400, 503 */
export async function readBody(request: IncomingMessage, maxBytes: number, place: BodyPlace): Promise<string> {
  const bytes = await readUnpacked(request, maxBytes, place);
  place.hold(bytes.length);
  if (!isUtf8(bytes)) throw refuse(400, 'BAD_REQUEST', 'The body is not valid UTF-8.');
  const text = bytes.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

async function readUnpacked(request: IncomingMessage, maxBytes: number, place: BodyPlace): Promise<Buffer> {
  const transferCoding = request.headers['transfer-encoding'];
  // Node takes off the chunks, and leaves what it does not know.
  if (transferCoding !== undefined && transferCoding.toLowerCase() !== 'chunked') throw unknownTransferCoding();
  try {
    const unpack = unpackerFor(request.headers['content-encoding']);
    return await unpack(await readBytes(request, maxBytes, place), maxBytes);
  } catch (cause) {
    throw refusalOf(cause, maxBytes);
  }
}

/** A chunk of one byte takes as much memory as one of a hundred: a megabyte that came so took eighty. */
const chunksInPiece = 256;

function readBytes(request: IncomingMessage, maxBytes: number, place: BodyPlace): Promise<Buffer> {
  if (Number(request.headers['content-length']) > maxBytes) return Promise.reject(tooLarge(maxBytes));
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let chunks: Buffer[] = [];
    let size = 0;
    const keep = (chunk: Buffer) => {
      size += chunk.length;
      try {
        if (size > maxBytes) throw tooLarge(maxBytes);
        place.hold(size);
      } catch (cause) {
        // The rest is left to whoever answers: the connection ends with the answer.
        request.off('data', keep).pause();
        reject(cause);
        return;
      }
      chunks.push(chunk);
      if (chunks.length < chunksInPiece) return;
      pieces.push(bytesOf(chunks));
      chunks = [];
    };
    request.on('data', keep);
    request.on('end', () => resolve(bytesOf(pieces.length === 0 ? chunks : [...pieces, ...chunks])));
    // Its only error is the end of its connection.
    request.on('error', () => reject(aborted()));
    request.on('close', () => {
      if (!request.complete) reject(aborted());
    });
  });
}

function refusalOf(cause: unknown, maxBytes: number): unknown {
  if (!(cause instanceof UnpackError)) return cause;
  switch (cause.reason) {
    case 'unknown coding':
      return refuse(415, 'UNSUPPORTED_ENCODING', 'This content-encoding is not read. Send gzip, br or none.');
    case 'too large':
      return tooLarge(maxBytes);
    case 'not packed':
      return refuse(400, 'BAD_REQUEST', 'The body is not packed as its content-encoding says. Correct one of the two.');
  }
}

/** RFC 9112, 6.1 */
const unknownTransferCoding = () =>
  refuse(
    501,
    'UNSUPPORTED_ENCODING',
    'This transfer-encoding is not read. Send chunked or none, and pack with content-encoding.',
  );

const aborted = () => refuse(400, 'REQUEST_ABORTED', 'The connection closed before the body arrived.');

const tooLarge = (maxBytes: number): RequestError =>
  refuse(413, 'BODY_LIMIT_EXCEEDED', `The body is larger than ${maxBytes} bytes. Send smaller requests.`);

/** Whether a body of this type is JSON in UTF-8, the only one that is read (RFC 8259, 8.1). */
export function isJsonType(contentType: string | undefined): boolean {
  if (contentType === 'application/json') return true;
  const [essence = '', ...parameters] = (contentType ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((part) => part.startsWith('charset='))?.slice('charset='.length);
  return essence === 'application/json' && (charset === undefined || /^"?utf-?8"?$/.test(charset));
}
