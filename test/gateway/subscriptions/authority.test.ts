import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createRevocations, type Revocations } from '../../../auth/revocations.ts';
import { createVerifier } from '../../../auth/verify.ts';
import { createIdentityProvider } from '../../auth/identity-provider.ts';
import { EventLog, logSubgraph } from '../../support/event-log.ts';
import { type Federation, startFederation } from '../../support/federation-gateway.ts';
import { patientConfig } from '../../support/patient-config.ts';
import { testRuntime } from '../../support/runtime.ts';
import { steadyDate, steadyTimers } from '../../support/steady-time.ts';
import { subscribeOver, transports } from '../../support/streaming-client.ts';

const query = 'subscription ($after: String) { lotChanged(after: $after) { cursor } }';
/** How far the clocks of issuer and gateway may differ: a token still works so long after its end. */
const leewaySeconds = 30;
const folder = mkdtempSync(join(tmpdir(), 'andon-revocations-'));
const file = join(folder, 'revocations.json');
const provider = createIdentityProvider(steadyDate);

let federation: Federation;
let revocations: Revocations;
let log: EventLog;

beforeEach(async () => {
  writeFileSync(file, '[]');
  log = new EventLog();
  // Every look at the file is made at once, and none is waited for.
  const timers = {
    ...steadyTimers,
    after: (delayMs: number, run: () => void) => steadyTimers.after(delayMs / 20, run),
  };
  revocations = await createRevocations({ file, timers, log: testRuntime().log });
  const verifier = createVerifier({ issuers: [provider.trusted()], clock: steadyDate, revocations });
  federation = await startFederation(
    { events: logSubgraph(log) },
    {
      authenticate: (credentials) => verifier.verify(credentials),
      onAuthorityChange: (run) => revocations.onChange(run),
      config: { subscriptions: { ...patientConfig.subscriptions, recheckMs: 200 } },
      runtime: { clock: steadyDate },
    },
  );
});
afterEach(async () => {
  revocations.close();
  await federation.close();
  rmSync(file, { force: true });
});

const tokenFor = (seconds: number, claims: object = {}) =>
  provider.mint({ claims: { exp: Math.floor(steadyDate.now() / 1000) + seconds, jti: 'token-1', ...claims } });
const revoke = (...entries: object[]) => writeFileSync(file, JSON.stringify(entries));

describe.each(transports)('over %s', (transport) => {
  const open = async (authorization: string) => {
    const client = await subscribeOver(transport, {
      url: federation.url,
      query,
      variables: { after: 'c0' },
      authorization,
    });
    if (log.events.length === 0) log.publish();
    await client.until(1);
    return client;
  };

  test('a stream ends with TOKEN_EXPIRED when its token does, and others go on', async () => {
    const [short, long] = [await open(tokenFor(2 - leewaySeconds)), await open(tokenFor(60))];
    expect(await short.ended).toEqual(['TOKEN_EXPIRED']);
    log.publish();
    await long.until(2);
    long.close();
  });

  test('a token that is taken back ends its stream with TOKEN_REVOKED, and opens none any more', async () => {
    const [token, other] = [tokenFor(60), tokenFor(60, { jti: 'token-2' })];
    const [revoked, kept] = [await open(token), await open(other)];
    revoke({ token: 'token-1' });
    expect(await revoked.ended).toEqual(['TOKEN_REVOKED']);
    log.publish();
    await kept.until(2);
    kept.close();
    const refused = await federation.post({ query: '{ now }' }, { authorization: token });
    expect([refused.status, refused.body.errors?.[0]?.extensions?.['code']]).toEqual([401, 'TOKEN_REVOKED']);
  });

  test('a plant that is withdrawn ends the stream; with the same token it goes on without that plant', async () => {
    const token = tokenFor(60, { andon: { roles: ['OPERATOR'], plants: ['BER', 'LYO'] } });
    const client = await open(token);
    revoke({ subject: 'olga.operator', plants: ['BER'] });
    expect(await client.ended).toEqual(['AUTHORITY_CHANGED']);
    const again = await open(token);
    expect(log.followedAfter).toHaveLength(2);
    again.close();
  });

  test('every token of somebody that was issued before an instant is taken back at once', async () => {
    const authenticated = await open(tokenFor(60));
    revoke({ subject: 'olga.operator', before: new Date(steadyDate.now() + 60_000).toISOString() });
    expect(await authenticated.ended).toEqual(['TOKEN_REVOKED']);
  });
});

/** A socket that is asked to renew its token. */
async function renewing(first: string) {
  const socket = new WebSocket(federation.url.replace('http', 'ws'), 'graphql-transport-ws');
  const messages: { readonly type: string; readonly payload?: Record<string, unknown> }[] = [];
  const waiting: (() => void)[] = [];
  socket.on('message', (data) => {
    messages.push(JSON.parse(String(data)));
    for (const wake of waiting.splice(0)) wake();
  });
  const closed = new Promise<string>((resolve) => socket.on('close', (code, reason) => resolve(`${code} ${reason}`)));
  await new Promise((resolve) => socket.once('open', resolve));
  const send = (message: object) => socket.send(JSON.stringify(message));
  const next = async (type: string, count = 1) => {
    while (messages.filter((message) => message.type === type).length < count) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    return messages.filter((message) => message.type === type).at(-1)?.payload;
  };
  send({ type: 'connection_init', payload: { authorization: first } });
  await next('connection_ack');
  send({ type: 'subscribe', id: '1', payload: { query, variables: { after: 'c0' } } });
  await log.followed(1);
  return { send, next, closed, close: () => socket.terminate() };
}

describe('a WebSocket', () => {
  test('goes on with the token of a later ping, past the end of its first', async () => {
    const short = tokenFor(2 - leewaySeconds);
    const client = await renewing(short);
    client.send({ type: 'ping', payload: { authorization: tokenFor(60, { jti: 'token-2' }) } });
    expect(await client.next('pong')).toEqual({ renewed: true, expiresAt: expect.any(Number) });
    const other = await subscribeOver('WebSocket', { url: federation.url, query, authorization: short });
    expect((await other.ended)[0]).toSatisfy((code) => code === 4403 || code === 'TOKEN_EXPIRED');
    log.publish();
    expect(await client.next('next')).toMatchObject({ data: { lotChanged: { cursor: 'c1' } } });
    client.close();
  });

  test('stays as it is where the new token is refused, or says something else', async () => {
    const client = await renewing(tokenFor(60));
    client.send({ type: 'ping', payload: { authorization: 'Bearer nonsense' } });
    expect(await client.next('pong')).toMatchObject({ renewed: false, code: 'MALFORMED_TOKEN' });
    client.send({ type: 'ping', payload: { authorization: tokenFor(60, { sub: 'somebody.else' }) } });
    expect(await client.next('pong', 2)).toMatchObject({ renewed: false, code: 'AUTHORITY_CHANGED' });
    log.publish();
    await client.next('next');
    client.close();
  });

  test('is closed with 4403 and the code when its token is taken back', async () => {
    const client = await renewing(tokenFor(60));
    revoke({ subject: 'olga.operator' });
    expect(await client.closed).toMatch(/^4403 TOKEN_REVOKED: The token has been taken back/);
  });
});

test('a list that cannot be read later changes nothing; a wrong one at the start says what is wrong', async () => {
  revoke({ token: 'token-1' });
  const token = { subject: 'x', tokenId: 'token-1', issuedAt: undefined };
  while (!revocations.isRevoked(token)) await new Promise((resolve) => setTimeout(resolve, 5));
  writeFileSync(file, '[{"tokn": 1}]');
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(revocations.isRevoked(token)).toBe(true);
  const options = { file, timers: steadyTimers, log: testRuntime().log };
  await expect(createRevocations(options)).rejects.toThrow(/has an entry that is none, number 1/);
  await expect(createRevocations({ ...options, file: join(folder, 'none') })).rejects.toThrow(/cannot be read/);
});
