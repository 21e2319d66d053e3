import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { createKeySet } from '../../auth/key-set.ts';
import type { TrustedIssuer } from '../../auth/keys.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createJsonLogger } from '../../runtime/logger.ts';

/** A clock that stands still until a test moves it. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

export function createTestClock(start = Date.UTC(2026, 4, 21, 6)): TestClock {
  let elapsed = 0;
  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    advance(ms) {
      elapsed += ms;
    },
  };
}

export function createTestLog(clock: Clock) {
  const lines: string[] = [];
  return { lines, log: createJsonLogger(clock, 'debug', (line) => lines.push(line)) };
}

export const validClaims = {
  sub: 'olga.operator',
  name: 'Olga Operator',
  andon: { roles: ['OPERATOR'], plants: ['BER'] },
  scope: 'events:read stock:move',
};

export interface Minted {
  readonly claims?: object;
  readonly options?: jwt.SignOptions;
}

/** A whole identity provider: it has keys, publishes them, rotates them, and signs whatever a test wants. */
export function createIdentityProvider(clock: Clock, { issuer = 'https://id.example', type = 'ec' } = {}) {
  let pairs: { kid: string; privateKey: KeyObject; publicKey: KeyObject }[] = [];
  let loads = 0;
  let isDown = false;

  function rotate(kid: string, keepOld = false) {
    const { privateKey, publicKey } =
      type === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
    pairs = [...(keepOld ? pairs : []), { kid, privateKey, publicKey }];
  }
  rotate('key-1');

  const jwks = () => ({ keys: pairs.map(({ kid, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid })) });
  const load = async () => {
    loads += 1;
    if (isDown) throw new Error('connect ECONNREFUSED');
    return jwks();
  };
  const { log } = createTestLog(clock);

  return {
    issuer,
    rotate,
    jwks,
    load,
    loads: () => loads,
    fail(down: boolean) {
      isDown = down;
    },
    trusted: (): TrustedIssuer => ({ issuer, audience: 'andon', keySet: createKeySet({ load, clock, log, issuer }) }),
    /** @returns the Authorization header of a token of the newest key, valid for five minutes unless told otherwise */
    mint({ claims = {}, options = {} }: Minted = {}) {
      const { kid, privateKey } = pairs.at(-1)!;
      const now = Math.floor(clock.now() / 1000);
      const payload = { iat: now, exp: now + 300, iss: issuer, aud: 'andon', ...validClaims, ...claims };
      const algorithm = type === 'ec' ? 'ES256' : 'RS256';
      // As text, because the library refuses to sign claims that a bad provider might.
      return `Bearer ${jwt.sign(JSON.stringify(payload), privateKey, { algorithm, keyid: kid, ...options })}`;
    },
  };
}
