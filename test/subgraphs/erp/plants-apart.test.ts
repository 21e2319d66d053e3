import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { demoPlants } from '../../../connectors/demo-plant.ts';
import type { ErpCommand, ErpPort } from '../../../connectors/erp/port.ts';
import { erpReads } from '../../../connectors/erp/reads.ts';
import { createReferenceErp } from '../../../connectors/erp/reference.ts';
import { fillReferenceErp } from '../../../connectors/erp/reference-demo.ts';
import { erpMigrations } from '../../../connectors/erp/reference-migrations.ts';
import type { ErpTables } from '../../../connectors/erp/reference-tables.ts';
import { SystemUnavailableError } from '../../../connectors/errors.ts';
import { createPlantRouter } from '../../../connectors/plant-router.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createErpSubgraph } from '../../../subgraphs/erp/index.ts';
import type { Subgraph } from '../../../subgraphs/subgraph.ts';
import { openTestJournal, type TestJournal } from '../../support/database.ts';
import { ask, everythingAllowed, GraphStub, perform } from '../subgraph-under-test.ts';

/** The plants' ERPs, and a switch for that of Lyon. */
async function openErps(place: TestJournal) {
  const [berlin, lyon] = await Promise.all(
    ['erp', 'erp_lyon'].map(async (store, index) => {
      const database = await place.storage.open<ErpTables>(store, erpMigrations);
      await fillReferenceErp(database, demoPlants.slice(index, index + 1), systemClock);
      return createReferenceErp({ database, clock: systemClock });
    }),
  );
  const network = { isCut: false };
  const overNetwork = Object.entries(lyon as ErpPort).map(([name, call]) => [
    name,
    async (...args: unknown[]) => {
      if (network.isCut) throw new SystemUnavailableError('ERP');
      return (call as (...given: unknown[]) => unknown)(...args);
    },
  ]);
  const ports = new Map([
    ['BER', berlin as ErpPort],
    ['LYO', Object.fromEntries(overNetwork) as ErpPort],
  ]);
  return { network, port: createPlantRouter<ErpCommand, ErpPort>({ system: 'ERP', ports, reads: erpReads }) };
}

describe('plants with ERPs of their own, in the graph', () => {
  let place: TestJournal;
  let network: { isCut: boolean };
  let erp: Subgraph;

  beforeEach(async () => {
    place = await openTestJournal('sqlite');
    const erps = await openErps(place);
    network = erps.network;
    const { journal, runtime } = place;
    const graph = new GraphStub({});
    erp = createErpSubgraph({ port: erps.port, journal, runtime, graph, policies: everythingAllowed });
  });
  afterEach(() => place.dispose());

  const both = `{
    berlin: productionOrder(id: "mfg:BER:production-order:10001") { orderNo line { workCenters { name } } }
    lyon: productionOrder(id: "mfg:LYO:production-order:20001") { orderNo }
  }`;

  test('with one of them away, its fields are null with an error that names it, and the other is answered', async () => {
    expect((await ask(erp, both)).data).toMatchObject({ berlin: { orderNo: '10001' }, lyon: { orderNo: '20001' } });
    network.isCut = true;
    const { data, errors } = await ask(erp, both);
    expect(data).toMatchObject({ berlin: { orderNo: '10001', line: { workCenters: [{}, {}, {}] } }, lyon: null });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      path: ['lyon'],
      originalError: { code: 'SYSTEM_UNAVAILABLE', system: 'ERP', plantCodes: ['LYO'] },
    });
  });

  test('with one of them away, what belongs to the other plant is there, too', async () => {
    network.isCut = true;
    const lots = `{
      berlin: lot(id: "mfg:BER:lot:WATER-05L:L10900") { deliveries { deliveryNo } }
      _entities(representations: [
        { __typename: "Lot", id: "mfg:BER:lot:WATER-05L:L10900" }, { __typename: "Lot", id: "mfg:LYO:lot:WATER-05L:L20900" }
      ]) { ... on Lot { deliveries { deliveryNo } } }
    }`;
    const { data, errors } = await ask(erp, lots);
    expect(data.berlin.deliveries.length).toBeGreaterThan(0);
    expect(data._entities).toEqual([data.berlin, null]);
    expect(errors).toHaveLength(1);
  });

  test('with one of them away, the other plant is listed and changed as ever, and the one waits', async () => {
    network.isCut = true;
    const list = (plant: string) =>
      ask(erp, `{ productionOrders(filter: { plant: "${plant}" }) { nodes { orderNo } } }`);
    expect((await list('BER')).data.productionOrders.nodes).toHaveLength(4);
    expect((await list('LYO')).errors[0].message).toContain('The ERP of LYO cannot be reached.');
    const release = (orderId: string) => perform(erp, 'holdProductionOrder', { orderId });
    expect(await release('mfg:BER:production-order:10001')).toMatchObject({ outcome: 'ACCEPTED' });
    await expect(release('mfg:LYO:production-order:20001')).rejects.toThrow('The ERP of LYO cannot be reached.');
    network.isCut = false;
    expect(await release('mfg:LYO:production-order:20001')).toMatchObject({ outcome: 'ACCEPTED' });
  });
});
