import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorCode } from '../../runtime/error-code.ts';
import { ConfigValueError } from '../config.ts';

export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
}

/** @returns the port, also where 0 asked for a free one @throws the error of Node's `listen` */
export function listen(server: Server, { port, host }: ListeningAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** What says that the gateway itself cannot listen, and what to do. */
export function cannotListen({ port, host }: ListeningAddress, cause: unknown): ConfigValueError {
  const code = errorCode(cause);
  const remedy =
    (code && remedies[code]) ??
    'Set host in andon.yaml, or HOST for andon up, to an address of this machine, such as 127.0.0.1.';
  return new ConfigValueError(`${host} port ${port} cannot be listened on (${code ?? 'unknown'}). ${remedy}`);
}

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Stop what listens there, or choose another port: --port where you gave it, else PORT.',
  EACCES: 'This user may not take it: choose a port above 1023.',
};

/** An address at which a client of this machine finds what listens on `host`. */
export function hostInUrl(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
