import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { ConfigValueError, type GatewayConfig } from '../config.ts';
import { RequestError } from '../request/request-error.ts';
import { checkHost } from '../server/allowed-host.ts';
import { hostInUrl, listen } from '../server/listen.ts';
import type { Metrics } from './metrics.ts';

export interface MetricsServer {
  readonly url: string;
  close(): void;
}

const path = '/metrics';

/**
 * Serves them on a port of their own, which no client of the gateway needs to reach: they tell what subgraphs there are, and
 * how they are. @throws ConfigValueError the port cannot be listened on
 */
export async function serveMetrics(
  metrics: Metrics,
  { metrics: { host, port = 0 }, allowedHosts, port: own }: Pick<GatewayConfig, 'metrics' | 'allowedHosts' | 'port'>,
): Promise<MetricsServer> {
  if (port !== 0 && port === own) {
    throw new ConfigValueError(
      `The gateway and metrics.port have the same port, ${port}. Choose another for one of them.`,
    );
  }
  const server = createServer((request, response) => void answer(metrics, { host, allowedHosts }, request, response));
  const bound = await listen(server, { host, port }, { host: 'metrics.host', port: 'metrics.port' });
  return {
    url: `http://${hostInUrl(host)}:${bound}${path}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  metrics: Metrics,
  names: Pick<GatewayConfig, 'host' | 'allowedHosts'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const say = (status: number, type: string, text: string) => {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(text);
  };
  try {
    checkHost(request, names);
    if (request.url?.split('?')[0] !== path) return say(404, 'text/plain', `Not found. Try ${path}.\n`);
    if (request.method !== 'GET') return say(405, 'text/plain', 'Read them with GET.\n');
    say(200, metrics.contentType, await metrics.read());
  } catch (cause) {
    if (!(cause instanceof RequestError)) throw cause;
    say(cause.status, 'text/plain', `${cause.message}\n`);
  }
}
