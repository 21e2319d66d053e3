import type { GraphQLFormattedError } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { type Authenticate, AuthenticationError, authenticateRequest } from '../authorization/authenticate.ts';
import { authorityOf } from '../request/authority.ts';

/** What is open in the name of one token: a connection, or one operation on it. */
export interface LiveAuthority {
  /** Who asks now; undefined where the gateway runs without authentication. */
  readonly principal: Principal | undefined;
  /**
   * Takes another token of the same principal with the same authority in the place of the present one.
   * @throws AuthenticationError it is refused, or says something else; the present one stays
   */
  renew(credentials: string | undefined): Promise<void>;
  /** Nothing is open any more. */
  close(): void;
}

export interface LiveAuthorityOptions {
  readonly credentials: string | undefined;
  readonly principal: Principal | undefined;
  /** The token has expired, was taken back, or means something else now. Called once, and nothing follows. */
  ended(error: GraphQLFormattedError): void;
}

export interface LiveAuthoritiesOptions {
  readonly authenticate: Authenticate | undefined;
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'log'>;
  /** Milliseconds between looks at every open token. */
  readonly recheckMs: number;
}

/** Longest delay that a timer takes. */
const maxDelayMs = 2_147_483_647;
/** Tokens that are looked at in a row, before others get their turn. */
const slice = 200;

/**
 * Every token in whose name something is open. Each ends what it opened when it expires, and when a look at it finds that
 * it is refused or means something else: every `recheckMs`, and at once when `recheck` is called.
 */
export class LiveAuthorities {
  readonly #options: LiveAuthoritiesOptions;
  readonly #open = new Set<OpenAuthority>();
  #round: Promise<void> = Promise.resolve();
  #cancelRound: () => void = () => undefined;

  constructor(options: LiveAuthoritiesOptions) {
    this.#options = options;
    if (options.authenticate) this.#awaitRound();
  }

  /** @throws AuthenticationError */
  authenticate(credentials: string | undefined): Promise<Principal | undefined> {
    return authenticateRequest(this.#options.authenticate, credentials);
  }

  open(options: LiveAuthorityOptions): LiveAuthority {
    const { runtime } = this.#options;
    const authority = new OpenAuthority(options, {
      runtime,
      authenticate: (credentials) => this.authenticate(credentials),
      closed: (one) => void this.#open.delete(one),
    });
    if (options.principal) this.#open.add(authority);
    authority.awaitExpiry();
    return authority;
  }

  /** Looks at every open token, one round after the other. */
  recheck(): Promise<void> {
    this.#round = this.#round.then(() => this.#lookAtAll());
    return this.#round;
  }

  stop(): void {
    this.#cancelRound();
  }

  async #lookAtAll(): Promise<void> {
    let looked = 0;
    for (const authority of [...this.#open]) {
      await authority.recheck();
      looked += 1;
      if (looked % slice === 0) await this.#options.runtime.timers.sleep(0);
    }
  }

  #awaitRound(): void {
    const { runtime, recheckMs } = this.#options;
    this.#cancelRound = runtime.timers.after(recheckMs, () => {
      void this.recheck().then(() => this.#awaitRound());
    });
  }
}

interface AuthorityServices {
  readonly runtime: LiveAuthoritiesOptions['runtime'];
  authenticate(credentials: string | undefined): Promise<Principal | undefined>;
  closed(authority: OpenAuthority): void;
}

class OpenAuthority implements LiveAuthority {
  readonly #services: AuthorityServices;
  readonly #ended: LiveAuthorityOptions['ended'];
  #credentials: string | undefined;
  #principal: Principal | undefined;
  #isOpen = true;
  #cancelExpiry: () => void = () => undefined;

  constructor({ credentials, principal, ended }: LiveAuthorityOptions, services: AuthorityServices) {
    this.#services = services;
    this.#credentials = credentials;
    this.#principal = principal;
    this.#ended = ended;
  }

  get principal(): Principal | undefined {
    return this.#principal;
  }

  async renew(credentials: string | undefined): Promise<void> {
    const principal = await this.#services.authenticate(credentials);
    if (!this.#isOpen) return;
    if (!isSame(principal, this.#principal)) throw new AuthenticationError(changed.code, changed.renewal);
    this.#credentials = credentials;
    this.#principal = principal;
    this.#cancelExpiry();
    this.awaitExpiry();
  }

  close(): void {
    this.#isOpen = false;
    this.#cancelExpiry();
    this.#services.closed(this);
  }

  awaitExpiry(): void {
    if (!this.#isOpen || !this.#principal || !Number.isFinite(this.#principal.expiresAt)) return;
    const { clock, timers } = this.#services.runtime;
    const leftMs = this.#principal.expiresAt - clock.now();
    if (leftMs <= 0) this.#end(tokenExpired);
    else this.#cancelExpiry = timers.after(Math.min(leftMs, maxDelayMs), () => this.awaitExpiry());
  }

  async recheck(): Promise<void> {
    const credentials = this.#credentials;
    try {
      const principal = await this.#services.authenticate(credentials);
      if (!this.#isOpen || this.#credentials !== credentials) return;
      if (isSame(principal, this.#principal)) this.#principal = principal;
      else this.#end({ message: changed.message, extensions: { code: changed.code, retryable: true } });
    } catch (cause) {
      if (this.#isOpen && this.#credentials === credentials) this.#refused(cause);
    }
  }

  #refused(cause: unknown): void {
    if (!(cause instanceof AuthenticationError)) {
      // Whether it still holds is not known: it expires at its time.
      this.#services.runtime.log.warn('a token could not be looked at again', { cause });
    } else if (cause.code !== usedOnce) {
      this.#end({ message: cause.message, extensions: { code: cause.code } });
    }
  }

  #end(error: GraphQLFormattedError): void {
    if (!this.#isOpen) return;
    this.close();
    this.#ended(error);
  }
}

/** A token between Andon's own processes opens one connection, and is refused when it is shown again. */
const usedOnce = 'TOKEN_USED';

const isSame = (one: Principal | undefined, other: Principal | undefined): boolean =>
  JSON.stringify(one && authorityOf(one, 'principal')) === JSON.stringify(other && authorityOf(other, 'principal'));

const changed = {
  code: 'AUTHORITY_CHANGED',
  message: 'What you may see has changed. Subscribe again, with your last cursor where the field takes one.',
  renewal: 'The token is of somebody else, or allows something else. Open another connection with it.',
} as const;

const tokenExpired: GraphQLFormattedError = {
  message: 'The token has expired. Reconnect with a new one.',
  extensions: { code: 'TOKEN_EXPIRED' },
};
