import { once } from 'node:events';
import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { expect, test, vi } from 'vitest';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { AnswerWriter } from '../../gateway/execution/write/answer-writer.ts';
import { createWebServer } from '../../gateway/server/create-server.ts';
import { testRuntime } from '../support/runtime.ts';
import { createTemporaryCertificate } from '../support/self-signed-certificate.ts';

test('what a session of HTTP/2 writes does not wait until the client has acknowledged what came before', async () => {
  const { tls, remove } = createTemporaryCertificate();
  const config = { ...defaultGatewayConfig, tls };
  const web = createWebServer(config, async (_, response) => void response.end(), testRuntime(), new AnswerWriter());
  const asked = vi.spyOn(TLSSocket.prototype, 'setNoDelay');
  try {
    web.http.listen(0, '127.0.0.1');
    await once(web.http, 'listening');
    const secured = once(web.http, 'secureConnection') as Promise<[TLSSocket]>;
    const client = connect(`https://127.0.0.1:${(web.http.address() as AddressInfo).port}`, {
      rejectUnauthorized: false,
    });
    await once(client.request({ ':path': '/' }), 'response');
    const [socket] = await secured;
    expect(asked.mock.contexts).toContain(socket);
    client.destroy();
  } finally {
    asked.mockRestore();
    web.closeAll();
    await new Promise((resolve) => web.http.close(resolve));
    remove();
  }
});
