import { AuthConfigurationError } from './auth-configuration-error.ts';
import { mayBringKeys } from './may-bring-keys.ts';

export interface IssuerConfig {
  /** Exactly the `iss` claim of its tokens. */
  readonly issuer: string;
  /** What `aud` must contain. */
  readonly audience: string;
  /** Where its JWKS is read. */
  readonly jwks: { readonly url: URL } | { readonly file: string };
}

export interface AuthConfig {
  /** The identity providers that are trusted. None: development keys are in force. */
  readonly issuers: readonly IssuerConfig[];
  /** Signs what Andon's own processes say to each other. Null: made on first start and kept in `dataDir`. */
  readonly internalSecret: string | null;
  /** The list of tokens that are taken back before they expire. Null: none is. */
  readonly revocationsFile: string | null;
  /** Where the development keys and the internal secret are kept. @default '.andon' */
  readonly dataDir: string;
}

const list = (text: string | undefined) => (text ?? '').split(',').flatMap((part) => part.trim() || []);

/**
 * Reads, once at start-up:
 *
 * - `ANDON_JWKS_URL`, `ANDON_JWKS_FILE`: where the public keys of the identity providers are, separated by commas.
 *   Either of them set means production keys.
 * - `ANDON_ISSUER`: the `iss` of each, in the same order, URLs before files. Required with them.
 * - `ANDON_AUDIENCE`: the `aud` that tokens must be issued for. @default 'andon'
 * - `ANDON_INTERNAL_SECRET`: at least 32 characters, the same in every process of one Andon.
 * - `ANDON_REVOCATIONS`: the file with tokens that are taken back; see `createRevocations`.
 * - `ANDON_DATA_DIR`. @default '.andon'
 *
 * @throws AuthConfigurationError when they do not fit together
 */
export function readAuthConfig(env: NodeJS.ProcessEnv = process.env): AuthConfig {
  const internalSecret = env['ANDON_INTERNAL_SECRET'] || null;
  if (internalSecret !== null && internalSecret.length < 32) {
    throw new AuthConfigurationError('ANDON_INTERNAL_SECRET is too short: use at least 32 random characters.');
  }
  return Object.freeze({
    issuers: readIssuers(env),
    internalSecret,
    revocationsFile: env['ANDON_REVOCATIONS'] || null,
    dataDir: env['ANDON_DATA_DIR'] || '.andon',
  });
}

function readIssuers(env: NodeJS.ProcessEnv): readonly IssuerConfig[] {
  const sources = [
    ...list(env['ANDON_JWKS_URL']).map((text) => ({ url: readUrl(text) })),
    ...list(env['ANDON_JWKS_FILE']).map((file) => ({ file })),
  ];
  const names = list(env['ANDON_ISSUER']);
  if (names.length !== sources.length) {
    throw new AuthConfigurationError(
      `ANDON_ISSUER names ${names.length} issuers, ANDON_JWKS_URL and ANDON_JWKS_FILE name ${sources.length} key sets. ` +
        'Give one issuer for each key set, in the same order, separated by commas.',
    );
  }
  if (new Set(names).size !== names.length) {
    throw new AuthConfigurationError('ANDON_ISSUER names the same issuer twice. Name each issuer once.');
  }
  const audience = env['ANDON_AUDIENCE'] || 'andon';
  return names.flatMap((issuer, i) => {
    const jwks = sources[i];
    return jwks ? [{ issuer, audience, jwks }] : [];
  });
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && mayBringKeys(url)) return url;
  throw new AuthConfigurationError(`ANDON_JWKS_URL: "${text}" is not an https URL. Give the https URL of the JWKS.`);
}
