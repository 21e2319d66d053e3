import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import type { GatewayConfig } from '../../gateway/config.ts';
import { readPem } from '../../gateway/read-pem.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import type { SubgraphDefinition } from '../support/federation-subgraph.ts';
import { patientConfig } from '../support/patient-config.ts';
import { testRuntime } from '../support/runtime.ts';
import { createCertificate } from '../support/self-signed-certificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'andon-certificates-'));
const [plant, gateway, stranger] = ['plant', 'gateway', 'stranger'].map((name) =>
  createCertificate(join(folder, name)),
);
const closers: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

const pem = (file = '') => readPem(file, 'the test');
const keysOf = (own = plant) => ({ cert: pem(own?.certFile), key: pem(own?.keyFile) });

/** A TLS server that leads to the port that it is told, whatever is spoken there. */
async function startTlsFront(options: TlsOptions) {
  const front = { port: 0, target: 0 };
  const server = createServer(options, (client) => {
    const behind = connect(front.target, '127.0.0.1');
    for (const end of [client, behind]) end.on('error', () => [client, behind].map((other) => other.destroy()));
    client.pipe(behind).pipe(client);
  }).on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  front.port = (server.address() as AddressInfo).port;
  return front;
}

const definition: SubgraphDefinition = {
  typeDefs: 'type Query { line: String } type Subscription { stops: String }',
  resolvers: {
    Query: { line: () => 'L1' },
    Subscription: {
      stops: {
        subscribe: async function* () {
          yield { stops: 'jam' };
          await new Promise(() => undefined);
        },
      },
    },
  },
};

async function start(config: Partial<GatewayConfig>, log = testRuntime().log): Promise<Federation> {
  const federation = await startFederation({ plant: definition }, { config, runtime: { log } });
  closers.push(() => federation.close());
  return federation;
}

describe('a subgraph behind TLS, at an address of the options', () => {
  /** It takes connections only from who shows the gateway's certificate. */
  const behindTls = async (options: Partial<GatewayConfig['subgraphs']>) => {
    const front = await startTlsFront({ ...keysOf(), ca: pem(gateway?.certFile), requestCert: true });
    const urlBySubgraph = { plant: `https://localhost:${front.port}/graphql` };
    const subgraphs = { ...patientConfig.subgraphs, urlBySubgraph, ...options };
    const federation = await start({ subgraphs });
    front.target = Number(new URL(federation.subgraphs['plant']?.url ?? '').port);
    return federation;
  };
  const known = { caFile: plant?.certFile, certFile: gateway?.certFile, keyFile: gateway?.keyFile };
  const first = async (federation: Federation) => {
    const events = federation.socket().iterate({ query: 'subscription { stops }' });
    return (await events.next()).value;
  };

  test('is asked and subscribed to, by either protocol, with the certificate of the gateway', async () => {
    const federation = await behindTls({ tls: known });
    expect(await federation.query('{ line }')).toMatchObject({ data: { line: 'L1' } });
    expect(await first(federation)).toMatchObject({ data: { stops: 'jam' } });
    const overEvents = await behindTls({ tls: known, subscriptionProtocol: 'sse' });
    expect(await first(overEvents)).toMatchObject({ data: { stops: 'jam' } });
  });

  test.each([
    ['that the gateway does not know is not asked', { ...known, caFile: stranger?.certFile }],
    ['does not answer without a certificate that it knows', { ...known, certFile: undefined, keyFile: undefined }],
  ])('%s', async (_, tls) => {
    const { data, errors } = await (await behindTls({ tls })).query('{ line }');
    expect(data).toEqual({ line: null });
    expect(errors).toMatchObject([{ extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'plant' } }]);
  });

  test('with files that are no certificates stops the start, which says what to do', async () => {
    await expect(behindTls({ tls: { ...known, caFile: '/nowhere.pem' } })).rejects.toThrow(
      '/nowhere.pem cannot be read (ENOENT). Correct subgraphs.tls.caFile.',
    );
    await expect(behindTls({ tls: { ...known, caFile: gateway?.keyFile } })).rejects.toThrow(
      `${gateway?.keyFile} has no certificates in PEM that can be read. Correct subgraphs.tls.caFile.`,
    );
    await expect(behindTls({ tls: { ...known, keyFile: stranger?.keyFile } })).rejects.toThrow(
      /cannot be used for connections to subgraphs \(.*\)\. Name PEM files in subgraphs\.tls: caFile, or certFile with its keyFile\.$/,
    );
  });
});

describe('a gateway that knows its clients by certificates', () => {
  const ask = async (federation: Federation, own?: typeof plant) => {
    const url = `${federation.url.replace('127.0.0.1', 'localhost')}?query={line}`;
    const headers = { 'apollo-require-preflight': 'yes' };
    const sent = get(url, { ca: pem(plant?.certFile), ...(own && keysOf(own)), headers, agent: false });
    const [response] = await once(sent, 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    return text;
  };

  test('answers who shows one of those that it knows, and nobody else', async () => {
    if (!plant) throw new Error('There is no certificate.');
    const federation = await start({ tls: { ...plant, clientCaFile: gateway?.certFile } });
    expect(await ask(federation, gateway)).toContain('"data":{"line":"L1"}');
    await expect(ask(federation)).rejects.toThrow(/certificate required|ECONNRESET|hang up/);
    await expect(ask(federation, stranger)).rejects.toThrow(/unknown ca|ECONNRESET|hang up/);
  });

  test('tells in the log that somebody did not come in', async () => {
    if (!plant) throw new Error('There is no certificate.');
    const warned: string[] = [];
    const log = { ...testRuntime().log, warn: (event: string) => void warned.push(event) };
    const federation = await start({ tls: { ...plant, clientCaFile: gateway?.certFile } }, log);
    await expect(ask(federation)).rejects.toThrow();
    await expect.poll(() => warned).toEqual(['connections failed in the TLS handshake']);
  });

  test('does not start where these cannot be read', async () => {
    if (!plant) throw new Error('There is no certificate.');
    await expect(start({ tls: { ...plant, clientCaFile: plant.keyFile } })).rejects.toThrow(
      `${plant.keyFile} has no certificates in PEM that can be read. Correct tls.clientCaFile.`,
    );
    await expect(start({ tls: { ...plant, clientCaFile: '/nowhere.pem' } })).rejects.toThrow(
      '/nowhere.pem cannot be read (ENOENT). Correct tls.clientCaFile.',
    );
  });
});
