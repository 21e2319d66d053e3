import type { ServerResponse } from 'node:http';
import { http2StreamOf } from './http2-stream.ts';

/** Whether nothing reaches the client any more. */
export const isClosed = (response: ServerResponse): boolean => (http2StreamOf(response) ?? response).destroyed;

/** Calls `run` when the connection is closed, over HTTP/2 the stream: at once where that was before anybody listened. */
export function onceClosed(response: ServerResponse, run: () => void): void {
  if (isClosed(response)) run();
  else response.once('close', run);
}
