import type { JsonWebKey, KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { AuthConfigurationError } from './auth-configuration-error.ts';
import { readOrCreatePrivateFile } from './private-file.ts';

/** The issuer and audience of tokens for trying Andon out. */
export const developmentIssuer = 'andon:development';
export const developmentAudience = 'andon';

/** An ES256 key pair of this data directory, for trying Andon out. Never in force beside production keys. */
export interface DevelopmentKeys {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** The public half, as an identity provider would publish it. */
  readonly jwks: { readonly keys: readonly JsonWebKey[] };
}

/** Reads the key pair from `<dataDir>/development-keys.json` (mode 0600), making it on first start. */
export async function readDevelopmentKeys(dataDir: string): Promise<DevelopmentKeys> {
  const path = join(dataDir, 'development-keys.json');
  const text = await readOrCreatePrivateFile(path, makeKeys);
  try {
    const { kid, ...jwk } = JSON.parse(text) as JsonWebKey & { kid: string };
    if (typeof kid !== 'string') throw new TypeError('no kid');
    const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
    const publicJwk = createPublicKey(privateKey).export({ format: 'jwk' });
    return Object.freeze({ kid, privateKey, jwks: { keys: [{ ...publicJwk, kid, use: 'sig', alg: 'ES256' }] } });
  } catch (cause) {
    const remedy = 'Delete the file and start again; development tokens made before stop working.';
    throw new AuthConfigurationError(`${path} does not hold a key pair. ${remedy}`, { cause });
  }
}

function makeKeys(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return `${JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: `development-${randomUUID()}` }, null, 2)}\n`;
}
