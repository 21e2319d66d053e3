import type { GraphQLFormattedError } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { AuthenticationError } from '../authenticate.ts';
import { Cancellation } from '../cancellation.ts';
import type { SubscriptionsConfig } from '../config.ts';
import type { CompiledOperation } from '../execution/compile-operation.ts';
import type { OperationPreparer } from '../prepare-operation.ts';
import { RequestError } from '../request-error.ts';
import { writeResponseBody } from '../response-body.ts';
import { credentialsIn } from './credentials.ts';
import {
  type ClientMessage,
  closeCodes,
  completeMessage,
  errorMessage,
  nextMessage,
  readClientMessage,
  type SubscribePayload,
} from './protocol.ts';
import type { SharedStreams } from './shared-streams.ts';
import { streamKey } from './stream-key.ts';

/** What a connection needs of its socket. */
export interface Socket {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Bytes that the client has not taken yet. */
  queuedBytes(): number;
}

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly preparer: OperationPreparer;
  readonly streams: SharedStreams;
  readonly resumeArguments: ReadonlyMap<string, string>;
  readonly config: SubscriptionsConfig;
  readonly runtime: Runtime;
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
    const { runtime, config } = options;
    this.#cancelTimer = runtime.timers.after(config.initTimeoutMs, () =>
      this.#close(closeCodes.initTimeout, 'Connection initialisation timeout'),
    );
  }

  /** A text frame arrived. */
  receive(text: string) {
    if (this.#state === 'closed') return;
    const message = readClientMessage(text);
    if (!message) return this.#close(closeCodes.invalidMessage, 'Invalid message');
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
        return this.#send('{"type":"pong"}');
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
      this.#options.runtime.log.error('authentication failed', { cause });
      return this.#close(closeCodes.forbidden, 'UNAUTHENTICATED: The credentials could not be verified.');
    }
    if (this.#state !== 'authenticating') return;
    this.#state = 'acknowledged';
    this.#cancelTimer();
    this.#awaitExpiry();
    this.#send('{"type":"connection_ack"}');
  }

  #awaitExpiry() {
    const { clock, timers } = this.#options.runtime;
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
    if (this.#operations.size >= this.#options.config.maxOperations) {
      return this.#send(errorMessage(id, [tooManyOperations]));
    }
    const cancellation = new Cancellation();
    this.#operations.set(id, () => cancellation.cancel());
    void this.#start(id, payload, cancellation).catch((cause: unknown) => this.#fail(id, cancellation, cause));
  }

  async #start(id: string, payload: SubscribePayload, cancellation: Cancellation): Promise<void> {
    const { preparer, runtime } = this.#options;
    const operation = await preparer.prepare(payload.query, payload.operationName);
    const variables = operation.coerceVariables(payload.variables);
    const principal = await this.#principalOf(payload);
    const context = { principal, requestId: runtime.ids.next(), cancellation };
    if (cancellation.aborted) return;
    if (operation.kind === 'subscription') {
      this.#listen(id, payload, operation, { variables, context });
      if (principal !== this.#principal) this.#endAtExpiry(id, principal);
      return;
    }
    const answer = await operation.execute(variables, context);
    if (cancellation.aborted) return;
    this.#send(nextMessage(id, writeResponseBody(answer)));
    this.#operations.delete(id);
    this.#send(completeMessage(id));
  }

  /** An operation may bring credentials of its own (`extensions.headers`), as IDEs do that let users change them. */
  async #principalOf({ extensions }: SubscribePayload): Promise<Principal | undefined> {
    const credentials = credentialsIn(extensions);
    if (credentials === undefined || credentials === this.#credentials) return this.#principal;
    return this.#options.authenticate(credentials);
  }

  #endAtExpiry(id: string, principal: Principal | undefined): void {
    const stop = this.#operations.get(id);
    if (!stop || !principal || !Number.isFinite(principal.expiresAt)) return;
    const { clock, timers } = this.#options.runtime;
    const leftMs = Math.max(0, principal.expiresAt - clock.now());
    const cancel = timers.after(Math.min(leftMs, maxDelayMs), () => {
      if (clock.now() < principal.expiresAt) return this.#endAtExpiry(id, principal);
      if (!this.#operations.delete(id)) return;
      stop();
      this.#send(errorMessage(id, [tokenExpired]));
    });
    this.#operations.set(id, () => {
      cancel();
      stop();
    });
  }

  #listen(
    id: string,
    { query, operationName }: SubscribePayload,
    operation: CompiledOperation,
    { variables, context }: Pick<Parameters<SharedStreams['listen']>[0], 'variables' | 'context'>,
  ): void {
    const { streams, resumeArguments, config } = this.#options;
    const { principal } = context;
    const parts = { text: query, operationName, variables, rootFields: operation.rootFields, principal };
    const key = streamKey(parts, resumeArguments, config.shareBy);
    const stop = streams.listen(
      { operation, variables, context, key },
      {
        next: (body) => this.#send(nextMessage(id, body)),
        end: (errors) => {
          if (this.#operations.delete(id)) this.#send(errorMessage(id, errors));
        },
      },
    );
    this.#operations.set(id, stop);
  }

  #fail(id: string, cancellation: Cancellation, cause: unknown): void {
    if (cancellation.aborted || !this.#operations.delete(id)) return;
    if (!(cause instanceof RequestError)) this.#options.runtime.log.error('operation failed', { cause });
    const errors = cause instanceof RequestError ? cause.errors.map((error) => error.toJSON()) : [internalError];
    this.#send(errorMessage(id, errors));
  }

  /** Never drops a frame: a client that does not keep up is closed, and resumes from its cursor. */
  #send(text: string): void {
    if (this.#state === 'closed') return;
    const { socket, config } = this.#options;
    socket.send(text);
    if (socket.queuedBytes() > config.maxQueuedBytes) {
      this.#close(closeCodes.slowConsumer, 'SLOW_CONSUMER: Reconnect and resume from your last cursor.');
    }
  }

  #close(code: number, reason: string): void {
    if (this.#state === 'closed') return;
    this.closed();
    this.#options.socket.close(code, reason);
  }
}

const tokenExpired: GraphQLFormattedError = {
  message: 'The token has expired. Reconnect with a new one.',
  extensions: { code: 'TOKEN_EXPIRED' },
};

const tooManyOperations: GraphQLFormattedError = {
  message: 'Too many operations run on this connection. Complete some, or open another.',
  extensions: { code: 'TOO_MANY_OPERATIONS' },
};

const internalError: GraphQLFormattedError = {
  message: 'The gateway failed to answer. Report the time to its operator.',
  extensions: { code: 'INTERNAL_SERVER_ERROR' },
};
