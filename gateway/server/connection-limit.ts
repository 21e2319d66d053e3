import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { openFileLimit } from '../../runtime/open-file-limit.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { SeldomWarning } from '../../runtime/seldom-warning.ts';
import { refuseForNow } from '../request/request-error.ts';
import { connectionOf } from './session-stream.ts';

/** So many more are let in, to be told that there is no room: a health check finds room among them. */
const surplus = 100;
/** And stay for so many milliseconds at most. */
const surplusMs = 1000;

export const noRoomForConnections = () =>
  refuseForNow('TOO_MANY_CONNECTIONS', 'Too many connections are open. Try again later, or reuse one of yours.');

/**
 * How many connections there are at once. Each is a file to the system: when those have run out, subgraphs cannot be
 * reached, either. One that is too many is let in for a moment, where it may ask about the gateway's health and is refused
 * everything else; what comes beyond that finds its connection closed.
 */
export class ConnectionLimit {
  readonly #max: number;
  readonly #timers: Runtime['timers'];
  readonly #warning: SeldomWarning;
  /** Who is at the other end of those that are too many: requests over TLS know another socket than was opened. */
  readonly #surplus = new Set<string>();
  #open = 0;

  constructor(http: Server, maxConnections: number, runtime: Pick<Runtime, 'timers' | 'clock' | 'log'>) {
    this.#max = Math.floor(Math.min(maxConnections, roomForConnections()));
    this.#timers = runtime.timers;
    this.#warning = new SeldomWarning('connections are refused', runtime);
    http.maxConnections = this.#max + surplus;
    const counted = new WeakSet<Socket>();
    http.on('connection', (socket: Socket) => {
      // One that offered another protocol in vain is opened anew.
      if (counted.has(socket)) return;
      counted.add(socket);
      this.#open += 1;
      socket.once('close', () => {
        this.#open -= 1;
      });
      if (this.#open > this.#max) this.#letIn(socket);
    });
    http.on('drop', () => this.#tell());
  }

  /** Whether there was no room for the connection that the request came on. */
  isSurplus({ socket }: IncomingMessage): boolean {
    return this.#surplus.size > 0 && this.#surplus.has(peerOf(socket));
  }

  #letIn(socket: Socket): void {
    const peer = peerOf(socket);
    this.#surplus.add(peer);
    const cancel = this.#timers.after(surplusMs, () => socket.destroy());
    socket.once('close', () => {
      cancel();
      this.#surplus.delete(peer);
    });
    this.#tell();
  }

  #tell(): void {
    this.#warning.tell({ open: this.#open, maxConnections: this.#max, openFileLimit: openFileLimit() });
  }
}

function peerOf(socket: Socket): string {
  const { remoteAddress, remotePort } = connectionOf(socket);
  return `${remoteAddress} ${remotePort}`;
}

/** A tenth of what the system allows is left for calls to subgraphs and for files. */
function roomForConnections(): number {
  const files = openFileLimit() ?? Number.POSITIVE_INFINITY;
  const others = Math.max(50, Math.min(2000, files / 10));
  return Math.max(10, files - others - surplus);
}
