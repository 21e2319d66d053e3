import type { KeyObject } from 'node:crypto';
import { createHmac, createSecretKey, hash, randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { Clock } from '../runtime/clock.ts';
import { AuthenticationError } from './authentication-error.ts';
import type { Principal } from './principal.ts';
import { roles } from './principal.ts';
import { bearerToken } from './verify.ts';

/** With the leeway, an internal token works for 30 seconds. */
const lifetimeMs = 25_000;
const leewayMs = 5_000;
/** How long an internal token works at most, as any clock sees it. */
export const internalLifetimeMs = lifetimeMs + leewayMs;
/** Below the 16 KiB of headers that Node's HTTP server accepts. */
const tokenLimit = 12_288;

const issuer = 'andon:internal';
const type = 'andon-internal+jwt';

/** Who asks, and in which request of a client. */
export interface InternalCall {
  readonly principal: Principal;
  readonly requestId: string;
  /** One token has one. See `UsedTokens`. */
  readonly tokenId: string;
  /** Of the only body that the token may come with; null for a connection, which has none. See `digestBody`. */
  readonly bodyDigest: string | null;
}

/** What Andon's own processes say to each other: who asks. A subgraph believes nothing else. */
export interface InternalTokens {
  /**
   * @param audience the name of the subgraph that the token is for
   * @param body what is sent with it; left out for a connection
   * @returns the whole Authorization header, good for 30 seconds and no longer than the principal's own token
   */
  sign(principal: Principal, requestId: string, audience: string, body?: string): string;
  /**
   * @param requestId the id that the request gives itself; another one than the token's is refused, so a token that
   *   was overheard does not serve another request. Left out where the transport has none: the token's own holds.
   * @throws AuthenticationError
   */
  verify(authorization: string | undefined, audience: string, requestId?: string): InternalCall;
}

export interface InternalTokensOptions {
  /** At least 32 characters, known to Andon's processes only. */
  readonly secret: string;
  readonly clock: Clock;
}

/**
 * Signed with a shared secret (HS256) under an issuer and a type of their own. Clients' tokens are verified with public
 * keys only and these with the secret only, so neither is ever taken for the other.
 */
export function createInternalTokens({ secret, clock }: InternalTokensOptions): InternalTokens {
  if (secret.length < 32) throw new Error('The internal secret has less than 32 characters.');
  const key = createSecretKey(Buffer.from(secret));
  return {
    sign(principal, requestId, audience, body) {
      const now = clock.now();
      const exp = Math.min(now + lifetimeMs, principal.expiresAt) / 1000;
      const bound = { jti: randomUUID(), ...(body !== undefined && { bdg: digestBody(body) }) };
      const claims = { iss: issuer, aud: audience, rid: requestId, ...bound, principal, iat: now / 1000, exp };
      return `Bearer ${signed(claims, key)}`;
    },
    verify(authorization, audience, requestId) {
      const claims = verifySignature(bearerToken(authorization, tokenLimit), key, clock.now());
      if (claims.iss !== issuer) throw new AuthenticationError('WRONG_ISSUER');
      if (claims.aud !== audience) throw new AuthenticationError('WRONG_AUDIENCE');
      const { rid, jti, bdg = null, principal } = claims;
      if (!isString(rid) || !isString(jti) || !(bdg === null || isString(bdg)) || !isPrincipal(principal)) {
        throw new AuthenticationError('INVALID_CLAIMS');
      }
      if (requestId !== undefined && requestId !== rid) {
        throw new AuthenticationError('INVALID_CLAIMS', 'The token was signed for another request. Sign one for this.');
      }
      return { principal, requestId: rid, tokenId: jti, bodyDigest: bdg };
    },
  };
}

const header = base64url({ alg: 'HS256', typ: type });

/** RFC 7515, 7.1. Without the library, which looks at every claim again: one is signed for each call to a subgraph. */
function signed(claims: object, key: KeyObject): string {
  const content = `${header}.${base64url(claims)}`;
  return `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** What a token says of the body that it comes with: SHA-256, base64url. */
export function digestBody(body: string): string {
  return hash('sha256', body, 'base64url');
}

/** Whether this claims to be an internal token: nothing has been verified yet. */
export function isInternalToken(authorization: string | undefined): boolean {
  const header = /^Bearer +([A-Za-z0-9_-]+)\./i.exec(authorization?.trim() ?? '')?.[1];
  return header !== undefined && Buffer.from(header, 'base64url').includes(`"${type}"`);
}

function verifySignature(token: string, key: KeyObject, now: number): jwt.JwtPayload {
  try {
    const { header, payload } = jwt.verify(token, key, {
      algorithms: ['HS256'],
      clockTimestamp: now / 1000,
      clockTolerance: leewayMs / 1000,
      complete: true,
    });
    if (header.typ === type && typeof payload === 'object' && payload.exp !== undefined) return payload;
  } catch (error) {
    if (error instanceof jwt.TokenExpiredError) throw new AuthenticationError('TOKEN_EXPIRED');
  }
  throw new AuthenticationError('BAD_SIGNATURE', 'This is not a token of Andon itself. Call the gateway instead.');
}

/** The signature says that Andon wrote it; the shape says that it was this version of Andon. */
function isPrincipal(value: unknown): value is Principal {
  if (typeof value !== 'object' || value === null) return false;
  const { id, name, kind, roles: held, plants, scopes, partner, expiresAt } = value as Record<keyof Principal, unknown>;
  const isText = [id, name].every((text) => typeof text === 'string');
  const isKind = kind === 'PERSON' || kind === 'SERVICE' || kind === 'WORKFLOW';
  const areLists = [held, plants, scopes].every((list) => Array.isArray(list) && list.every(isString));
  const areRoles = areLists && (held as string[]).every((role) => (roles as readonly string[]).includes(role));
  return isText && isKind && areRoles && (partner === null || isString(partner)) && typeof expiresAt === 'number';
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}
