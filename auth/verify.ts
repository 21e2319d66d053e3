import { hash } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { Clock } from '../runtime/clock.ts';
import { AuthenticationError } from './authentication-error.ts';
import { principalFromClaims } from './claims.ts';
import type { VerificationKey } from './jwks.ts';
import type { TrustedIssuer } from './keys.ts';
import type { Principal } from './principal.ts';
import { noRevocations, type Revocations, type TokenIdentity } from './revocations.ts';

/** How far the clocks of issuer and Andon may differ. */
const leewayMs = 30_000;
/** How long a verified token is taken for verified: the longest that a withdrawn key still works. */
const cacheMs = 5_000;
const cacheLimit = 2_000;
/** The longest token of a client. Andon's own may be longer: they say the same in more words. */
const tokenLimit = 8_192;

export interface Verifier {
  /**
   * @param authorization the whole Authorization header, or `authorization` of a connection's first message
   * @returns who is asking; `expiresAt` is the instant from which this verifier refuses the token
   * @throws AuthenticationError
   */
  verify(authorization: string | undefined): Promise<Principal>;
}

export interface VerifierOptions {
  readonly issuers: readonly TrustedIssuer[];
  readonly clock: Clock;
  /** @default none */
  readonly revocations?: Revocations;
}

interface Verified {
  readonly principal: Principal;
  /** Of the revocations that it was held against. */
  readonly version: number;
  /** On the monotonic clock. */
  readonly until: number;
}

/** Verifies the tokens that clients bring: signature, times, issuer, audience and claims, in this order of trust. */
export function createVerifier({ issuers, clock, revocations = noRevocations }: VerifierOptions): Verifier {
  const cache = new Map<string, Verified>();

  function cached(digest: string): Principal | null {
    const hit = cache.get(digest);
    if (!hit || clock.monotonic() >= hit.until || clock.now() >= hit.principal.expiresAt) return null;
    return hit.version === revocations.version ? hit.principal : null;
  }

  function remember(digest: string, principal: Principal) {
    cache.delete(digest);
    cache.set(digest, { principal, version: revocations.version, until: clock.monotonic() + cacheMs });
    const oldest = cache.size > cacheLimit ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
  }

  return {
    async verify(authorization) {
      const token = bearerToken(authorization);
      const digest = hash('sha256', token, 'base64');
      const known = cached(digest);
      if (known) return known;
      const principal = await verifyToken(token, { issuers, clock, revocations });
      remember(digest, principal);
      return principal;
    },
  };
}

/** @returns the token of `Bearer <token>` (RFC 6750, section 2.1) */
export function bearerToken(authorization: string | undefined, longest = tokenLimit): string {
  if (!authorization?.trim()) throw new AuthenticationError('MISSING_TOKEN');
  const [, token] = /^Bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)$/i.exec(authorization.trim()) ?? [];
  if (token === undefined || token.length > longest) throw new AuthenticationError('MALFORMED_TOKEN');
  return token;
}

async function verifyToken(
  token: string,
  { issuers, clock, revocations }: Required<VerifierOptions>,
): Promise<Principal> {
  const { kid, iss } = readUnverified(token);
  // The issuer is read before the signature is checked, only to choose whose keys must have made that signature.
  const trusted = issuers.find(({ issuer }) => issuer === iss);
  if (!trusted) throw new AuthenticationError('WRONG_ISSUER');
  const key = await trusted.keySet.find(kid);
  if (!key) throw new AuthenticationError('UNKNOWN_KEY');
  const claims = verifySignature(token, key, clock.now());
  if (![claims.aud].flat().includes(trusted.audience)) throw new AuthenticationError('WRONG_AUDIENCE');
  if (claims.exp === undefined) {
    throw new AuthenticationError('INVALID_CLAIMS', 'The token never expires. Get one that has an "exp".');
  }
  const principal = principalFromClaims(claims, claims.exp * 1000 + leewayMs);
  const identity = identityOf(claims, principal);
  if (revocations.isRevoked(identity)) throw new AuthenticationError('TOKEN_REVOKED');
  const withdrawn = revocations.withdrawnPlants(identity);
  return withdrawn.length === 0 ? principal : withoutPlants(principal, withdrawn);
}

const identityOf = ({ jti, iat }: jwt.JwtPayload, { id }: Principal): TokenIdentity => ({
  subject: id,
  tokenId: jti,
  issuedAt: iat === undefined ? undefined : iat * 1000,
});

/** Whoever may enter every plant has nothing left that could be listed: then none is. */
function withoutPlants(principal: Principal, withdrawn: readonly string[]): Principal {
  const plants = principal.plants.filter((code) => code !== '*' && !withdrawn.includes(code));
  return Object.freeze({ ...principal, plants: Object.freeze(plants) });
}

function readUnverified(token: string): { kid: string | null; iss: unknown } {
  const decoded = decode(token);
  if (!decoded || typeof decoded.payload !== 'object') throw new AuthenticationError('MALFORMED_TOKEN');
  const { kid } = decoded.header;
  return { kid: typeof kid === 'string' ? kid : null, iss: decoded.payload.iss };
}

function decode(token: string): jwt.Jwt | null {
  try {
    return jwt.decode(token, { complete: true });
  } catch {
    return null;
  }
}

function verifySignature(token: string, { key, algorithm }: VerificationKey, now: number): jwt.JwtPayload {
  try {
    // The algorithm is the key's, never the header's: a public key must not pass for a shared secret.
    const claims = jwt.verify(token, key, {
      algorithms: [algorithm],
      clockTimestamp: now / 1000,
      clockTolerance: leewayMs / 1000,
    });
    if (typeof claims === 'object') return claims;
  } catch (error) {
    throw new AuthenticationError(refusalCode(error));
  }
  throw new AuthenticationError('MALFORMED_TOKEN');
}

function refusalCode(error: unknown) {
  // Both are JsonWebTokenErrors too, so they are asked for first.
  if (error instanceof jwt.TokenExpiredError) return 'TOKEN_EXPIRED';
  if (error instanceof jwt.NotBeforeError) return 'TOKEN_NOT_YET_VALID';
  // Times that are no numbers: the signature is good by then.
  if (error instanceof Error && /^invalid (exp|nbf) value$/.test(error.message)) return 'INVALID_CLAIMS';
  return 'BAD_SIGNATURE';
}
