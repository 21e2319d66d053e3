import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { person } from '../subgraphs/subgraph-under-test.ts';
import { type Data, openWholeGraph, type WholeGraph } from '../support/whole-graph.ts';

/** What one plant has decided for itself. */
const plantsOwn = `
@id("planners-plan-berlin")
forbid (principal in Role::"PLANNER", action == Action::"read", resource)
when { resource.plant == "BER" };

@id("planners-leave-partners-alone")
forbid (principal in Role::"PLANNER", action == Action::"read", resource)
when { resource has partner };
`;

const planner = person({ id: 'paula', roles: ['PLANNER'] });
const engineer = person({ id: 'quentin', roles: ['QUALITY_ENGINEER'] });

const lists: Readonly<Record<string, string>> = {
  plants: 'code: plantCode',
  workCenters: 'id',
  materials: 'id',
  productionOrders: 'id partner',
  lots: 'id partner',
  deliveries: 'id partner',
  operations: 'id',
  // Their numbers are of the moment.
  downtimes: 'asset { id }',
  inspectionLots: 'id partner',
  qualityHolds: 'id partner',
  assets: 'id',
  maintenanceWorkOrders: 'id',
};

describe('a policy of the plant', () => {
  let folder: string;
  let before: WholeGraph;
  let after: WholeGraph;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'andon-policies-'));
    await writeFile(join(folder, 'planner.cedar'), plantsOwn);
    before = await openWholeGraph();
    after = await openWholeGraph({ policies: { extraFolder: folder } });
    for (const whole of [before, after]) {
      for (const plant of ['BER', 'LYO']) {
        const prefix = plant === 'BER' ? '10' : '20';
        const held = { scope: `mfg:${plant}:lot:WATER-05L:L${prefix}900`, holdNo: 'H1' };
        expect(await whole.perform(engineer, 'placeHold', held)).toMatchObject({ outcome: 'ACCEPTED' });
        const stopped = { assetId: `mfg:${plant}:asset:${plant}-FILLER-L1`, reasonCode: 'JAM' };
        const technician = person({ roles: ['MAINTENANCE_TECHNICIAN'] });
        expect(await whole.perform(technician, 'reportDowntime', stopped)).toMatchObject({ outcome: 'ACCEPTED' });
      }
      await whole.settled();
    }
  });
  afterAll(async () => {
    await before?.close();
    await after?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Every row of a list, page by page. */
  async function everyRow(whole: WholeGraph, list: string, by = planner): Promise<readonly Data[]> {
    const found: Data[] = [];
    for (let cursor: string | null = null; ; ) {
      const query = `query ($after: String) { ${list}(first: 3, after: $after) {
        nodes { ${lists[list]} } edges { cursor } pageInfo { hasNextPage endCursor } } }`;
      const { data, errors } = await whole.ask(by, query, { after: cursor });
      expect(errors).toEqual([]);
      expect(data[list].edges).toHaveLength(data[list].nodes.length);
      found.push(...data[list].nodes);
      if (!data[list].pageInfo.hasNextPage) return found;
      cursor = data[list].pageInfo.endCursor;
    }
  }

  const isLeft = ({ code = '', partner = null, ...row }: Data) =>
    (code === 'LYO' || (row.id ?? row.asset?.id)?.startsWith('mfg:LYO:')) && partner === null;

  test.each(Object.keys(lists))('changes what is read of %s, and who is not meant reads on', async (list) => {
    const all = await everyRow(before, list);
    expect(all.some((row) => !isLeft(row))).toBe(true);
    expect(all.some(isLeft)).toBe(true);
    expect(await everyRow(after, list)).toEqual(all.filter(isLeft));
    expect(await everyRow(after, list, engineer)).toEqual(await everyRow(before, list, engineer));
  });

  test('changes every lookup, and what is reached from what is still read', async () => {
    const query = `{
      order: productionOrder(id: "mfg:BER:production-order:10001") { id }
      byNumber: productionOrderByNumber(plant: "BER", orderNo: "10001") { id }
      hold: qualityHold(id: "mfg:BER:hold:H1") { id }
      own: lot(id: "mfg:LYO:lot:WATER-05L:L20900") { id holds { holdNo } }
      partners: lot(id: "mfg:LYO:lot:LEMON-05L:L20901") { id }
      delivery(id: "mfg:LYO:delivery:D2003") { id }
      shipmentEligibility(lot: "mfg:BER:lot:WATER-05L:L10900") { eligible }
    }`;
    const read = async (whole: WholeGraph) => (await whole.ask(planner, query)).data;
    expect(Object.values(await read(before)).every((one) => one !== null)).toBe(true);
    expect(await read(after)).toEqual({
      order: null,
      byNumber: null,
      hold: null,
      own: { id: 'mfg:LYO:lot:WATER-05L:L20900', holds: [{ holdNo: 'H1' }] },
      partners: null,
      delivery: null,
      shipmentEligibility: null,
    });
  });

  test('changes what a subscription tells, in the snapshot and afterwards', async () => {
    const plantsHeard = async (whole: WholeGraph, from: string) => {
      const query = `subscription { qualityHoldChanged(${from}) { hold { id } } }`;
      const heard = await whole.follow(planner, query, 100);
      return new Set(heard.map(({ data }) => data.qualityHoldChanged.hold.id.split(':')[1]));
    };
    for (const from of ['after: "0"', 'snapshot: true']) {
      expect(await plantsHeard(before, from)).toEqual(new Set(['BER', 'LYO']));
      expect(await plantsHeard(after, from)).toEqual(new Set(['LYO']));
    }
  });

  test('makes what is hidden unknown to transitions, too', async () => {
    const release = (whole: WholeGraph) =>
      whole.perform(planner, 'holdProductionOrder', { orderId: 'mfg:BER:production-order:10004' });
    expect(await release(after)).toMatchObject({ outcome: 'REJECTED', rejections: [{ code: 'NOT_FOUND' }] });
    expect(await release(before)).toMatchObject({ outcome: 'ACCEPTED' });
  });
});
