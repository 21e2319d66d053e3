import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AndonProcess, until } from '../support/andon-process.ts';

describe('two plants, each with an ERP of its own', () => {
  let andon: AndonProcess;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'andon-plants-'));
    const [berlin = '', lyon = ''] = (await readFile('landscape.yaml', 'utf8')).split('  LYO:');
    const landscape = join(folder, 'landscape.yaml');
    const own = lyon.replace('ERP: { connector: reference,', 'ERP: { connector: reference, store: lyon,');
    expect(own).not.toBe(lyon);
    await writeFile(landscape, `${berlin}  LYO:${own}`);
    andon = await AndonProcess.start({ env: { ANDON_LANDSCAPE: landscape } });
  });
  afterAll(async () => {
    await andon?.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  /** Somebody of the integration team may see every plant. */
  const ask = (query: string) => andon.ask('ines.integration', query);

  test('keep their data in stores of their own', async () => {
    for (const store of ['erp.db', 'erp_lyon.db', 'mes.db']) expect(existsSync(join(andon.dataDir, store))).toBe(true);
    const { data, errors } = await ask(`{
      plants { nodes { plantCode } }
      berlin: productionOrderByNumber(plant: "BER", orderNo: "10001") { orderNo operations { executionState { code } } }
      lyon: productionOrderByNumber(plant: "LYO", orderNo: "20001") { orderNo operations { executionState { code } } }
    }`);
    expect(errors).toEqual([]);
    expect(data).toMatchObject({
      plants: { nodes: [{ plantCode: 'BER' }, { plantCode: 'LYO' }] },
      berlin: { orderNo: '10001', operations: [{ executionState: { code: 'RUNNING' } }, {}, {}] },
      lyon: { orderNo: '20001', operations: [{ executionState: { code: 'RUNNING' } }, {}, {}] },
    });
  });

  test('are one list to a reader, page by page, in the order of their keys', async () => {
    const seen: string[] = [];
    for (let after = ''; ; ) {
      const { data, errors } = await ask(
        `{ productionOrders(first: 3${after && `, after: "${after}"`}) { nodes { id } pageInfo { hasNextPage endCursor } } }`,
      );
      expect(errors).toEqual([]);
      seen.push(...data.productionOrders.nodes.map(({ id }: { id: string }) => id));
      if (!data.productionOrders.pageInfo.hasNextPage) break;
      after = data.productionOrders.pageInfo.endCursor;
    }
    expect(seen).toEqual([
      ...[1, 2, 3, 4].map((number) => `mfg:BER:production-order:1000${number}`),
      ...[1, 2, 3, 4].map((number) => `mfg:LYO:production-order:2000${number}`),
    ]);
  });

  test('are changed each in its own, by people and by what follows, and the other stays as it is', async () => {
    const held = await andon.ask(
      'mara.manager',
      `mutation { placeHold(input: { scope: "mfg:LYO:lot:WATER-05L:L20900" }, meta: { idempotencyKey: "apart-1", reason: { text: "Suspect." } }) { outcome } }`,
    );
    expect(held.data.placeHold.outcome).toBe('ACCEPTED');
    const stock = '{ lots(filter: { stockTypes: [BLOCKED] }) { nodes { id } } }';
    const { data } = await until(
      () => ask(stock),
      ({ data: now }) => now?.lots.nodes.length > 0,
    );
    expect(data.lots.nodes).toEqual([{ id: 'mfg:LYO:lot:WATER-05L:L20900' }]);
  });
});
