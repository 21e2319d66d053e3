import { createHmac, generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { beforeEach, describe, expect, it } from 'vitest';
import { createVerifier, type Verifier } from '../../auth/verify.ts';
import { createIdentityProvider, createTestClock, type Minted, type TestClock } from './identity-provider.ts';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a verifier', () => {
  let clock: TestClock;
  let provider: ReturnType<typeof createIdentityProvider>;
  let verifier: Verifier;

  beforeEach(() => {
    clock = createTestClock();
    provider = createIdentityProvider(clock);
    verifier = createVerifier({ issuers: [provider.trusted()], clock });
  });

  const verifyMinted = (minted: Minted) => verifier.verify(provider.mint(minted));

  it('says who the bearer of a good token is', async () => {
    expect(await verifier.verify(provider.mint())).toEqual({
      id: 'olga.operator',
      name: 'Olga Operator',
      kind: 'PERSON',
      roles: ['OPERATOR'],
      plants: ['BER'],
      scopes: ['events:read', 'stock:move'],
      partner: null,
      expiresAt: clock.now() + 300_000 + 30_000,
    });
  });

  it('accepts RSA keys and several issuers, each with its own keys', async () => {
    const other = createIdentityProvider(clock, { issuer: 'https://other.example', type: 'rsa' });
    const both = createVerifier({ issuers: [provider.trusted(), other.trusted()], clock });
    expect((await both.verify(other.mint({ claims: { sub: 'rita' } }))).id).toBe('rita');
    expect((await both.verify(provider.mint())).id).toBe('olga.operator');
    const crossed = other.mint({ claims: { iss: provider.issuer } });
    await expect(both.verify(crossed)).rejects.toMatchObject({ code: 'BAD_SIGNATURE' });
  });

  it.each([
    ['nothing', 'MISSING_TOKEN', undefined],
    ['an empty header', 'MISSING_TOKEN', '  '],
    ['another scheme', 'MALFORMED_TOKEN', 'Basic b2xnYTpzZWNyZXQ='],
    ['text that is no JWT', 'MALFORMED_TOKEN', 'Bearer hello'],
    ['three parts that are no JSON', 'MALFORMED_TOKEN', 'Bearer aaa.bbb.ccc'],
    ['a token longer than 8 KiB', 'MALFORMED_TOKEN', `Bearer ${'a'.repeat(9_000)}.b.c`],
  ])('refuses %s as %s', async (_what, code, header) => {
    await expect(verifier.verify(header)).rejects.toMatchObject({ name: 'AuthenticationError', expose: true, code });
  });

  it('refuses a token whose content was changed after signing', async () => {
    const [header, , signature] = provider.mint().split('.');
    const forged = part({
      iss: provider.issuer,
      aud: 'andon',
      sub: 'eve',
      andon: { roles: ['PLANNER'], plants: ['*'] },
    });
    await expect(verifier.verify(`${header}.${forged}.${signature}`)).rejects.toMatchObject({ code: 'BAD_SIGNATURE' });
  });

  it('refuses an unsigned token, and one signed with the public key as if that were a secret', async () => {
    const claims = { iss: provider.issuer, aud: 'andon', sub: 'eve', andon: { roles: [], plants: [] }, exp: 9e9 };
    const unsigned = `Bearer ${part({ alg: 'none', kid: 'key-1' })}.${part(claims)}.`;
    await expect(verifier.verify(unsigned)).rejects.toMatchObject({ code: 'BAD_SIGNATURE' });
    const body = `${part({ alg: 'HS256', kid: 'key-1' })}.${part(claims)}`;
    const secret = JSON.stringify(provider.jwks().keys[0]);
    const confused = `Bearer ${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
    await expect(verifier.verify(confused)).rejects.toMatchObject({ code: 'BAD_SIGNATURE' });
  });

  it('refuses a token signed by somebody else under a known key id', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const claims = { iss: provider.issuer, aud: 'andon', sub: 'eve' };
    const token = jwt.sign(claims, privateKey, { algorithm: 'ES256', keyid: 'key-1', expiresIn: 60 });
    await expect(verifier.verify(`Bearer ${token}`)).rejects.toMatchObject({ code: 'BAD_SIGNATURE' });
  });

  it('allows clocks to differ by 30 seconds and no more', async () => {
    const now = Math.floor(clock.now() / 1000);
    await expect(verifyMinted({ claims: { exp: now - 29 } })).resolves.toBeDefined();
    await expect(verifyMinted({ claims: { exp: now - 31 } })).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
    await expect(verifyMinted({ claims: { nbf: now + 29 } })).resolves.toBeDefined();
    await expect(verifyMinted({ claims: { nbf: now + 31 } })).rejects.toMatchObject({ code: 'TOKEN_NOT_YET_VALID' });
  });

  it('refuses other issuers, other audiences and unknown keys', async () => {
    await expect(verifyMinted({ claims: { iss: 'https://evil.example' } })).rejects.toMatchObject({
      code: 'WRONG_ISSUER',
    });
    await expect(verifyMinted({ claims: { aud: 'payroll' } })).rejects.toMatchObject({ code: 'WRONG_AUDIENCE' });
    await expect(verifyMinted({ claims: { aud: undefined } })).rejects.toMatchObject({ code: 'WRONG_AUDIENCE' });
    await expect(verifyMinted({ claims: { aud: ['payroll', 'andon'] } })).resolves.toBeDefined();
    await expect(verifyMinted({ options: { keyid: 'key-9' } })).rejects.toMatchObject({ code: 'UNKNOWN_KEY' });
  });

  it('accepts a token again from memory, but never past its end', async () => {
    const now = Math.floor(clock.now() / 1000);
    const header = provider.mint({ claims: { exp: now - 28 } });
    const first = await verifier.verify(header);
    clock.advance(1_900);
    expect(await verifier.verify(header)).toBe(first);
    clock.advance(200);
    await expect(verifier.verify(header)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  });

  it('stops accepting a withdrawn key within five seconds of the key set having forgotten it', async () => {
    const trusted = provider.trusted();
    verifier = createVerifier({ issuers: [trusted], clock });
    const header = provider.mint();
    await verifier.verify(header);
    provider.rotate('key-2');
    await trusted.keySet.refresh();
    clock.advance(4_999);
    await expect(verifier.verify(header)).resolves.toBeDefined();
    clock.advance(1);
    await expect(verifier.verify(header)).rejects.toMatchObject({ code: 'UNKNOWN_KEY' });
  });

  const refusedClaims: readonly (readonly [string, object, RegExp])[] = [
    ['no subject', { sub: undefined }, /"sub"/],
    ['no end', { exp: undefined }, /"exp"/],
    ['an end that is no number', { exp: 'tomorrow' }, /claims/],
    ['no claim of ours', { andon: undefined }, /"andon"/],
    ['roles that are no list', { andon: { roles: 'OPERATOR', plants: [] } }, /"andon.roles"/],
    ['an unknown role', { andon: { roles: ['GOD'], plants: [] } }, /"andon.roles"/],
    ['the role of Andon itself', { andon: { roles: ['WORKFLOW'], plants: [] } }, /WORKFLOW belongs to Andon/],
    ['the kind of Andon itself', { andon: { roles: ['AUDITOR'], plants: ['*'], kind: 'WORKFLOW' } }, /"andon.kind"/],
    ['no role', { andon: { roles: [], plants: ['BER'] } }, /"andon.roles" is empty/],
    ['no plants', { andon: { roles: ['AUDITOR'] } }, /"andon.plants"/],
    ['an empty list of plants', { andon: { roles: ['AUDITOR'], plants: [] } }, /"andon.plants" is empty/],
    ['a plant with blanks', { andon: { roles: ['AUDITOR'], plants: ['B R'] } }, /"andon.plants"/],
    ['a partner role without partner', { andon: { roles: ['PARTNER'], plants: ['BER'] } }, /"andon.partner"/],
    ['a partner in every plant', { andon: { roles: ['PARTNER'], plants: ['*'], partner: 'CM-400' } }, /not "\*"/],
    [
      'a partner in every plant by another role',
      { andon: { roles: ['AUDITOR'], plants: ['*'], partner: 'CM-1' } },
      /not "\*"/,
    ],
    ['a subject that is cut off in a store', { sub: 'mara.manager\0eve' }, /"sub" is not a short text without control/],
    ['half a character in the name', { name: 'Eve \ud83d' }, /"name" is not a short text without control/],
    ['an empty partner', { andon: { roles: ['PARTNER'], plants: ['BER'], partner: '' } }, /"partner"/],
  ];

  it.each(refusedClaims)('refuses claims with %s', async (_what, claims, message) => {
    await expect(verifyMinted({ claims })).rejects.toMatchObject({
      code: 'INVALID_CLAIMS',
      message: expect.stringMatching(message),
    });
  });

  it('never tells a client anything internal', async () => {
    const messages: string[] = [];
    for (const header of [
      undefined,
      'Bearer x',
      provider.mint({ claims: { iss: 'x' } }),
      provider.mint({ claims: { aud: 'x' } }),
    ]) {
      await verifier.verify(header).catch((error: Error) => messages.push(error.message));
    }
    expect(messages).toHaveLength(4);
    for (const message of messages) expect(message).not.toMatch(/jwt|key-1|id\.example|undefined|Error|\n/);
  });
});
