import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { bytesOf } from '../../runtime/bytes-of.ts';
import { UnpackError, unpackerFor } from '../../runtime/unpack.ts';
import { type RequestError, refuse } from '../request/request-error.ts';

/** Reads a request body of at most `maxBytes`, unpacked. @throws RequestError 413, 415, 400 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const bytes = await readUnpacked(request, maxBytes);
  if (!isUtf8(bytes)) throw refuse(400, 'BAD_REQUEST', 'The body is not valid UTF-8.');
  const text = bytes.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

async function readUnpacked(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  try {
    const unpack = unpackerFor(request.headers['content-encoding']);
    return await unpack(await readBytes(request, maxBytes), maxBytes);
  } catch (cause) {
    throw refusalOf(cause, maxBytes);
  }
}

function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length']) > maxBytes) return Promise.reject(tooLarge(maxBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const keep = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else {
        // The rest is left to whoever answers: the connection ends with the answer.
        request.off('data', keep).pause();
        reject(tooLarge(maxBytes));
      }
    };
    request.on('data', keep);
    request.on('end', () => resolve(bytesOf(chunks)));
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
