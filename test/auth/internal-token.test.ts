import jwt from 'jsonwebtoken';
import { beforeEach, describe, expect, it } from 'vitest';
import { createInternalTokens, digestBody, type InternalTokens } from '../../auth/internal-token.ts';
import type { Principal } from '../../auth/principal.ts';
import { UsedTokens } from '../../auth/used-tokens.ts';
import { createVerifier } from '../../auth/verify.ts';
import { createCallerVerifier } from '../../auth/verify-caller.ts';
import { createIdentityProvider, createTestClock, type TestClock } from './identity-provider.ts';

const secret = 'an internal secret of forty characters..';

describe('an internal token', () => {
  let clock: TestClock;
  let tokens: InternalTokens;
  let principal: Principal;

  beforeEach(() => {
    clock = createTestClock();
    tokens = createInternalTokens({ secret, clock });
    principal = {
      id: 'carl',
      name: 'Carl Ünicode',
      kind: 'PERSON',
      roles: ['PARTNER'],
      plants: ['BER'],
      scopes: ['read'],
      partner: 'CM-400',
      expiresAt: clock.now() + 3_600_000,
    };
  });

  it('carries the whole principal and the request', () => {
    const header = tokens.sign(principal, 'request-1', 'erp');
    expect(tokens.verify(header, 'erp', 'request-1')).toMatchObject({ principal, requestId: 'request-1' });
    expect(tokens.verify(header, 'erp')).toMatchObject({ principal, requestId: 'request-1', bodyDigest: null });
  });

  it('serves one subgraph and one request only', () => {
    const header = tokens.sign(principal, 'request-1', 'erp');
    expect(() => tokens.verify(header, 'mes', 'request-1')).toThrow(
      expect.objectContaining({ code: 'WRONG_AUDIENCE' }),
    );
    expect(() => tokens.verify(header, 'erp', 'request-2')).toThrow(
      expect.objectContaining({ code: 'INVALID_CLAIMS' }),
    );
  });

  it('works for 30 seconds', () => {
    const header = tokens.sign(principal, 'request-1', 'erp');
    clock.advance(29_999);
    expect(() => tokens.verify(header, 'erp')).not.toThrow();
    clock.advance(1);
    expect(() => tokens.verify(header, 'erp')).toThrow(expect.objectContaining({ code: 'TOKEN_EXPIRED' }));
  });

  it('does not outlive the token of the client by more than the leeway', () => {
    const header = tokens.sign({ ...principal, expiresAt: clock.now() + 1_000 }, 'request-1', 'erp');
    clock.advance(6_000);
    expect(() => tokens.verify(header, 'erp')).toThrow(expect.objectContaining({ code: 'TOKEN_EXPIRED' }));
  });

  it("is refused by the clients' front door, and a client's token is refused here", async () => {
    const provider = createIdentityProvider(clock);
    const verifier = createVerifier({ issuers: [provider.trusted()], clock });
    const internal = tokens.sign(principal, 'request-1', 'andon');
    await expect(verifier.verify(internal)).rejects.toMatchObject({ code: 'WRONG_ISSUER' });
    expect(() => tokens.verify(provider.mint(), 'andon')).toThrow(expect.objectContaining({ code: 'BAD_SIGNATURE' }));
  });

  it('is refused when another secret, another type or no signature made it', () => {
    const stranger = createInternalTokens({ secret: secret.toUpperCase(), clock }).sign(principal, 'r', 'erp');
    const claims = { iss: 'andon:internal', aud: 'erp', rid: 'r', principal, exp: 9e9 };
    const otherType = `Bearer ${jwt.sign(claims, secret, { algorithm: 'HS256' })}`;
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `Bearer ${part({ alg: 'none', typ: 'andon-internal+jwt' })}.${part(claims)}.`;
    for (const header of [stranger, otherType, unsigned]) {
      expect(() => tokens.verify(header, 'erp')).toThrow(expect.objectContaining({ code: 'BAD_SIGNATURE' }));
    }
    expect(() => tokens.verify(undefined, 'erp')).toThrow(expect.objectContaining({ code: 'MISSING_TOKEN' }));
  });

  it('is refused when it does not hold a principal of this version', () => {
    const odd = { ...principal, roles: ['GOD'] } as unknown as Principal;
    const header = tokens.sign(odd, 'request-1', 'erp');
    expect(() => tokens.verify(header, 'erp')).toThrow(expect.objectContaining({ code: 'INVALID_CLAIMS' }));
  });

  it('needs a secret that cannot be guessed', () => {
    expect(() => createInternalTokens({ secret: 'short', clock })).toThrow(/less than 32 characters/);
  });

  it('says which body it may come with', () => {
    const header = tokens.sign(principal, 'request-1', 'erp', '{"query":"{ a }"}');
    expect(tokens.verify(header, 'erp').bodyDigest).toBe(digestBody('{"query":"{ a }"}'));
  });

  it('opens the door of a gateway once; a client comes through it with a token of its own as often as it likes', async () => {
    const provider = createIdentityProvider(clock);
    const verifier = createVerifier({ issuers: [provider.trusted()], clock });
    const callers = createCallerVerifier({ verifier, internalTokens: tokens, usedTokens: new UsedTokens(clock) });
    const internal = tokens.sign(principal, 'request-1', 'gateway');
    expect(await callers.verify(internal)).toEqual(principal);
    await expect(callers.verify(internal)).rejects.toMatchObject({ code: 'TOKEN_USED' });
    await expect(callers.verify(tokens.sign(principal, 'r', 'erp'))).rejects.toMatchObject({ code: 'WRONG_AUDIENCE' });
    const client = provider.mint();
    expect(await callers.verify(client)).toEqual(await callers.verify(client));
    await expect(callers.verify(undefined)).rejects.toMatchObject({ code: 'MISSING_TOKEN' });
  });

  it('is remembered as used for as long as it works', () => {
    const used = new UsedTokens(clock);
    used.use('a');
    clock.advance(29_000);
    used.use('b');
    clock.advance(2_000);
    used.use('c');
    expect(() => used.use('b')).toThrow(expect.objectContaining({ code: 'TOKEN_USED' }));
    expect(() => used.use('c')).toThrow(expect.objectContaining({ code: 'TOKEN_USED' }));
    clock.advance(90_000);
    expect(() => used.use('b')).not.toThrow();
  });
});
