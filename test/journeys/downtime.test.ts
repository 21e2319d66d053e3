import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AndonProcess, type Subscriber, until } from '../support/andon-process.ts';
import { engines } from './engines.ts';
import { transition } from './transitions.ts';

const fillerId = 'mfg:BER:asset:BER-FILLER-L1';
const workCenterId = 'mfg:BER:work-center:FILL-L1';
const fillingId = 'mfg:BER:operation:10001:0010';

const downtimeChanged = `subscription { downtimeChanged(plant: "BER") {
  cursor type downtime { id asset { name criticality } workCenters { name line { name } } affectedOrders { orderNo } }
} }`;

const situation = `{
  workCenter(id: "${workCenterId}") { capacityStatus effectiveAvailability }
  operation(id: "${fillingId}") { executionState { code } heldBy }
  asset(id: "${fillerId}") { availability { code } downtimes(open: true) { id affectedOrders { orderNo } } workOrders { id state { code } } }
}`;

describe.each(engines)(
  'a breakdown stops what depends on the asset until its maintenance is complete on the $engine engine',
  ({ env, hasSubscriptions }) => {
    let andon: AndonProcess;
    let board: Subscriber;
    let downtimeId: string;

    beforeAll(async () => {
      andon = await AndonProcess.start({ env });
      if (hasSubscriptions) board = await andon.subscribe('paula.planner', downtimeChanged);
    });
    afterAll(() => andon?.dispose());

    test('an operator reports the breakdown of the filler', async () => {
      const answer = await transition(andon, 'olga.operator', 'reportDowntime', {
        assetId: fillerId,
        workCenterIds: [],
        reasonCode: 'MECHANICAL',
        planned: false,
      });
      expect(answer).toMatchObject({ outcome: 'ACCEPTED', rejections: [] });
      const { data } = await andon.ask('theo.technician', situation);
      downtimeId = data.asset.downtimes[0].id;
    });

    if (hasSubscriptions)
      test('the board sees it at once, with asset, line and affected orders from the other systems', async () => {
        const event = await board.next();
        expect(event.errors).toBeUndefined();
        expect(event.data.downtimeChanged).toMatchObject({
          type: 'asset.downtimeStarted',
          downtime: {
            asset: { name: 'Filler L1' },
            workCenters: [{ name: 'Filling, L1', line: { name: 'Line 1, PET' } }],
          },
        });
        expect(event.data.downtimeChanged.downtime.affectedOrders).toContainEqual({ orderNo: '10001' });
        expect(event.data.downtimeChanged.downtime.id).toBe(downtimeId);
      });

    test('nothing can be started on the work center that the asset is assigned to', async () => {
      const { data } = await andon.ask(
        'olga.operator',
        `{ operation(id: "${fillingId}") { availableTransitions { name allowed blockers { blockingRef } } } }`,
      );
      for (const one of data.operation.availableTransitions.filter(
        ({ name }: { name: string }) => name === 'startOperation' || name === 'resumeOperation',
      )) {
        expect(one.allowed).toBe(false);
        expect(one.blockers).toContainEqual({ blockingRef: downtimeId });
      }
    });

    test('the running operation is held, capacity is gone in the ERP, and a maintenance work order is open', async () => {
      const { data } = await until(
        () => andon.ask('theo.technician', situation),
        ({ data: seen }) =>
          seen?.workCenter?.capacityStatus === 'UNAVAILABLE' &&
          seen.operation.heldBy.length > 0 &&
          seen.asset.workOrders.length > 0 &&
          seen.asset.availability.code === 'DOWN_UNPLANNED',
      );
      expect(data.operation).toMatchObject({ executionState: { code: 'HELD' }, heldBy: [downtimeId] });
      expect(data.workCenter.effectiveAvailability).toBe('DOWN');
      expect(data.asset.downtimes).toEqual([
        { id: downtimeId, affectedOrders: expect.arrayContaining([{ orderNo: '10001' }]) },
      ]);
      expect(data.asset.workOrders).toHaveLength(1);
    });

    test('completing the maintenance reopens everything, and a person resumes the operation', async () => {
      const { data: before } = await andon.ask('theo.technician', situation);
      const workOrderId = before.asset.workOrders[0].id as string;
      for (const step of ['approveMaintenance', 'startMaintenance', 'completeMaintenance']) {
        expect(await transition(andon, 'theo.technician', step, { workOrderId })).toMatchObject({
          outcome: 'ACCEPTED',
          rejections: [],
        });
      }
      const { data } = await until(
        () => andon.ask('theo.technician', situation),
        ({ data: seen }) =>
          seen?.workCenter?.capacityStatus === 'AVAILABLE' &&
          seen.asset.availability.code === 'UP' &&
          seen.asset.downtimes.length === 0 &&
          seen.operation.heldBy.length === 0,
      );
      expect(data.operation.executionState.code).toBe('SUSPENDED');
      expect(await transition(andon, 'olga.operator', 'resumeOperation', { operationId: fillingId })).toMatchObject({
        outcome: 'ACCEPTED',
      });
      if (!hasSubscriptions) return;
      const ended = await board.next();
      expect(ended.data.downtimeChanged).toMatchObject({ type: 'asset.downtimeEnded', downtime: { id: downtimeId } });
    });
  },
);
