import type { JsonWebKey, KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import { AuthConfigurationError } from './auth-configuration-error.ts';

/** The algorithms that clients may sign with. Never `none`, never a shared secret; EdDSA is not in `jsonwebtoken`. */
export type Algorithm = 'ES256' | 'RS256';

export interface VerificationKey {
  readonly kid: string | null;
  readonly key: KeyObject;
  /** The one algorithm that this key verifies, whatever the header of a token says. */
  readonly algorithm: Algorithm;
}

/**
 * The usable keys of a JSON Web Key Set (RFC 7517). Keys for encryption, of other kinds, private, shared, or of less than 2048
 * bits are passed over, because identity providers list them beside the ones for signatures.
 *
 * @throws AuthConfigurationError when `document` is no key set at all
 */
export function readJwks(document: unknown): readonly VerificationKey[] {
  const keys = typeof document === 'object' && document !== null && 'keys' in document ? document.keys : null;
  if (!Array.isArray(keys)) throw new AuthConfigurationError('The document is no JWKS: it has no list named "keys".');
  return keys.flatMap((jwk: unknown) => readJwk(jwk) ?? []);
}

function readJwk(jwk: unknown): VerificationKey | null {
  if (typeof jwk !== 'object' || jwk === null || 'd' in jwk) return null;
  const { kty, crv, use, alg, kid } = jwk as Readonly<Record<string, unknown>>;
  const algorithm = kty === 'EC' && crv === 'P-256' ? 'ES256' : kty === 'RSA' ? 'RS256' : null;
  if (algorithm === null || (alg ?? algorithm) !== algorithm || (use ?? 'sig') !== 'sig') return null;
  const key = importKey(jwk as JsonWebKey);
  if (key === null || (key.asymmetricKeyDetails?.modulusLength ?? 2048) < 2048) return null;
  return { kid: typeof kid === 'string' ? kid : null, key, algorithm };
}

function importKey(jwk: JsonWebKey): KeyObject | null {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return null;
  }
}
