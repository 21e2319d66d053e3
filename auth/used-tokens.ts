import type { Clock } from '../runtime/clock.ts';
import { AuthenticationError } from './authentication-error.ts';
import { internalLifetimeMs } from './internal-token.ts';

/**
 * The internal tokens that one process has seen, for as long as they would still work: each opens one request or one
 * connection, so that one which was overheard opens nothing. Two generations bound the memory to twice a token's lifetime.
 */
export class UsedTokens {
  readonly #clock: Clock;
  #recent = new Set<string>();
  #older = new Set<string>();
  #turnedAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#turnedAt = clock.monotonic();
  }

  /** @throws AuthenticationError TOKEN_USED */
  use(tokenId: string): void {
    this.#turn();
    if (this.#recent.has(tokenId) || this.#older.has(tokenId)) throw new AuthenticationError('TOKEN_USED');
    this.#recent.add(tokenId);
  }

  #turn(): void {
    const now = this.#clock.monotonic();
    if (now - this.#turnedAt < internalLifetimeMs) return;
    // Nothing came for two lifetimes: then the recent ones have ended, too.
    this.#older = now - this.#turnedAt < 2 * internalLifetimeMs ? this.#recent : new Set();
    this.#recent = new Set();
    this.#turnedAt = now;
  }
}
