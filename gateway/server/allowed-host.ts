import type { IncomingMessage } from 'node:http';
import type { GatewayConfig } from '../config.ts';
import { refuse } from '../request/request-error.ts';

/** Names that lead to the reader's own machine, whoever resolves them. */
const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether only this machine can reach an address to listen on. */
export const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.');

/**
 * Refuses a request that was sent to a name which is not this gateway's. A page whose own name resolves to 127.0.0.1 (DNS
 * rebinding) is of the same origin as whatever answers there: only the `Host` header tells it from a page of this gateway.
 * Beyond loopback any name is taken unless `allowedHosts` lists some: there, a token is needed anyway.
 * @throws RequestError 403; 400 there is no name, or several of which a proxy may have read another one (RFC 9112, 3.2)
 */
export function checkHost(
  { headers, rawHeaders, httpVersion }: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'httpVersion'>,
  { host, allowedHosts }: Pick<GatewayConfig, 'host' | 'allowedHosts'>,
): void {
  if (countHosts(rawHeaders) > 1) throw refuse(400, 'BAD_REQUEST', 'The request has several Host headers. Send one.');
  if (httpVersion === '1.1' && headers.host === undefined)
    throw refuse(400, 'BAD_REQUEST', 'The request has no Host header. Send one.');
  if (!isLoopback(host) && allowedHosts.length === 0) return;
  const name = nameOf(String(headers[':authority'] ?? headers.host ?? ''));
  if (loopbackNames.has(name) || name === host || allowedHosts.some((allowed) => allowed.toLowerCase() === name))
    return;
  throw refuse(
    403,
    'HOST_NOT_ALLOWED',
    'This gateway does not answer under this host name. Use localhost, or add the name to allowedHosts of its configuration.',
  );
}

/** @param rawHeaders names and values in turns */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
}

/** The name in `name:port`; an IPv6 address keeps its brackets. */
const nameOf = (authority: string) => authority.replace(/:\d*$/, '').toLowerCase();
