import type { Clock } from '../runtime/clock.ts';
import { loggedReason } from '../runtime/logged-reason.ts';
import type { Logger } from '../runtime/logger.ts';
import type { VerificationKey } from './jwks.ts';
import { readJwks } from './jwks.ts';

/** How long an unknown key id, or a source that failed, waits before it is asked again: nobody can make Andon flood the issuer. */
const refreshIntervalMs = 30_000;
/** Keys older than this are read again in the background, so that a withdrawn key stops being accepted. */
const maxAgeMs = 600_000;

const remedy = 'Have the issuer sign with ES256 or RS256, RSA with 2048 bits or more, and publish those keys.';

/** The public keys of one issuer. */
export interface KeySet {
  /** @returns the key, after asking the source when it is unknown, or null */
  find(kid: string | null): Promise<VerificationKey | null>;
  /** Reads the source now. @throws what the source throws; the keys known so far stay */
  refresh(): Promise<void>;
}

export interface KeySetOptions {
  /** @returns the parsed JWKS document */
  readonly load: () => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Logger;
  /** For logs. */
  readonly issuer: string;
}

/** States: EMPTY until the first document was read, then CURRENT; a failed refresh keeps the keys and is logged. */
export function createKeySet({ load, clock, log, issuer }: KeySetOptions): KeySet {
  let keys: readonly VerificationKey[] = [];
  let askedAt = Number.NEGATIVE_INFINITY;
  let readAt = Number.NEGATIVE_INFINITY;
  let refreshing: Promise<void> | null = null;

  async function read() {
    askedAt = clock.monotonic();
    keys = readJwks(await load());
    readAt = clock.monotonic();
    if (keys.length === 0) log.warn('auth keys not usable', { issuer, remedy });
  }

  function refresh() {
    refreshing ??= read().finally(() => {
      refreshing = null;
    });
    return refreshing;
  }

  async function tryRefresh() {
    await refresh().catch((error: unknown) => log.warn('auth keys not refreshed', { issuer, ...loggedReason(error) }));
  }

  /** A token without a key id is clear only where there is one key. */
  function known(kid: string | null) {
    if (kid !== null) return keys.find((key) => key.kid === kid) ?? null;
    return keys.length === 1 ? (keys[0] ?? null) : null;
  }

  return {
    refresh,
    async find(kid) {
      const mayAsk = clock.monotonic() - askedAt >= refreshIntervalMs;
      const key = known(kid);
      if (key !== null) {
        if (mayAsk && clock.monotonic() - readAt > maxAgeMs) void tryRefresh();
        return key;
      }
      if (refreshing !== null || mayAsk) await tryRefresh();
      return known(kid);
    },
  };
}
