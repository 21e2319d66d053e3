import type { IncomingMessage } from 'node:http';
import type { GatewayConfig } from '../config.ts';
import { graphqlPath } from '../http/http-handler.ts';
import { foreignPage, hasForeignOrigin } from '../http/web-origin.ts';
import { RequestError, refuse } from '../request/request-error.ts';
import { checkHost } from '../server/allowed-host.ts';

/** @returns why no WebSocket is opened for this request, if so: browsers let every page open one to every host */
export function upgradeRefusalOf(request: IncomingMessage, config: GatewayConfig): RequestError | undefined {
  const { url, headers } = request;
  if (url?.split('?')[0] !== graphqlPath) return refuse(404, 'NOT_FOUND', `Open the socket at ${graphqlPath}.`);
  if (hasForeignOrigin(headers, config.cors)) return foreignPage();
  try {
    checkHost(request, config);
  } catch (cause) {
    if (cause instanceof RequestError) return cause;
    throw cause;
  }
  return wrongFormOf(request);
}

/** What RFC 6455 wants of a client (4.2.1), as far as Node has not asked for it. 8 is the version of its last drafts. */
function wrongFormOf({ method, httpVersion, headers }: IncomingMessage): RequestError | undefined {
  if (httpVersion === '1.0') return wrongHandshake('Ask in HTTP/1.1.');
  if (method !== 'GET') return refuse(405, 'METHOD_NOT_ALLOWED', 'Open a WebSocket with GET.');
  const { 'sec-websocket-version': version, 'sec-websocket-key': key = '' } = headers;
  if (version !== '13' && version !== '8') {
    return refuse(426, 'WEBSOCKET_HANDSHAKE_INVALID', 'Send "Sec-WebSocket-Version: 13".');
  }
  if (/^[+/0-9A-Za-z]{22}==$/.test(key)) return undefined;
  return wrongHandshake('Send a "Sec-WebSocket-Key" of 16 random bytes in Base64.');
}

export const wrongHandshake = (remedy: string): RequestError => refuse(400, 'WEBSOCKET_HANDSHAKE_INVALID', remedy);
