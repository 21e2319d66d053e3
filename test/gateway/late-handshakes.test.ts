import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls, type SecureVersion, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, expect, test } from 'vitest';
import { lingerMs } from '../../gateway/server/refuse-and-close.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';
import { patientConfig } from '../support/patient-config.ts';
import { logWith } from '../support/runtime.ts';
import { createTemporaryCertificate } from '../support/self-signed-certificate.ts';
import { steadyTimers } from '../support/steady-time.ts';

const { tls, remove } = createTemporaryCertificate();
afterAll(remove);

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
  federation = undefined;
});

const trusting = { rejectUnauthorized: false };

/** A gateway whose patience with late handshakes has no end, and what happens when the time of the first one is over. */
async function startTimingOut() {
  let isOver: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    isOver = resolve;
  });
  federation = await startFederation(shop(), {
    config: {
      tls,
      http: { ...patientConfig.http, headersTimeoutMs: 100, drainGraceMs: 1, drainTimeoutMs: 500 },
    },
    runtime: {
      timers: {
        ...steadyTimers,
        after: (ms, run) => (ms === lingerMs ? () => undefined : steadyTimers.after(ms, run)),
      },
      log: logWith({ warn: (event) => event === 'connections failed in the TLS handshake' && isOver() }),
    },
  });
  return { url: new URL(federation.url), over };
}

interface Late {
  readonly over: Promise<void>;
  readonly protocol: string;
  readonly version: SecureVersion;
}

/** A client that says no more than the first words of its handshake until its time is over. */
function connectLate({ port }: URL, { over, protocol, version }: Late): TLSSocket {
  const wire = connectTcp(Number(port), '127.0.0.1');
  const late = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _, done) => void wire.write(chunk, () => done()),
  });
  const held: Buffer[] = [];
  let isHeld = true;
  wire.on('data', (chunk) => void (isHeld ? held.push(chunk) : late.push(chunk)));
  wire.on('end', () => late.push(null)).on('error', () => undefined);
  void over.then(() => {
    isHeld = false;
    for (const chunk of held) late.push(chunk);
  });
  return connectTls({ socket: late, ALPNProtocols: [protocol], maxVersion: version, ...trusting });
}

const versions = ['TLSv1.2', 'TLSv1.3'] as const;

test.each(versions)('a handshake of %s that ends too late is answered that it took too long', async (version) => {
  const { url, over } = await startTimingOut();
  const socket = connectLate(url, { over, protocol: 'http/1.1', version });
  let text = '';
  for await (const chunk of socket) text += chunk;
  expect(text).toMatch(/^HTTP\/1\.1 408 .*REQUEST_TIMEOUT/s);
});

test.each(versions)('over HTTP/2 it is told to connect anew, and the gateway goes on (%s)', async (version) => {
  const { url, over } = await startTimingOut();
  const socket = connectLate(url, { over, protocol: 'h2', version });
  const session = connectHttp2(url.origin, { createConnection: () => socket });
  const stream = session.request({ ':path': '/health/ready' }).on('error', () => undefined);
  const closed = new Promise((resolve) => stream.once('close', resolve));
  const [code, lastStream, reason] = await once(session, 'goaway');
  expect([code, lastStream]).toEqual([constants.NGHTTP2_NO_ERROR, 0]);
  expect(String(reason)).toBe('The request took too long to arrive. Send it again, without pauses.');
  await closed;
  session.destroy();
});
