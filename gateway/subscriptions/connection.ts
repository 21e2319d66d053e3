import type { GraphQLFormattedError } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import { AuthenticationError } from '../authenticate.ts';
import { credentialsIn } from './credentials.ts';
import {
  type ClientMessage,
  closeCodes,
  completeMessage,
  errorMessage,
  nextMessage,
  pongMessage,
  readClientMessage,
  type SubscribePayload,
} from './protocol.ts';
import { type OperationServices, runOperation, tokenExpired, tooManyOperations } from './run-operation.ts';

/** What a connection needs of its socket. */
export interface Socket {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Bytes that the client has not taken yet. */
  queuedBytes(): number;
  /** Whether what was sent waits for the client to read. */
  isCongested(): boolean;
  /** Calls `run` once when the client has read what waited. */
  onceRelieved(run: () => void): void;
}

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly services: OperationServices;
  /** The Authorization header of the HTTP upgrade. */
  readonly upgradeCredentials: string | undefined;
  /** @throws AuthenticationError */
  authenticate(credentials: string | undefined): Promise<Principal | undefined>;
}

/** Longest delay that a timer takes. */
const maxDelayMs = 2_147_483_647;

/**
 * One client on `graphql-transport-ws`.
 *
 * `opened`: waits for `connection_init`; too late → 4408, anything that needs authority → 4401.
 * `authenticating`: the credentials are being verified; refused → 4403 with the code; a second init → 4429.
 * `acknowledged`: operations run side by side. A message that is none → 4400, an id in use → 4409. When the
 *   principal's token expires, each operation ends with TOKEN_EXPIRED and the socket with 4403.
 * `closed`: everything stops; whatever still arrives is ignored.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #operations = new Map<string, () => void>();
  #state: 'opened' | 'authenticating' | 'acknowledged' | 'closed' = 'opened';
  #credentials: string | undefined;
  #principal: Principal | undefined;
  #cancelTimer: () => void;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { runtime, config } = options.services;
    this.#cancelTimer = runtime.timers.after(config.initTimeoutMs, () =>
      this.#close(closeCodes.initTimeout, 'Connection initialisation timeout'),
    );
  }

  /** A text frame arrived. */
  receive(text: string) {
    if (this.#state === 'closed') return;
    const message = readClientMessage(text);
    if (typeof message === 'string') return this.#close(closeCodes.invalidMessage, message);
    this.#handle(message);
  }

  /** The socket is gone. */
  closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelTimer();
    for (const stop of this.#operations.values()) stop();
    this.#operations.clear();
  }

  /** The gateway stops: the client is asked to come back. */
  drain(): void {
    this.#close(closeCodes.restarting, 'The gateway restarts. Reconnect.');
  }

  #handle(message: ClientMessage) {
    switch (message.type) {
      case 'connection_init':
        if (this.#state !== 'opened') {
          return this.#close(closeCodes.tooManyInits, 'Too many initialisation requests');
        }
        this.#state = 'authenticating';
        void this.#initialise(message.payload);
        return;
      case 'ping':
        return this.#send(pongMessage(message.payload));
      case 'pong':
        return;
      case 'complete': {
        const stop = this.#operations.get(message.id);
        this.#operations.delete(message.id);
        return stop?.();
      }
      case 'subscribe':
        return this.#subscribe(message.id, message.payload);
    }
  }

  async #initialise(payload: Record<string, unknown>): Promise<void> {
    this.#credentials = credentialsIn(payload) ?? this.#options.upgradeCredentials;
    try {
      this.#principal = await this.#options.authenticate(this.#credentials);
    } catch (cause) {
      if (cause instanceof AuthenticationError)
        return this.#close(closeCodes.forbidden, `${cause.code}: ${cause.message}`);
      this.#options.services.runtime.log.error('authentication failed', { cause });
      return this.#close(closeCodes.forbidden, 'UNAUTHENTICATED: The credentials could not be verified.');
    }
    if (this.#state !== 'authenticating') return;
    this.#state = 'acknowledged';
    this.#cancelTimer();
    this.#awaitExpiry();
    this.#send('{"type":"connection_ack"}');
  }

  #awaitExpiry() {
    const { clock, timers } = this.#options.services.runtime;
    if (!this.#principal || !Number.isFinite(this.#principal.expiresAt)) return;
    const leftMs = this.#principal.expiresAt - clock.now();
    if (leftMs <= 0) return this.#expire();
    this.#cancelTimer = timers.after(Math.min(leftMs, maxDelayMs), () => this.#awaitExpiry());
  }

  #expire(): void {
    for (const [id, stop] of this.#operations) {
      stop();
      this.#send(errorMessage(id, [tokenExpired]));
    }
    this.#operations.clear();
    this.#close(closeCodes.forbidden, `TOKEN_EXPIRED: ${tokenExpired.message}`);
  }

  #subscribe(id: string, payload: SubscribePayload) {
    if (this.#state !== 'acknowledged') return this.#close(closeCodes.unauthorized, 'Unauthorized');
    if (this.#operations.has(id)) return this.#close(closeCodes.duplicateId, `Subscriber for ${id} already exists`);
    if (id.length > maxIdLength) return this.#send(errorMessage(id, [idTooLong]));
    const { services } = this.#options;
    if (this.#operations.size >= services.config.maxOperations) {
      return this.#send(errorMessage(id, [tooManyOperations]));
    }
    const own = this.#ownCredentials(payload);
    const authority = {
      principal: async () => (own === undefined ? this.#principal : this.#options.authenticate(own)),
      endsWithToken: own !== undefined,
    };
    const stop = runOperation(services, payload, authority, {
      next: (body) => this.#send(nextMessage(id, body)),
      fail: (errors) => {
        this.#operations.delete(id);
        this.#send(errorMessage(id, errors));
      },
      complete: () => {
        this.#operations.delete(id);
        this.#send(completeMessage(id));
      },
      isCongested: () => this.#options.socket.isCongested(),
      onceRelieved: (run) => this.#options.socket.onceRelieved(run),
    });
    this.#operations.set(id, stop);
  }

  /** An operation may bring credentials of its own (`extensions.headers`), as IDEs do that let users change them. */
  #ownCredentials({ extensions }: SubscribePayload): string | undefined {
    const credentials = credentialsIn(extensions);
    return credentials === this.#credentials ? undefined : credentials;
  }

  /** Never drops a frame: a client that does not keep up is closed, and resumes from its cursor. */
  #send(text: string): void {
    if (this.#state === 'closed') return;
    const { socket, services } = this.#options;
    socket.send(text);
    if (socket.queuedBytes() > services.config.maxQueuedBytes) {
      this.#close(closeCodes.slowConsumer, 'SLOW_CONSUMER: Reconnect and resume from your last cursor.');
    }
  }

  #close(code: number, reason: string): void {
    if (this.#state === 'closed') return;
    this.closed();
    this.#options.socket.close(code, reason);
  }
}

/** An id is kept and sent back with every event. The protocol sets no limit, so passing ours ends only that operation. */
const maxIdLength = 512;

const idTooLong: GraphQLFormattedError = {
  message: `The id of an operation has at most ${maxIdLength} characters. Choose a shorter one.`,
  extensions: { code: 'OPERATION_ID_TOO_LONG' },
};
