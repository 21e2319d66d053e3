import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AndonProcess, until } from '../support/andon-process.ts';
import { engines } from './engines.ts';
import { transition } from './transitions.ts';

const orderId = 'mfg:BER:production-order:10002';
const lotId = 'mfg:BER:lot:WATER-05L:L10002';

const situation = `{ productionOrder(id: "${orderId}") {
  state { code }
  inspectionLots { inspectionLotNo lot { lotNumber } }
  operations { operationNo executionState { code } }
} }`;

describe.each(engines)(
  'an order is released only when everything that it needs is ready on the $engine engine',
  ({ env }) => {
    let andon: AndonProcess;

    beforeAll(async () => {
      andon = await AndonProcess.start({ env });
    });
    afterAll(() => andon?.dispose());

    test('with the filler down and a hold on its lot, it is refused with every reason at once', async () => {
      await transition(andon, 'olga.operator', 'reportDowntime', {
        assetId: 'mfg:BER:asset:BER-FILLER-L1',
        workCenterIds: [],
        reasonCode: 'MECHANICAL',
        planned: false,
      });
      const held = await transition(
        andon,
        'quentin.engineer',
        'placeHold',
        { scope: lotId },
        { reason: 'Preforms of this lot are suspect.' },
      );
      expect(held).toMatchObject({ outcome: 'ACCEPTED' });
      const answer = await transition(andon, 'paula.planner', 'releaseProductionOrder', { orderId });
      expect(answer.outcome).toBe('REJECTED');
      const systems = new Set(answer.rejections.map(({ system }) => system));
      expect([...systems]).toEqual(expect.arrayContaining(['QMS', 'CMMS']));
      for (const rejection of answer.rejections) expect(rejection.remediation).toEqual(expect.any(String));
      const { data } = await andon.ask('paula.planner', situation);
      expect(data.productionOrder.state.code).toBe('PLANNED');
    });

    test('the same question without acting gives the same answer', async () => {
      const { data } = await andon.ask(
        'paula.planner',
        `{ canTransition(entity: "${orderId}", name: "releaseProductionOrder") { allowed blockers { code system } } }`,
      );
      expect(data.canTransition.allowed).toBe(false);
      expect(data.canTransition.blockers.map(({ code }: { code: string }) => code)).toContain('INTERLOCKED');
    });

    test('once nothing is in the way, it is released, its inspection lots exist and its operations are dispatched', async () => {
      const { data: down } = await until(
        () => andon.ask('theo.technician', `{ asset(id: "mfg:BER:asset:BER-FILLER-L1") { workOrders { id } } }`),
        ({ data: seen }) => seen?.asset.workOrders.length === 1,
      );
      const workOrderId = down.asset.workOrders[0].id as string;
      for (const step of ['approveMaintenance', 'startMaintenance', 'completeMaintenance'])
        await transition(andon, 'theo.technician', step, { workOrderId });
      const { data: held } = await andon.ask('mara.manager', `{ lot(id: "${lotId}") { holds(active: true) { id } } }`);
      const holdId = held.lot.holds[0].id as string;
      await transition(
        andon,
        'quentin.engineer',
        'proposeDisposition',
        { holdId, decision: 'USE_AS_IS' },
        { reason: 'Supplier certificate checked.' },
      );
      const { data: proposed } = await andon.ask(
        'mara.manager',
        `{ qualityHold(id: "${holdId}") { dispositions { id } } }`,
      );
      await transition(
        andon,
        'mara.manager',
        'approveDisposition',
        { dispositionId: proposed.qualityHold.dispositions[0].id },
        { reason: 'Agreed.' },
      );

      await until(
        () =>
          andon.ask(
            'paula.planner',
            `{ canTransition(entity: "${orderId}", name: "releaseProductionOrder") { allowed blockers { message } } }`,
          ),
        ({ data: seen }) => seen?.canTransition?.allowed === true,
      );
      expect(await transition(andon, 'paula.planner', 'releaseProductionOrder', { orderId })).toMatchObject({
        outcome: 'ACCEPTED',
        rejections: [],
      });
      const { data } = await until(
        () => andon.ask('paula.planner', situation),
        ({ data: seen }) =>
          seen?.productionOrder?.inspectionLots.length > 0 &&
          seen.productionOrder.operations.every(
            (one: { executionState: { code: string } | null }) => one.executionState?.code === 'ALLOWED_TO_START',
          ),
      );
      expect(data.productionOrder.state.code).toBe('RELEASED');
      expect(data.productionOrder.inspectionLots[0].lot.lotNumber).toBe('L10002');
      expect(data.productionOrder.operations).toHaveLength(3);
    });

    test('a released order cannot be released again', async () => {
      const answer = await transition(andon, 'paula.planner', 'releaseProductionOrder', { orderId });
      expect(answer.rejections.map(({ code }) => code)).toContain('STATE_NOT_ALLOWED');
    });
  },
);
