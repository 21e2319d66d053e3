import { readFile } from 'node:fs/promises';
import type { Clock } from '../runtime/clock.ts';
import { errorCode } from '../runtime/error-code.ts';
import { loggedReason } from '../runtime/logged-reason.ts';
import type { Logger } from '../runtime/logger.ts';
import { readText } from '../runtime/read-text.ts';
import type { Timers } from '../runtime/timers.ts';
import { AuthConfigurationError } from './auth-configuration-error.ts';
import type { AuthConfig, IssuerConfig } from './config.ts';
import type { DevelopmentKeys } from './development-keys.ts';
import { developmentAudience, developmentIssuer, readDevelopmentKeys } from './development-keys.ts';
import { readJwks } from './jwks.ts';
import type { KeySet } from './key-set.ts';
import { createKeySet } from './key-set.ts';
import { mayBringKeys } from './may-bring-keys.ts';

/** How long an identity provider may take to answer. */
const fetchTimeoutMs = 5_000;
/** Key sets have some thousand. */
const maxBytes = 1_000_000;
/** Followed by hand, because each hop has to be one that keys may come over. */
const mostHops = 5;
const isRedirect = ({ status }: Response) => [301, 302, 303, 307, 308].includes(status);

export interface TrustedIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly keySet: KeySet;
}

/** Which keys decide who is who. Start-up prints `inForce` and the issuers. */
export type Keys =
  | { readonly inForce: 'PRODUCTION'; readonly issuers: readonly TrustedIssuer[] }
  | {
      readonly inForce: 'DEVELOPMENT';
      readonly issuers: readonly TrustedIssuer[];
      /** Signs the tokens that start-up prints. */
      readonly development: DevelopmentKeys;
    };

/** What is needed of `fetch`. */
export type FetchJwks = (url: URL, options: { signal: AbortSignal; redirect: 'manual' }) => Promise<Response>;

export interface KeysOptions {
  readonly config: AuthConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** @default the built-in fetch */
  readonly fetch?: FetchJwks;
}

/**
 * Production keys where any issuer is configured, otherwise the development keys of the data directory.
 *
 * @throws AuthConfigurationError when a key file cannot be read. An identity provider that is down does not stop the
 * start: its tokens are refused until its keys have been read.
 */
export async function createKeys(options: KeysOptions): Promise<Keys> {
  const { config, clock, log } = options;
  if (config.issuers.length > 0) {
    const issuers = await Promise.all(config.issuers.map((issuer) => trustIssuer(issuer, options)));
    return { inForce: 'PRODUCTION', issuers };
  }
  const development = await readDevelopmentKeys(config.dataDir);
  const keySet = createKeySet({ load: async () => development.jwks, clock, log, issuer: developmentIssuer });
  const issuers = [{ issuer: developmentIssuer, audience: developmentAudience, keySet }];
  return { inForce: 'DEVELOPMENT', issuers, development };
}

async function trustIssuer(config: IssuerConfig, options: KeysOptions): Promise<TrustedIssuer> {
  const { issuer, audience, jwks } = config;
  const { clock, log } = options;
  if ('file' in jwks) {
    const keySet = createKeySet({ load: () => readJwksFile(jwks.file), clock, log, issuer });
    await keySet.refresh();
    return { issuer, audience, keySet };
  }
  const keySet = createKeySet({ load: () => fetchJwks(jwks.url, options), clock, log, issuer });
  await keySet
    .refresh()
    .catch((error: unknown) => log.warn('auth keys not loaded', { issuer, ...loggedReason(error) }));
  return { issuer, audience, keySet };
}

async function readJwksFile(file: string): Promise<unknown> {
  try {
    const document: unknown = JSON.parse(await readFile(file, 'utf8'));
    readJwks(document);
    return document;
  } catch (cause) {
    throw new AuthConfigurationError(
      `ANDON_JWKS_FILE: ${file} cannot be read as a JWKS. Correct the path or the file.`,
      {
        cause,
      },
    );
  }
}

async function fetchJwks(url: URL, { timers, fetch: fetchUrl = fetch }: KeysOptions): Promise<unknown> {
  const controller = new AbortController();
  const cancel = timers.after(fetchTimeoutMs, () => controller.abort());
  const failed = (how: string, cause?: unknown) =>
    new AuthConfigurationError(`${url.origin}${url.pathname} ${how}.`, { cause });
  try {
    let response = await fetchUrl(url, { signal: controller.signal, redirect: 'manual' });
    for (let hop = 0; hop < mostHops && isRedirect(response); hop += 1) {
      const next = new URL(response.headers.get('location') ?? '', response.url || url);
      if (!mayBringKeys(next)) throw failed("sends on to an address without TLS, where the keys could be anybody's");
      await response.body?.cancel();
      response = await fetchUrl(next, { signal: controller.signal, redirect: 'manual' });
    }
    if (!response.ok) throw failed(`answered ${response.status} instead of a JWKS`);
    const text = await readText(response, { maxBytes, signal: controller.signal });
    if (text === undefined) throw failed(`answered more than ${maxBytes} bytes, which is no JWKS`);
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof AuthConfigurationError) throw cause;
    if (controller.signal.aborted) throw failed(`has not answered within ${fetchTimeoutMs / 1000} s`, cause);
    if (cause instanceof SyntaxError) throw failed('did not answer with JSON', cause);
    throw failed(`cannot be reached (${reasonOf(cause)})`, cause);
  } finally {
    cancel();
  }
}

/** `fetch` says why only in the cause of its error. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return errorCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
}
