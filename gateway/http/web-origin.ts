import type { IncomingHttpHeaders } from 'node:http';
import type { CorsConfig } from '../config.ts';
import { refuse } from '../request/request-error.ts';

/** Whether a page of this origin may read answers. */
export function mayRead(origin: string, { origins }: CorsConfig): boolean {
  return origins.includes('*') || origins.includes(origin);
}

/**
 * Whether a page of another site made the browser send this. A GET can be sent by any page, without asking first; it
 * reads only and carries no cookie, but it costs work, and how long that takes tells the page something.
 */
export function isFromForeignPage(headers: IncomingHttpHeaders, cors: CorsConfig): boolean {
  if (headers.origin !== undefined) return hasForeignOrigin(headers, cors);
  const site = headers['sec-fetch-site'];
  return site === 'cross-site' || site === 'same-site';
}

/**
 * Whether the origin is neither the gateway's own nor configured. Browsers send it with every WebSocket, which they let
 * any page open and read. Programs send none.
 */
export function hasForeignOrigin(headers: IncomingHttpHeaders, cors: CorsConfig): boolean {
  const { origin, host } = headers;
  if (origin === undefined || mayRead(origin, cors)) return false;
  return !URL.canParse(origin) || new URL(origin).host !== (headers[':authority'] ?? host);
}

export const foreignPage = () =>
  refuse(403, 'ORIGIN_NOT_ALLOWED', 'Pages of this origin may not ask. Add the origin to cors.origins of the gateway.');

/** The headers that let a page of an allowed origin read the answer. Never with credentials: there are no cookies. */
export function corsHeaders(origin: string | undefined, cors: CorsConfig): Record<string, string> {
  if (origin === undefined || !mayRead(origin, cors)) return {};
  return {
    'access-control-allow-origin': cors.origins.includes('*') ? '*' : origin,
    'access-control-expose-headers': 'x-request-id',
  };
}

/** What an allowed page may send, asked by the browser beforehand (Fetch standard, "CORS-preflight fetch"). */
export function preflightHeaders(requestedHeaders: string | undefined, cors: CorsConfig): Record<string, string> {
  return {
    'access-control-allow-methods': 'GET, POST, PUT, DELETE',
    'access-control-allow-headers': requestedHeaders ?? 'content-type, authorization',
    'access-control-max-age': String(cors.maxAgeSeconds),
  };
}
