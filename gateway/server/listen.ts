import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorCode } from '../../runtime/error-code.ts';
import { ConfigValueError } from '../config.ts';

export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
}

/** What sets the address, as who starts the gateway writes it. */
export interface AddressOptions {
  readonly host: string;
  readonly port: string;
}

/** @returns the port, also where 0 asked for a free one @throws ConfigValueError it cannot be listened on */
export function listen(server: Server, address: ListeningAddress, options: AddressOptions): Promise<number> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => reject(cannotListen(address, options, errorCode(cause)));
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function cannotListen({ host, port }: ListeningAddress, options: AddressOptions, code = 'unknown'): ConfigValueError {
  const remedy = remedies[code]?.(options) ?? `Set ${options.host} to an address of this machine, such as 127.0.0.1.`;
  return new ConfigValueError(`${host} port ${port} cannot be listened on (${code}). ${remedy}`);
}

const remedies: Readonly<Record<string, (options: AddressOptions) => string>> = {
  EADDRINUSE: ({ port }) => `Stop what listens there, or choose another port: ${port}.`,
  EACCES: ({ port }) => `This user may not take it: choose a port above 1023 (${port}).`,
};

/** An address at which a client of this machine finds what listens on `host`. */
export function hostInUrl(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
