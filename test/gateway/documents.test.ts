import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type DocumentsConfig, defaultGatewayConfig } from '../../gateway/config.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { lotSubgraphs, PushedEvents } from '../support/pushed-events.ts';
import { logWith } from '../support/runtime.ts';

const folders: string[] = [];
const open: Federation[] = [];
afterEach(async () => {
  for (const federation of open.splice(0)) await federation.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function start(documents: Partial<DocumentsConfig> = {}, runtime: Partial<Runtime> = {}): Promise<Federation> {
  const config = { documents: { ...defaultGatewayConfig.documents, ...documents } };
  const federation = await startFederation(lotSubgraphs(new PushedEvents()), { config, runtime });
  open.push(federation);
  return federation;
}

function manifest(content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'andon-manifest-'));
  folders.push(folder);
  const file = join(folder, 'manifest.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const persisted = (text: string) => ({ persistedQuery: { version: 1, sha256Hash: hashOf(text) } });
const codeOf = async (answer: ReturnType<Federation['post']>) => {
  const { status, body } = await answer;
  return [status, body.errors?.[0]?.extensions?.['code']];
};

describe('automatic persisted queries', () => {
  const query = '{ now }';

  test('an unknown hash is told so, in the words that clients know; sent once with its text, it is enough', async () => {
    const { post } = await start();
    const first = await post({ extensions: persisted(query) });
    expect([first.status, first.body.errors]).toEqual([
      200,
      [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
    ]);
    expect((await post({ query, extensions: persisted(query) })).body.data).toEqual({ now: 1 });
    expect((await post({ extensions: persisted(query) })).body.data).toEqual({ now: 1 });
  });

  test('over GET and over WebSocket, too', async () => {
    const { url, post } = await start();
    await post({ query, extensions: persisted(query) });
    const response = await fetch(`${url}?extensions=${encodeURIComponent(JSON.stringify(persisted(query)))}`);
    expect(await response.json()).toMatchObject({ data: { now: 1 } });
    // The client library insists on a text.
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
    const messages: { type: string; payload: unknown }[] = [];
    const completed = new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        messages.push(JSON.parse(String(data)));
        if (messages.at(-1)?.type === 'complete') resolve();
      });
    });
    socket.once('open', () => socket.send('{"type":"connection_init"}'));
    socket.once('message', () => {
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { extensions: persisted(query) } }));
    });
    await completed;
    socket.terminate();
    expect(messages[1]?.payload).toMatchObject({ data: { now: 1 } });
  });

  test('a text under the hash of another is refused, so nobody can plant one', async () => {
    const { post } = await start();
    const forged = post({ query: '{ __typename }', extensions: persisted(query) });
    expect(await codeOf(forged)).toEqual([400, 'PERSISTED_QUERY_HASH_MISMATCH']);
    expect((await forged).body.errors?.[0]?.message).toMatch(/send the SHA-256 of exactly this text/);
    expect(await codeOf(post({ extensions: persisted(query) }))).toEqual([200, 'PERSISTED_QUERY_NOT_FOUND']);
  });

  test('only so many are kept; the one used longest ago is forgotten', async () => {
    const { post } = await start({ maxPersistedQueries: 2 });
    const [a, b, c] = ['{ a: now }', '{ b: now }', '{ c: now }'] as const;
    for (const text of [a, b]) await post({ query: text, extensions: persisted(text) });
    await post({ extensions: persisted(a) });
    await post({ query: c, extensions: persisted(c) });
    expect(await codeOf(post({ extensions: persisted(b) }))).toEqual([200, 'PERSISTED_QUERY_NOT_FOUND']);
    expect((await post({ extensions: persisted(a) })).body.data).toEqual({ a: 1 });
  });

  test('a hash in another shape is refused; switched off, clients are told so', async () => {
    const { post } = await start();
    for (const persistedQuery of [7, 'x', {}, { version: 2, sha256Hash: 'x' }, { version: 1, sha256Hash: 5 }]) {
      expect(await codeOf(post({ extensions: { persistedQuery } }))).toEqual([400, 'BAD_REQUEST']);
    }
    const off = await start({ persistedQueries: false });
    expect(await codeOf(off.post({ extensions: persisted(query) }))).toEqual([200, 'PERSISTED_QUERY_NOT_SUPPORTED']);
  });
});

describe('trusted documents', () => {
  const [listed, other] = ['query Now { now }', '{ __typename }'];
  const apollo = {
    format: 'apollo-persisted-query-manifest',
    version: 1,
    operations: [{ id: hashOf(listed!), name: 'Now', type: 'query', body: listed }],
  };
  for (const [format, content] of Object.entries({ Apollo: apollo, Relay: { [hashOf(listed!)]: listed } })) {
    test(`a manifest of ${format} is read, and its operations are named by id in every common way`, async () => {
      const { post } = await start({ manifest: manifest(content) });
      const id = hashOf(listed!);
      const ways = [
        { documentId: id },
        { documentId: `sha256:${id}` },
        { id },
        { doc_id: id },
        { extensions: persisted(listed!) },
      ];
      for (const way of ways) expect((await post(way)).body.data, JSON.stringify(way)).toEqual({ now: 1 });
      expect((await post({ query: other })).body.data).toEqual({ __typename: 'Query' });
      expect(await codeOf(post({ documentId: 'unknown' }))).toEqual([404, 'DOCUMENT_NOT_FOUND']);
    });
  }

  test('a listed text is known by its hash, whatever id the manifest gives it', async () => {
    const { post } = await start({ manifest: manifest({ 'now-1': listed }), strict: true });
    const id = hashOf(listed!);
    const ways = [{ documentId: 'now-1' }, { documentId: `sha256:${id}` }, { extensions: persisted(listed!) }];
    for (const way of ways) expect((await post(way)).body.data, JSON.stringify(way)).toEqual({ now: 1 });
    expect(await codeOf(post({ documentId: `sha256:${hashOf(other!)}` }))).toEqual([403, 'OPERATION_NOT_TRUSTED']);
  });

  test('strict refuses whatever is not listed, over every transport', async () => {
    const { post, url, socket } = await start({ manifest: manifest(apollo), strict: true });
    const untrusted = [403, 'OPERATION_NOT_TRUSTED'];
    expect((await post({ documentId: hashOf(listed!) })).body.data).toEqual({ now: 1 });
    expect((await post({ query: listed })).body.data).toEqual({ now: 1 });
    expect(await codeOf(post({ query: other }))).toEqual(untrusted);
    expect(await codeOf(post({ query: `${listed} ` }))).toEqual(untrusted);
    expect(await codeOf(post({ query: other, documentId: hashOf(listed!) }))).toEqual(untrusted);
    expect(await codeOf(post({ query: other, extensions: persisted(other!) }))).toEqual(untrusted);
    expect(await codeOf(post({ documentId: '__proto__' }))).toEqual(untrusted);
    expect((await fetch(`${url}?query=${encodeURIComponent(other!)}`)).status).toBe(403);
    const refused = await new Promise((resolve) => {
      socket().subscribe({ query: other! }, { next: resolve, error: resolve, complete: () => undefined });
    });
    expect(refused).toMatchObject([{ extensions: { code: 'OPERATION_NOT_TRUSTED' } }]);
    const headers = { accept: 'text/event-stream', 'content-type': 'application/json' };
    const stream = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: other }) });
    expect(await stream.text()).toContain('OPERATION_NOT_TRUSTED');
  });

  test('a trusted operation has the same limits', async () => {
    const deep = `query Deep { ${Array.from({ length: 40 }, (_, i) => `a${i}: now`).join(' ')} }`;
    const { post } = await start({ manifest: manifest({ deep }), strict: true });
    expect(await codeOf(post({ documentId: 'deep' }))).toEqual([400, 'ROOT_FIELD_LIMIT_EXCEEDED']);
  });

  test('documents of the manifest that would be refused are told at the start and after a reload, with their ids', async () => {
    const told: Record<string, unknown>[] = [];
    let wake: () => void = () => undefined;
    const warn = (event: string, fields = {}) => {
      told.push({ event, ...fields });
      wake();
    };
    const nextLine = () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      });
    const first = nextLine();
    const wrong = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`wrong-${n}`, `{ nothing${n} }`]));
    const content = { fine: '{ now }', broken: '{ now', ...wrong };
    const { gateway, sdl } = await start({ manifest: manifest(content) }, { log: logWith({ warn }) });
    await first;
    const second = nextLine();
    await gateway.replaceSupergraph(`${sdl}\n# another`);
    await second;
    const ids = ['broken', ...Object.keys(wrong)].slice(0, 10);
    const line = {
      event: 'trusted documents would be refused',
      documents: 13,
      ids,
      problem: expect.stringMatching(/^Syntax/),
    };
    expect(told).toEqual([line, line]);
  });

  test('a manifest that cannot be used stops the start, and says what to do', async () => {
    const wrong: [unknown, string][] = [
      ['{', 'Not valid JSON.'],
      [[], 'Not a JSON object.'],
      [{ format: 'other', operations: [] }, 'The format "other" is not known.'],
      [{ ...apollo, operations: [{ body: 'x' }] }, 'Operation 0 has no id.'],
      [{ id: 5 }, '"id" has no text.'],
    ];
    for (const [content, problem] of wrong)
      await expect(start({ manifest: manifest(content) })).rejects.toThrow(problem);
    await expect(start({ manifest: '/nowhere.json' })).rejects.toThrow(
      '/nowhere.json: It cannot be read (ENOENT). Correct documents.manifest.',
    );
  });
});

describe('batches', () => {
  const limits = { ...defaultGatewayConfig.limits, maxBatchSize: 3 };

  test('are refused with a code until a size is configured', async () => {
    const { post } = await start();
    expect(await codeOf(post([{ query: '{ now }' }, { query: '{ now }' }]))).toEqual([400, 'BATCH_LIMIT_EXCEEDED']);
  });

  test('answer each operation in order, each with its own errors and limits', async () => {
    const federation = await startFederation(lotSubgraphs(new PushedEvents()), { config: { limits } });
    open.push(federation);
    const many = `{ ${Array.from({ length: 40 }, (_, i) => `a${i}: now`).join(' ')} }`;
    const { status, body } = await federation.post([{ query: '{ now }' }, { query: 7 }, { query: many }]);
    expect(status).toBe(200);
    expect(body).toMatchObject([
      { data: { now: 1 } },
      { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
      { errors: [{ extensions: { code: 'ROOT_FIELD_LIMIT_EXCEEDED' } }] },
    ]);
    expect(await codeOf(federation.post(Array(4).fill({ query: '{ now }' })))).toEqual([400, 'BATCH_LIMIT_EXCEEDED']);
    expect(await codeOf(federation.post([]))).toEqual([400, 'BAD_REQUEST']);
  });
});
