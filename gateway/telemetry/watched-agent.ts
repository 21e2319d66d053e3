import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { Duplex } from 'node:stream';

export interface Reach {
  /** Somebody has taken the connection. */
  connected(): void;
  /** Nobody has: the address is wrong, or nobody listens there, or who does has no certificate that holds. */
  failed(cause: Error): void;
}

/** Part of Node's agents, not of their types. */
interface Connecting {
  createConnection(...given: readonly unknown[]): Duplex | null | undefined;
}

/** An agent of Node's that tells whether its connections come about. */
export function createWatchedAgent(protocol: string, reach: Reach): Agent {
  const isSecure = protocol === 'https:';
  const agent = isSecure ? new SecureAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  const connecting = agent as unknown as Connecting;
  const connect = connecting.createConnection.bind(agent);
  connecting.createConnection = (...given) => {
    const socket = connect(...given);
    socket?.once('error', reach.failed).once(isSecure ? 'secureConnect' : 'connect', () => {
      socket.off('error', reach.failed);
      reach.connected();
    });
    return socket;
  };
  return agent;
}
