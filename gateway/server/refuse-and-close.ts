import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Runtime } from '../../runtime/runtime.ts';
import { noteLastWords } from '../request/last-words.ts';

/** How long a client that goes on sending is listened to after its refusal. */
export const lingerMs = 1000;
/** And how much it may send meanwhile. */
export const lingerBytes = 16_777_216;

/**
 * Answers a request whose body was not read to its end, and closes its connection. What still comes is thrown away for a
 * moment first: closing a connection with unread bytes resets it, and a reset takes the answer away from a client that has
 * not read it yet.
 */
export function refuseAndClose(
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  {
    status,
    headers,
    body,
  }: { readonly status: number; readonly headers: Record<string, string>; readonly body: Buffer },
  { timers }: Pick<Runtime, 'timers'>,
): void {
  response.writeHead(status, { ...headers, connection: 'close', 'content-length': body.length });
  response.write(body);
  noteLastWords(response, { status, bytes: body.length, errors: [] });
  const cancel = timers.after(lingerMs, end);
  let thrownAway = 0;
  request.on('data', (chunk: Buffer) => {
    thrownAway += chunk.length;
    if (thrownAway > lingerBytes) end();
  });
  request.once('end', end).once('close', end).resume();

  function end(): void {
    cancel();
    response.end();
  }
}
