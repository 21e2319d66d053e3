import type { GraphQLFormattedError } from 'graphql';
import { AuthenticationError } from '../authorization/authenticate.ts';
import type { ForwardedHeaders, ReadForwarded } from '../request/forwarded-headers.ts';
import { RequestError } from '../request/request-error.ts';
import type { LiveAuthority } from '../subscriptions/live-authority.ts';
import { idTooLong, isTooLong } from '../subscriptions/operation-id.ts';
import type { OperationServices } from '../subscriptions/operation-services.ts';
import {
  gatewayStopping,
  type RunningOperation,
  runOperation,
  tooManyOperations,
} from '../subscriptions/run-operation.ts';
import { credentialsIn } from './credentials.ts';
import {
  type ClientMessage,
  closeCodes,
  completeMessage,
  errorMessage,
  nextMessage,
  pongMessage,
  readClientMessage,
  type SubscribeMessage,
  type SubscribePayload,
} from './protocol.ts';

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

export interface ConnectionServices extends OperationServices {
  readonly readForwarded: ReadForwarded;
}

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly services: ConnectionServices;
  /** The Authorization header of the HTTP upgrade. */
  readonly upgradeCredentials: string | undefined;
  /** What its headers have for the subgraphs. */
  readonly upgradeForwarded: ForwardedHeaders;
}

/**
 * One client on `graphql-transport-ws`.
 *
 * `opened`: waits for `connection_init`; too late → 4408, anything that needs authority → 4401.
 * `authenticating`: the credentials are being verified; refused → 4403 with the code, too many streams in that name → 1013;
 *   a second init → 4429.
 * `acknowledged`: operations run side by side. A message that is none → 4400, an id in use → 4409. When the token expires
 *   or holds no longer, each operation ends with the code and the socket with 4403. A `ping` whose payload has another token
 *   of the same authority renews it; the `pong` says what came of that.
 *   Where the gateway stops, nothing is started any more, and it closes with 1012 when it owes no answer.
 * `closed`: everything stops; whatever still arrives is ignored.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #operations = new Map<string, RunningOperation>();
  #isDraining = false;
  #state: 'opened' | 'authenticating' | 'acknowledged' | 'closed' = 'opened';
  #credentials: string | undefined;
  #forwarded: ForwardedHeaders;
  #authority: LiveAuthority | undefined;
  #giveBack: () => void = () => undefined;
  #cancelTimer: () => void;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#forwarded = options.upgradeForwarded;
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
    this.#giveBack();
    this.#authority?.close();
    for (const operation of this.#operations.values()) operation.stop();
    this.#operations.clear();
  }

  /** The gateway stops: the client is asked to come back, once it has the answers to what it has begun. */
  drain(): void {
    this.#isDraining = true;
    this.#closeIfDrained();
  }

  /** The same without waiting. */
  cut(): void {
    this.#close(closeCodes.restarting, 'The gateway restarts. Reconnect.');
  }

  #closeIfDrained(): void {
    if (this.#isDraining && ![...this.#operations.values()].some((operation) => operation.owesAnswer())) this.cut();
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
        return this.#pong(message.payload);
      case 'pong':
        return;
      case 'complete': {
        this.#operations.get(message.id)?.stop();
        this.#operations.delete(message.id);
        return this.#closeIfDrained();
      }
      case 'subscribe':
        return this.#subscribe(message);
    }
  }

  async #initialise(payload: Record<string, unknown>): Promise<void> {
    const credentials = credentialsIn(payload) ?? this.#options.upgradeCredentials;
    const { authorities, quota, readForwarded, runtime } = this.#options.services;
    try {
      this.#forwarded = readForwarded(this.#forwarded.values, payload);
    } catch (cause) {
      if (!(cause instanceof RequestError)) throw cause;
      return this.#close(closeCodes.invalidMessage, cause.message);
    }
    try {
      const principal = await authorities.authenticate(credentials);
      if (this.#state !== 'authenticating') return;
      this.#giveBack = quota.take(principal);
      this.#credentials = credentials;
      this.#authority = authorities.open({ credentials, principal, ended: (error) => this.#endAll(error) });
    } catch (cause) {
      if (cause instanceof AuthenticationError)
        return this.#close(closeCodes.forbidden, `${cause.code}: ${cause.message}`);
      if (cause instanceof RequestError) {
        const [refusal] = cause.errors;
        return this.#close(closeCodes.tryAgainLater, `${refusal?.extensions['code']}: ${cause.message}`);
      }
      runtime.log.error('authentication failed', { cause });
      return this.#close(closeCodes.forbidden, 'UNAUTHENTICATED: The credentials could not be verified.');
    }
    // It may have expired already.
    if (this.#state !== 'authenticating') return;
    this.#state = 'acknowledged';
    this.#cancelTimer();
    this.#send('{"type":"connection_ack"}');
  }

  /** The answer to a ping repeats its payload, unless that is a token. */
  #pong(payload: Record<string, unknown> | undefined) {
    const credentials = payload && credentialsIn(payload);
    if (credentials !== undefined && this.#state === 'acknowledged') void this.#renew(credentials);
    else this.#send(pongMessage(credentials === undefined ? payload : undefined));
  }

  async #renew(credentials: string): Promise<void> {
    try {
      await this.#authority?.renew(credentials);
      this.#credentials = credentials;
      const expiresAt = this.#authority?.principal?.expiresAt;
      this.#send(pongMessage({ renewed: true, ...(Number.isFinite(expiresAt) && { expiresAt }) }));
    } catch (cause) {
      const { code, message } =
        cause instanceof AuthenticationError
          ? cause
          : { code: 'UNAUTHENTICATED', message: 'The credentials could not be verified.' };
      this.#send(pongMessage({ renewed: false, code, message }));
    }
  }

  #endAll(error: GraphQLFormattedError): void {
    for (const [id, operation] of this.#operations) {
      operation.stop();
      this.#sendErrors(id, [error]);
    }
    this.#operations.clear();
    this.#close(closeCodes.forbidden, `${error.extensions?.['code']}: ${error.message}`);
  }

  #subscribe({ id, payload, refusal }: SubscribeMessage) {
    const { services } = this.#options;
    const connection = this.#authority;
    if (this.#state !== 'acknowledged' || !connection) return this.#close(closeCodes.unauthorized, 'Unauthorized');
    if (this.#operations.has(id)) return this.#close(closeCodes.duplicateId, `Subscriber for ${id} already exists`);
    if (isTooLong(id)) return this.#sendErrors(id, [idTooLong]);
    if (this.#isDraining) return this.#sendErrors(id, [gatewayStopping]);
    if (refusal) return this.#sendErrors(id, refusal.formatted);
    if (this.#operations.size >= services.config.maxOperations) {
      return this.#sendErrors(id, [tooManyOperations]);
    }
    const own = this.#ownCredentials(payload);
    const authority = own === undefined ? { connection } : { credentials: own };
    const forwarded = this.#forwardedWith(payload);
    if (forwarded instanceof RequestError) return this.#sendErrors(id, forwarded.formatted);
    const operation = runOperation(services, { ...payload, forwarded }, authority, {
      next: (body) => this.#send(nextMessage(id, body)),
      fail: (errors) => {
        this.#operations.delete(id);
        this.#sendErrors(id, errors);
        this.#closeIfDrained();
      },
      complete: () => {
        this.#operations.delete(id);
        this.#send(completeMessage(id));
        this.#closeIfDrained();
      },
      isCongested: () => this.#options.socket.isCongested(),
      onceRelieved: (run) => this.#options.socket.onceRelieved(run),
    });
    this.#operations.set(id, operation);
  }

  /** An operation may bring credentials of its own (`extensions.headers`), as IDEs do that let users change them. */
  #ownCredentials({ extensions }: SubscribePayload): string | undefined {
    const credentials = credentialsIn(extensions);
    return credentials === this.#credentials ? undefined : credentials;
  }

  /** The same for what goes on to subgraphs. @returns why it cannot */
  #forwardedWith({ extensions }: SubscribePayload): ForwardedHeaders | RequestError {
    try {
      return this.#options.services.readForwarded(this.#forwarded.values, extensions);
    } catch (cause) {
      if (cause instanceof RequestError) return cause;
      throw cause;
    }
  }

  #sendErrors(id: string, errors: readonly GraphQLFormattedError[]): void {
    this.#send(errorMessage(id, this.#options.services.answers.errorList(errors)));
  }

  /**
   * Never leaves a message out: a client that does not keep up is closed, and resumes from its cursor. A message may be as
   * large as it is: what waits before it tells who does not keep up.
   */
  #send(text: string): void {
    if (this.#state === 'closed') return;
    const { socket, services } = this.#options;
    if (socket.queuedBytes() <= services.config.maxQueuedBytes) socket.send(text);
    else this.#close(closeCodes.tryAgainLater, 'SLOW_CONSUMER: Reconnect and resume from your last cursor.');
  }

  #close(code: number, reason: string): void {
    if (this.#state === 'closed') return;
    this.closed();
    this.#options.socket.close(code, reason);
  }
}
