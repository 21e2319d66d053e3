import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { connect as connectHttp2, constants, type ServerHttp2Session } from 'node:http2';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { defaultGatewayConfig, type GatewayConfig } from '../../../gateway/config.ts';
import { AnswerWriter } from '../../../gateway/execution/write/answer-writer.ts';
import { createWebServer, type WebServer } from '../../../gateway/server/create-server.ts';
import { patientConfig } from '../../support/patient-config.ts';
import { testRuntime } from '../../support/runtime.ts';
import { createCertificate } from '../../support/self-signed-certificate.ts';

let folder = '';
let tls: ReturnType<typeof createCertificate>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'andon-sessions-'));
  tls = createCertificate(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

let web: WebServer;
afterEach(async () => {
  web.closeAll();
  await new Promise((resolve) => web.http.close(resolve));
});

const trusting = { rejectUnauthorized: false };

/** A server that answers nothing until a test does. */
async function serve(http: Partial<GatewayConfig['http']> = {}) {
  const arrived: ServerResponse[] = [];
  const config = { ...defaultGatewayConfig, tls, http: { ...patientConfig.http, ...http } };
  const handle = async (_: unknown, response: ServerResponse) => void arrived.push(response);
  web = createWebServer(config, handle, testRuntime(), new AnswerWriter());
  web.http.listen(0, '127.0.0.1');
  await once(web.http, 'listening');
  return { port: (web.http.address() as AddressInfo).port, arrived };
}

test('a session whose client ends the connection is over before the connection is', async () => {
  const { port, arrived } = await serve();
  const secured = once(web.http, 'secureConnection') as Promise<[TLSSocket]>;
  const opened = once(web.http, 'session') as Promise<[ServerHttp2Session]>;
  const asked = once(web.http, 'request');
  const socket = connectTls({
    socket: connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true }),
    ALPNProtocols: ['h2'],
    ...trusting,
  });
  const client = connectHttp2('https://localhost', { createConnection: () => socket });
  client.on('error', () => undefined);
  client.request({ ':path': '/' }).on('error', () => undefined);
  const [[served], [session]] = await Promise.all([secured, opened, asked]);
  const wasOver = new Promise((resolve) => served.once('finish', () => resolve(session.destroyed)));
  const closed = new Promise((resolve) => arrived[0]?.once('close', resolve));
  socket.end();
  expect(await wasOver).toBe(true);
  await closed;
  client.destroy();
});

test('so is one for which there was no room', async () => {
  const { port } = await serve({ maxConnections: 1 });
  const hasRoom = once(web.http, 'session');
  const first = connectHttp2(`https://127.0.0.1:${port}`, trusting);
  await hasRoom;
  const connected = once(web.http, 'connection') as Promise<[Socket]>;
  const opened = once(web.http, 'session') as Promise<[ServerHttp2Session]>;
  const second = connectHttp2(`https://127.0.0.1:${port}`, trusting);
  second.on('error', () => undefined);
  const [[socket], [session]] = await Promise.all([connected, opened]);
  const destroy = socket.destroy.bind(socket);
  const wasOver = new Promise((resolve) => {
    socket.destroy = (...cause) => {
      resolve(session.destroyed);
      return destroy(...cause);
    };
  });
  expect(await wasOver).toBe(true);
  first.destroy();
});

test('one whose client goes with an error takes no more requests before it ends those that it has', async () => {
  const { port } = await serve();
  const opened = once(web.http, 'session') as Promise<[ServerHttp2Session]>;
  const client = connectHttp2(`https://127.0.0.1:${port}`, trusting);
  client.on('error', () => undefined);
  const asked = once(web.http, 'request');
  client.request({ ':path': '/' }).on('error', () => undefined);
  const [[session]] = await Promise.all([opened, asked]);
  const done: string[] = [];
  const { goaway, destroy } = session;
  session.goaway = (...words) => {
    done.push('goaway');
    goaway.apply(session, words);
  };
  session.destroy = (...cause) => {
    done.push('destroy');
    destroy.apply(session, cause);
  };
  const closed = new Promise((resolve) => session.once('close', resolve));
  client.goaway(constants.NGHTTP2_INTERNAL_ERROR);
  await closed;
  expect(done.slice(0, 2)).toEqual(['goaway', 'destroy']);
  client.destroy();
});
