import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SystemUnavailableError } from '../../connectors/errors.ts';
import type { Systems } from '../../connectors/main.ts';
import type { QmsPort } from '../../connectors/qms/port.ts';
import { openWholeGraph, type WholeGraph } from '../support/whole-graph.ts';
import { person } from './subgraph-under-test.ts';

const everybody = person({
  roles: ['PLANNER', 'QUALITY_ENGINEER', 'OPERATOR', 'AUDITOR'],
  plants: ['BER', 'LYO'],
});
const labelling = (plant: string, order: string) => ({ operationId: `mfg:${plant}:operation:${order}:0020` });
const heldLot = 'mfg:LYO:lot:WATER-05L:L20900';

describe('a start while the QMS of one plant cannot be read, and the journal is older than what stands in it', () => {
  const network = { isCut: true };
  let whole: WholeGraph;

  beforeAll(async () => {
    whole = await openWholeGraph({
      async around(systems: Systems) {
        // The QMS has a hold that this journal knows nothing of.
        await placeHold(systems.qms);
        return { ...systems, qms: cutOff(systems.qms) };
      },
    });
  });
  afterAll(() => whole?.close());

  /** The plants' QMS is one; the way from Lyon to it is cut. */
  function cutOff(qms: QmsPort): QmsPort {
    const concernsLyon = (given: unknown): boolean => JSON.stringify(given)?.includes('LYO') ?? false;
    return new Proxy(qms, {
      get(target, name: keyof QmsPort) {
        const method = target[name] as ((...args: unknown[]) => Promise<unknown>) | undefined;
        if (!method) return undefined;
        return async (...args: unknown[]) => {
          if (network.isCut && concernsLyon(args[0])) throw new SystemUnavailableError('QMS');
          return method(...args);
        };
      },
    });
  }

  const start = (plant: string, order: string) => whole.perform(everybody, 'startOperation', labelling(plant, order));
  const locks = async () =>
    (await whole.journal.interlocks.list({ active: true }, { first: 100 })).filter(
      ({ kind }) => kind === 'SYSTEM_UNREAD',
    );

  test('the other plants work, and nothing that its holds could forbid is done in that plant', async () => {
    expect(await start('BER', '10001')).toMatchObject({ outcome: 'ACCEPTED' });
    const refused = await start('LYO', '20001');
    expect(refused).toMatchObject({ outcome: 'REJECTED' });
    expect(refused.rejections).toEqual([
      {
        code: 'INTERLOCKED',
        system: 'ANDON',
        guard: 'interlock',
        message:
          'That nobody can read what the QMS of plant LYO has on hold forbids START_OPERATION for mfg:LYO:plant:LYO.',
        remediation: 'It ends by itself as soon as the system answers.',
        blockingRef: 'mfg:LYO:system:QMS',
      },
    ]);
    const { data } = await whole.ask(
      everybody,
      '{ shipmentEligibility(delivery: "mfg:LYO:delivery:D2002") { eligible blockers { blockingRef } } }',
    );
    expect(data.shipmentEligibility.eligible).toBe(false);
    expect(data.shipmentEligibility.blockers).toContainEqual({ blockingRef: 'mfg:LYO:system:QMS' });
  });

  test('whoever looks is told which system, and the audit trail has it', async () => {
    expect(whole.note()).toBe('QMS of LYO not read: locked until then');
    const { data } = await whole.ask(
      everybody,
      '{ auditTrail(plant: "LYO", first: 50) { nodes { transition entity } } }',
    );
    expect(data.auditTrail.nodes).toContainEqual({ transition: 'restoreInterlocks', entity: 'mfg:LYO:system:QMS' });
  });

  test('a hold can be placed all the same', async () => {
    const answer = await whole.perform(everybody, 'placeHold', { scope: 'mfg:LYO:lot:WATER-05L:L20001' });
    expect(answer).toMatchObject({ outcome: 'PENDING', rejections: [] });
  });

  test('when the system answers, what stands in it is restricted by itself, and the rest of the plant is free', async () => {
    network.isCut = false;
    await expect.poll(locks).toEqual([]);
    await expect.poll(whole.note).toBeUndefined();
    const [restored] = await whole.journal.interlocks.active([heldLot as never]);
    expect(restored).toMatchObject({ cause: 'mfg:LYO:hold:QH-BEFORE', restrictions: ['SHIP'] });
    const picked = await whole.perform(everybody, 'pickDelivery', { deliveryId: 'mfg:LYO:delivery:D2002' });
    expect(picked).toMatchObject({ outcome: 'ACCEPTED', rejections: [] });
    const shipped = await whole.perform(everybody, 'releaseShipment', { deliveryId: 'mfg:LYO:delivery:D2002' });
    expect(shipped.rejections).toContainEqual(expect.objectContaining({ blockingRef: 'mfg:LYO:hold:QH-BEFORE' }));
  });
});

function placeHold(qms: QmsPort) {
  const lot = { materialCode: 'WATER-05L', lotNumber: 'L20900' };
  const command = {
    name: 'placeHold',
    transitionId: 'T-BEFORE',
    plantCode: 'LYO',
    expectedVersion: null,
    actorId: 'quentin',
    occurredAt: '2026-11-20T06:00:00.000Z',
    holdNo: 'QH-BEFORE',
    scope: { type: 'lot', key: [lot.materialCode, lot.lotNumber] },
    affected: [],
    restrictions: ['SHIP'],
    reason: 'Suspect.',
    lot,
    materialCode: lot.materialCode,
    orderNo: null,
    operationNo: null,
    inspectionLotNo: null,
    lineCode: null,
    partner: null,
  } as const;
  return qms.post(command, new AbortController().signal);
}
