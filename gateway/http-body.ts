import type { IncomingMessage } from 'node:http';
import { refuse } from './request-error.ts';

/** Reads a request body of at most `maxBytes`. @throws RequestError 413 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else {
        reject(refuse(413, 'BODY_LIMIT_EXCEEDED', `The body is larger than ${maxBytes} bytes. Send smaller requests.`));
        // The rest is not read: the connection ends with the answer.
        request.pause();
      }
    });
    request.on('end', () => resolve(chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(refuse(400, 'REQUEST_ABORTED', 'The connection closed before the body arrived.'));
    });
  });
}

/** The JSON value of a body. Only JSON is read: another type gives undefined, which the server refuses with a 4xx. */
export function parseBody(contentType: string | undefined, text: string): unknown {
  const essence = contentType?.split(';')[0]?.trim().toLowerCase();
  if (essence !== 'application/json' || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw refuse(400, 'BAD_REQUEST', 'The body is not valid JSON.');
  }
}
