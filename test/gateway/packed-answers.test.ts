import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { patientConfig } from '../support/patient-config.ts';

const open: Federation[] = [];
afterAll(() => Promise.all(open.map((federation) => federation.close())));

async function start(compression: boolean): Promise<Federation> {
  const subgraphs = { ...patientConfig.subgraphs, compression, maxResponseBytes: 200_000 };
  const definition = { typeDefs: 'type Query { note: String }', resolvers: { Query: { note: () => 'plain' } } };
  const federation = await startFederation({ plant: definition }, { config: { subgraphs } });
  open.push(federation);
  return federation;
}

let federation: Federation;
beforeEach(async () => {
  federation ??= await start(true);
});

const plant = () => federation.subgraphs['plant'];
const answerPacked = (coding: string, bytes: Buffer) =>
  plant()?.answerWith((response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding });
    response.end(bytes);
  });
const noteOf = (length: number) => JSON.stringify({ data: { note: 'x'.repeat(length) } });

test('a subgraph is asked for packed answers where the options say so, and nowhere else', async () => {
  expect((await federation.query('{ note }')).data).toEqual({ note: 'plain' });
  expect(plant()?.received.at(-1)?.headers['accept-encoding']).toBe('gzip, br');
  const usual = await start(false);
  await usual.query('{ note }');
  expect(usual.subgraphs['plant']?.received.at(-1)?.headers['accept-encoding']).toBeUndefined();
});

test.each([
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
])('an answer in %s is read', async (coding, pack) => {
  answerPacked(coding, pack(noteOf(100_000)));
  expect((await federation.query('{ note }')).data?.note).toHaveLength(100_000);
});

test.each([
  ['is larger than allowed when it is unpacked', 'gzip', gzipSync(noteOf(300_000))],
  ['is not what its header says', 'gzip', Buffer.from(noteOf(3))],
  ['ends too early', 'br', brotliCompressSync(noteOf(90_000)).subarray(0, 20)],
  ['is packed in a way that nobody asked for', 'zstd', Buffer.from(noteOf(3))],
])('an answer that %s is malformed, and the next one is read', async (_, coding, bytes) => {
  answerPacked(coding, bytes);
  const { data, errors } = await federation.query('{ note }');
  expect(data).toEqual({ note: null });
  expect(errors).toMatchObject([{ path: ['note'], extensions: { code: 'SUBGRAPH_MALFORMED_RESPONSE' } }]);
  plant()?.answerWith(undefined);
  expect((await federation.query('{ note }')).data).toEqual({ note: 'plain' });
});
