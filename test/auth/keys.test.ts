import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AuthConfig, readAuthConfig } from '../../auth/config.ts';
import { readDevelopmentKeys } from '../../auth/development-keys.ts';
import { createDevelopmentTokens, developmentPeople, signDevelopmentToken } from '../../auth/development-tokens.ts';
import { readInternalSecret } from '../../auth/internal-secret.ts';
import { readJwks } from '../../auth/jwks.ts';
import { createKeySet } from '../../auth/key-set.ts';
import { createKeys, type FetchJwks } from '../../auth/keys.ts';
import { createVerifier } from '../../auth/verify.ts';
import { systemTimers } from '../../runtime/timers.ts';
import { logWith } from '../support/runtime.ts';
import { createIdentityProvider, createTestClock, createTestLog } from './identity-provider.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'andon-auth-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const clock = createTestClock();
const { log } = createTestLog(clock);
const keysFor = (config: AuthConfig, fetch?: FetchJwks) =>
  createKeys({ config, clock, timers: systemTimers, log, ...(fetch ? { fetch } : {}) });

describe('development keys', () => {
  const config = (): AuthConfig => ({
    issuers: [],
    internalSecret: null,
    revocationsFile: null,
    dataDir: join(dataDir, 'deep', '.andon'),
  });

  it('are made on first start, readable by their owner only, and found again afterwards', async () => {
    const first = await keysFor(config());
    expect(first.inForce).toBe('DEVELOPMENT');
    const path = join(config().dataDir, 'development-keys.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const text = await readFile(path, 'utf8');
    await keysFor(config());
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('are the same for processes that start at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => readDevelopmentKeys(dataDir)));
    expect(new Set(all.map(({ kid }) => kid)).size).toBe(1);
  });

  it('refuse a damaged file with what to do', async () => {
    await writeFile(join(dataDir, 'development-keys.json'), '{"kid":"x"');
    await expect(readDevelopmentKeys(dataDir)).rejects.toThrow(
      /development-keys\.json does not hold a key pair\. Delete/,
    );
  });

  it('sign a working token for one person of every job', async () => {
    const keys = await keysFor(config());
    if (keys.inForce !== 'DEVELOPMENT') throw new Error('expected development keys');
    const verifier = createVerifier({ issuers: keys.issuers, clock });
    const tokens = createDevelopmentTokens({ keys: keys.development, clock });
    const principals = await Promise.all(tokens.map(({ token }) => verifier.verify(`Bearer ${token}`)));
    expect(principals.map(({ name }) => name)).toEqual(developmentPeople.map(({ name }) => name));
    expect(principals.find(({ roles }) => roles.includes('PARTNER'))).toMatchObject({
      partner: 'CM-400',
      plants: ['BER'],
    });
    expect(principals[0]?.expiresAt).toBeGreaterThanOrEqual(clock.now() + 12 * 3_600_000);
  });

  it('mean nothing where production keys are in force', async () => {
    const provider = createIdentityProvider(clock);
    const file = join(dataDir, 'jwks.json');
    await writeFile(file, JSON.stringify(provider.jwks()));
    const production = await keysFor(readAuthConfig({ ANDON_JWKS_FILE: file, ANDON_ISSUER: provider.issuer }));
    expect(production.inForce).toBe('PRODUCTION');
    const verifier = createVerifier({ issuers: production.issuers, clock });
    const development = await readDevelopmentKeys(dataDir);
    const [person] = developmentPeople;
    const token = signDevelopmentToken(person!, { keys: development, clock });
    await expect(verifier.verify(`Bearer ${token}`)).rejects.toMatchObject({ code: 'WRONG_ISSUER' });
    expect((await verifier.verify(provider.mint())).id).toBe('olga.operator');
  });
});

describe('production keys', () => {
  const config = readAuthConfig({ ANDON_JWKS_URL: 'https://id.example/jwks', ANDON_ISSUER: 'https://id.example' });

  it('come from the issuer over HTTP, and a start survives an issuer that is down', async () => {
    const provider = createIdentityProvider(clock);
    let isDown = true;
    const keys = await keysFor(config, async (url) => {
      expect(url.href).toBe('https://id.example/jwks');
      return isDown ? new Response('busy', { status: 503 }) : Response.json(provider.jwks());
    });
    const verifier = createVerifier({ issuers: keys.issuers, clock });
    await expect(verifier.verify(provider.mint())).rejects.toMatchObject({ code: 'UNKNOWN_KEY' });
    isDown = false;
    clock.advance(30_000);
    expect((await verifier.verify(provider.mint())).id).toBe('olga.operator');
  });

  it('that cannot be had are told of in a sentence, without a stack and without what else the address holds', async () => {
    const warn = vi.fn();
    const where = { ANDON_JWKS_URL: 'https://me:secret@id.example/jwks?key=secret', ANDON_ISSUER: 'x' };
    const problemOf = async (fetch: FetchJwks) => {
      warn.mockClear();
      await createKeys({ config: readAuthConfig(where), clock, timers: systemTimers, log: logWith({ warn }), fetch });
      expect(warn).toHaveBeenCalledExactlyOnceWith('auth keys not loaded', {
        issuer: 'x',
        code: 'AUTH_CONFIGURATION',
        problem: expect.any(String),
      });
      return warn.mock.calls[0]?.[1].problem;
    };
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(await problemOf(() => Promise.reject(new TypeError('fetch failed', { cause: refused })))).toBe(
      'https://id.example/jwks cannot be reached (ECONNREFUSED).',
    );
    expect(await problemOf(async () => new Response('<html>'))).toBe(
      'https://id.example/jwks did not answer with JSON.',
    );
    expect(await problemOf(async () => Response.json({}))).toMatch(/^The document is no JWKS/);
  });

  it('are not taken from where a redirect leads away from TLS', async () => {
    const provider = createIdentityProvider(clock);
    const redirectedTo =
      (location: string): FetchJwks =>
      async (url) =>
        url.pathname === '/jwks'
          ? new Response(null, { status: 302, headers: { location } })
          : Response.json(provider.jwks());
    const identify = async (url: string) => {
      const { issuers } = await keysFor(config, redirectedTo(url));
      return createVerifier({ issuers, clock }).verify(provider.mint());
    };
    expect((await identify('https://keys.example/keys')).id).toBe('olga.operator');
    expect((await identify('/keys')).id).toBe('olga.operator');
    await expect(identify('/jwks')).rejects.toMatchObject({ code: 'UNKNOWN_KEY' });
    await expect(identify('http://keys.example/keys')).rejects.toMatchObject({ code: 'UNKNOWN_KEY' });
  });

  it('of which none can be used are told of', async () => {
    const warn = vi.fn();
    const file = join(dataDir, 'keys.json');
    await writeFile(file, JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'aaaa' }] }));
    const config = readAuthConfig({ ANDON_JWKS_FILE: file, ANDON_ISSUER: 'x' });
    await createKeys({ config, clock, timers: systemTimers, log: logWith({ warn }) });
    expect(warn).toHaveBeenCalledExactlyOnceWith('auth keys not usable', {
      issuer: 'x',
      remedy: expect.stringContaining('ES256 or RS256'),
    });
  });

  it.each([undefined, '{', '{}', '[]'])('stop the start when a key file cannot be read: %s', async (text) => {
    const file = join(dataDir, 'none.json');
    if (text !== undefined) await writeFile(file, text);
    const missing = readAuthConfig({ ANDON_JWKS_FILE: file, ANDON_ISSUER: 'x' });
    await expect(keysFor(missing)).rejects.toThrow(/none\.json cannot be read as a JWKS/);
  });
});

describe('a key set', () => {
  const build = () => {
    const time = createTestClock();
    const provider = createIdentityProvider(time);
    return { time, provider, set: createKeySet({ load: provider.load, clock: time, log, issuer: 'x' }) };
  };

  it('asks the issuer about unknown keys once in 30 seconds, however many ask', async () => {
    const { time, provider, set } = build();
    await set.refresh();
    provider.rotate('key-2', true);
    time.advance(29_999);
    expect(await set.find('key-2')).toBeNull();
    time.advance(1);
    const found = await Promise.all(
      Array.from({ length: 50 }, (_, i) => set.find(i % 2 === 0 ? 'key-2' : `made-up-${i}`)),
    );
    expect(found.filter(Boolean)).toHaveLength(25);
    expect(provider.loads()).toBe(2);
  });

  it('keeps the known keys while the issuer is down', async () => {
    const { time, provider, set } = build();
    await set.refresh();
    provider.fail(true);
    time.advance(60_000);
    expect(await set.find('unknown')).toBeNull();
    expect(await set.find('key-1')).not.toBeNull();
  });

  it('forgets a withdrawn key after ten minutes', async () => {
    const { time, provider, set } = build();
    await set.refresh();
    provider.rotate('key-2');
    time.advance(600_001);
    await set.find('key-1');
    await new Promise(setImmediate);
    expect(await set.find('key-1')).toBeNull();
    expect(await set.find('key-2')).not.toBeNull();
  });

  it('asks for its keys again soon where they were due and the issuer was down', async () => {
    const { time, provider, set } = build();
    await set.refresh();
    time.advance(600_001);
    provider.fail(true);
    await set.find('key-1');
    await new Promise(setImmediate);
    provider.fail(false);
    provider.rotate('key-2');
    expect(await set.find('key-1')).not.toBeNull();
    time.advance(30_000);
    await set.find('key-1');
    await new Promise(setImmediate);
    expect(await set.find('key-1')).toBeNull();
  });

  it('needs a key id only where there are several keys', async () => {
    const { provider, set } = build();
    expect(await set.find(null)).not.toBeNull();
    provider.rotate('key-2', true);
    await set.refresh();
    expect(await set.find(null)).toBeNull();
  });
});

describe('a JWKS', () => {
  it('gives signature keys of the accepted kinds and passes over everything else', () => {
    const [good] = createIdentityProvider(clock).jwks().keys;
    const document = {
      keys: [
        good,
        { ...good, use: 'enc' },
        { ...good, alg: 'ES512' },
        { ...good, d: 'secret' },
        { kty: 'oct', k: 'aaaa' },
        { ...good, x: '' },
        null,
      ],
    };
    expect(readJwks(document)).toEqual([expect.objectContaining({ kid: 'key-1', algorithm: 'ES256' })]);
    expect(() => readJwks([])).toThrow(/no JWKS/);
  });
});

describe('the settings of authentication', () => {
  it('pair issuers with key sets in their order', () => {
    const { issuers } = readAuthConfig({
      ANDON_JWKS_URL: 'https://a.example/jwks, http://127.0.0.1:9/jwks',
      ANDON_JWKS_FILE: 'c.json',
      ANDON_ISSUER: 'a,b,c',
      ANDON_AUDIENCE: 'plant',
    });
    expect(issuers.map(({ issuer }) => issuer)).toEqual(['a', 'b', 'c']);
    expect(issuers[2]).toEqual({ issuer: 'c', audience: 'plant', jwks: { file: 'c.json' } });
  });

  it.each([
    [{ ANDON_ISSUER: 'a' }, /names 1 issuers, .* name 0 key sets/],
    [{ ANDON_JWKS_FILE: 'a.json' }, /names 0 issuers, .* name 1 key sets/],
    [{ ANDON_JWKS_FILE: 'a.json,b.json', ANDON_ISSUER: 'a,a' }, /same issuer twice/],
    [{ ANDON_JWKS_URL: 'http://id.example/jwks', ANDON_ISSUER: 'a' }, /is not an https URL/],
    [{ ANDON_JWKS_URL: 'id.example', ANDON_ISSUER: 'a' }, /is not an https URL/],
    [{ ANDON_INTERNAL_SECRET: 'short' }, /at least 32 random characters/],
  ])('refuse %j', (env, message) => {
    expect(() => readAuthConfig(env)).toThrow(message);
  });

  it('take the internal secret from the environment, or make one that stays', async () => {
    const given = 'a'.repeat(40);
    expect(await readInternalSecret({ internalSecret: given, dataDir })).toBe(given);
    const made = await readInternalSecret({ internalSecret: null, dataDir });
    expect(made.length).toBeGreaterThanOrEqual(43);
    expect(await readInternalSecret({ internalSecret: null, dataDir })).toBe(made);
    expect((await stat(join(dataDir, 'internal-secret'))).mode & 0o777).toBe(0o600);
    await writeFile(join(dataDir, 'internal-secret'), 'oops');
    await expect(readInternalSecret({ internalSecret: null, dataDir })).rejects.toThrow(/damaged\. Delete it/);
  });
});
