import { execute, parse } from 'graphql';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { demoPlants } from '../../../connectors/demo-plant.ts';
import type { ErpPort } from '../../../connectors/erp/port.ts';
import { createReferenceErp } from '../../../connectors/erp/reference.ts';
import { fillReferenceErp } from '../../../connectors/erp/reference-demo.ts';
import { erpMigrations } from '../../../connectors/erp/reference-migrations.ts';
import type { ErpTables } from '../../../connectors/erp/reference-tables.ts';
import { createErpSubgraph } from '../../../subgraphs/erp/index.ts';
import { openTestJournal, type TestJournal } from '../../support/database.ts';
import { everythingAllowed, GraphStub, person } from '../subgraph-under-test.ts';

interface Read {
  readonly name: string;
  readonly signal: AbortSignal | undefined;
}

describe('a client that is gone', () => {
  let place: TestJournal;
  let erp: ErpPort;
  let reads: Read[];
  let client: AbortController;
  /** The read after whose beginning the client leaves. */
  let leavesAt: string;

  beforeEach(async () => {
    place = await openTestJournal('sqlite');
    const database = await place.storage.open<ErpTables>('erp', erpMigrations);
    await fillReferenceErp(database, demoPlants, place.runtime.clock);
    erp = createReferenceErp({ database, clock: place.runtime.clock });
    reads = [];
    client = new AbortController();
    leavesAt = '';
  });
  afterEach(() => place.dispose());

  /** The ERP, with a note of who was asked what. */
  function watched(): ErpPort {
    return new Proxy(erp, {
      get: (target, name: keyof ErpPort & string) => {
        const read = target[name] as (...args: unknown[]) => Promise<unknown>;
        return (...args: unknown[]) => {
          reads.push({ name, signal: (args.at(-1) as { readonly signal?: AbortSignal }).signal });
          const answer = read(...args);
          if (name === leavesAt) client.abort();
          return answer;
        };
      },
    });
  }

  async function ask(query: string) {
    const { journal, runtime } = place;
    const subgraph = createErpSubgraph({
      journal,
      policies: everythingAllowed,
      graph: new GraphStub(),
      runtime,
      port: watched(),
    });
    const call = { principal: person(), requestId: 'r', signal: client.signal };
    return execute({ schema: subgraph.schema, document: parse(query), contextValue: subgraph.createContext(call) });
  }

  const dashboard = `{ productionOrders(filter: { plant: "BER" }) { nodes {
    plant { name lines { workCenters { name } } } line { name } material { name } lot { deliveries { deliveryNo } }
  } } }`;

  test('is known to every read that was begun for it', async () => {
    const { errors } = await ask(dashboard);
    expect(errors).toBeUndefined();
    expect(new Set(reads.map(({ name }) => name))).toEqual(
      new Set([
        'orders',
        'plantsByKeys',
        'linesByKeys',
        'materialsByKeys',
        'lotsByKeys',
        'linesOfPlants',
        'workCentersOfLines',
        'deliveriesOfLots',
      ]),
    );
    expect(reads.every(({ signal }) => signal === client.signal)).toBe(true);
  });

  test('is asked for nothing more, whatever the rest of its query would have needed', async () => {
    leavesAt = 'orders';
    const { errors } = await ask(dashboard);
    expect(reads.map(({ name }) => name)).toEqual(['orders']);
    expect(errors?.map(({ originalError }) => originalError)).toMatchObject([{ code: 'SYSTEM_UNAVAILABLE' }]);
  });

  test('keeps no system from what it does for others', async () => {
    client.abort();
    const key = { plantCode: 'BER', orderNo: '10001' };
    await expect(erp.ordersByKeys([key], { signal: client.signal })).rejects.toMatchObject({
      code: 'SYSTEM_UNAVAILABLE',
    });
    expect(await erp.ordersByKeys([key], { signal: new AbortController().signal })).toHaveLength(1);
    expect(await erp.ordersByKeys([key])).toHaveLength(1);
  });
});
