import type { IncomingMessage } from 'node:http';

/**
 * Makes a request to a whole URL, as proxies are sent them, one to its path. Servers must take both, and the URL's host
 * then counts in the place of the header (RFC 9112, 3.2.2).
 */
export function bringIntoOriginForm(request: IncomingMessage): void {
  const { url = '', headers } = request;
  if (url.startsWith('/')) return;
  const [origin, host] = /^https?:\/\/([^/?#]*)/i.exec(url) ?? [];
  if (origin === undefined || host === undefined) return;
  const path = url.slice(origin.length);
  request.url = path.startsWith('/') ? path : `/${path}`;
  headers.host = host;
}
