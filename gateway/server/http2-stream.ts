import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';

/** What stands behind the response of an HTTP/2 request, which has the shape of HTTP/1.1 and does not say it all. */
export const http2StreamOf = (
  response: ServerResponse & { readonly stream?: ServerHttp2Stream },
): ServerHttp2Stream | undefined => response.stream;
