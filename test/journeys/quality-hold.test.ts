import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AndonProcess, type Subscriber, until } from '../support/andon-process.ts';
import { engines } from './engines.ts';
import { transition } from './transitions.ts';

const lotId = 'mfg:BER:lot:WATER-05L:L10001';
const orderId = 'mfg:BER:production-order:10001';
const deliveryId = 'mfg:BER:delivery:D1001';
const fillingId = 'mfg:BER:operation:10001:0010';
const packingId = 'mfg:BER:operation:10001:0030';
const inspectionLotId = 'mfg:BER:inspection-lot:IL-10001';
const holdId = 'mfg:BER:hold:QH-IL-10001-FILL-VOLUME-1';

const holdChanged = `subscription { qualityHoldChanged(plant: "BER") {
  cursor type hold { holdNo state { code } lot { lotNumber material { name } } order { orderNo line { name } } }
} }`;

describe.each(engines)(
  'a failed check holds the lot until two people have decided what becomes of it on the $engine engine',
  ({ env, hasSubscriptions }) => {
    let andon: AndonProcess;
    let dashboard: Subscriber;

    beforeAll(async () => {
      andon = await AndonProcess.start({ env });
      if (hasSubscriptions) dashboard = await andon.subscribe('paula.planner', holdChanged);
    });
    afterAll(() => andon?.dispose());

    test('before the check, the lot may be packed', async () => {
      const { data } = await andon.ask(
        'olga.operator',
        `{ lot(id: "${lotId}") { qualityState usability { canConsume blockers { code } } } }`,
      );
      expect(data.lot).toMatchObject({ usability: { canConsume: true } });
    });

    test('a value outside its limits is recorded as a failed check', async () => {
      const answer = await transition(andon, 'olga.operator', 'recordInspectionResult', {
        inspectionLotId,
        characteristic: 'FILL-VOLUME',
        value: '482',
      });
      expect(answer).toMatchObject({ outcome: 'ACCEPTED', rejections: [] });
    });

    test('from that answer on, packaging cannot start, and the refusal names the hold', async () => {
      const answer = await transition(andon, 'olga.operator', 'startOperation', { operationId: packingId });
      expect(answer.outcome).toBe('REJECTED');
      expect(answer.rejections).toContainEqual(
        expect.objectContaining({ code: 'INTERLOCKED', system: 'QMS', blockingRef: holdId }),
      );
    });

    test('the lot cannot be consumed, moved, picked or shipped', async () => {
      const consume = { operationId: fillingId, lotId, quantity: { value: '10', unit: 'H87' } };
      const move = { lotId, fromLocation: 'FG01', toLocation: 'FG02', quantity: { value: '10', unit: 'H87' } };
      const answers = await Promise.all([
        transition(andon, 'olga.operator', 'recordConsumption', consume),
        transition(andon, 'olga.operator', 'moveStock', move),
        transition(andon, 'olga.operator', 'pickDelivery', { deliveryId }),
        transition(andon, 'paula.planner', 'releaseShipment', { deliveryId }),
      ]);
      for (const answer of answers) {
        expect(answer.outcome).toBe('REJECTED');
        expect(answer.rejections.map(({ code }) => code)).toContain('INTERLOCKED');
      }
    });

    if (hasSubscriptions)
      test('the dashboard gets the hold, joined with order, material and line from the other systems', async () => {
        const event = await dashboard.next();
        expect(event.errors).toBeUndefined();
        expect(event.data.qualityHoldChanged).toMatchObject({
          type: 'quality.hold.placed',
          hold: {
            holdNo: 'QH-IL-10001-FILL-VOLUME-1',
            lot: { lotNumber: 'L10001', material: { name: 'Still water 0.5 l PET' } },
            order: { orderNo: '10001', line: { name: 'Line 1, PET' } },
          },
        });
      });

    test('every system lets go of the lot: stock blocked, operation held, delivery blocked, hold effective', async () => {
      const query = `{
      qualityHold(id: "${holdId}") { state { code } acknowledgements { system } }
      lot(id: "${lotId}") { qualityState stock { stockType } }
      operation(id: "${fillingId}") { executionState { code } heldBy }
      delivery(id: "${deliveryId}") { blocks { cause } eligibility { eligible blockers { code blockingRef } } }
    }`;
      await until(
        () => andon.ask('mara.manager', query),
        ({ data: seen }) => seen?.qualityHold?.state.code === 'EFFECTIVE',
      );
      // Asked once more: the systems that were asked beside the QMS may have answered before they had done their part.
      const { data } = await andon.ask('mara.manager', query);
      expect(data.lot).toMatchObject({ qualityState: 'HELD', stock: [{ stockType: 'BLOCKED' }] });
      expect(data.operation).toMatchObject({ executionState: { code: 'HELD' }, heldBy: [holdId] });
      expect(data.delivery.blocks).toEqual([{ cause: holdId }]);
      expect(data.delivery.eligibility.eligible).toBe(false);
      expect(data.delivery.eligibility.blockers).toContainEqual(expect.objectContaining({ blockingRef: holdId }));
    });

    test('the person who proposes a disposition cannot approve it; another person can', async () => {
      const proposed = await transition(
        andon,
        'mara.manager',
        'proposeDisposition',
        { holdId, decision: 'USE_AS_IS' },
        { reason: 'Volume within the legal tolerance of the batch.' },
      );
      expect(proposed.outcome).toBe('ACCEPTED');
      const { data } = await andon.ask(
        'mara.manager',
        `{ qualityHold(id: "${holdId}") { dispositions { id state { code } } } }`,
      );
      const dispositionId = data.qualityHold.dispositions[0].id as string;
      const alone = await transition(
        andon,
        'mara.manager',
        'approveDisposition',
        { dispositionId },
        { reason: 'Approved.' },
      );
      expect(alone.rejections.map(({ code }) => code)).toContain('SEGREGATION_OF_DUTIES');

      await transition(
        andon,
        'mara.manager',
        'rejectDisposition',
        { dispositionId },
        { reason: 'Proposed by the wrong person.' },
      );
      const again = await transition(
        andon,
        'quentin.engineer',
        'proposeDisposition',
        { holdId, decision: 'USE_AS_IS' },
        { reason: 'Volume within the legal tolerance of the batch.' },
      );
      expect(again.outcome).toBe('ACCEPTED');
      const open = await andon.ask(
        'mara.manager',
        `{ qualityHold(id: "${holdId}") { dispositions { id state { code } } } }`,
      );
      const second = open.data.qualityHold.dispositions.find(
        (one: { state: { code: string } }) => one.state.code === 'PROPOSED',
      );
      const approved = await transition(
        andon,
        'mara.manager',
        'approveDisposition',
        { dispositionId: second.id },
        { reason: 'Reviewed and approved.' },
      );
      expect(approved).toMatchObject({ outcome: 'ACCEPTED', rejections: [] });
    });

    test('then stock is released and the hold is lifted last; what nobody has measured still keeps the lot here', async () => {
      const query = `{
      qualityHold(id: "${holdId}") { state { code } }
      lot(id: "${lotId}") { qualityState stock { stockType } usability { canConsume canShip } }
      delivery(id: "${deliveryId}") { blocks { cause } eligibility { eligible blockers { code message blockingRef } } }
      productionOrder(id: "${orderId}") { holds(active: true) { holdNo } }
      interlocks(filter: { cause: "${holdId}" }) { nodes { id } }
    }`;
      await until(
        () => andon.ask('mara.manager', query),
        ({ data: seen }) => seen?.qualityHold?.state.code === 'RELEASED' && seen.interlocks?.nodes.length === 0,
      );
      // One query asks several systems at several moments: the answer that showed the hold released may have read the
      // rest just before. From here on everything agrees.
      const { data } = await andon.ask('mara.manager', query);
      expect(data.qualityHold.state.code).toBe('RELEASED');
      expect(data.lot).toMatchObject({
        qualityState: 'UNDER_INSPECTION',
        // The ERP alone would not ship it either.
        stock: [{ stockType: 'QUALITY_INSPECTION' }],
        usability: { canConsume: true, canShip: false },
      });
      expect(data.delivery.blocks).toEqual([]);
      expect(data.delivery.eligibility.blockers).toContainEqual({
        code: 'INSPECTION_INCOMPLETE',
        message: `An inspection of ${lotId} has no result for CAP-TORQUE.`,
        blockingRef: inspectionLotId,
      });
      expect(data.interlocks.nodes).toEqual([]);

      const { data: journal } = await andon.ask(
        'ines.integration',
        `{ events(first: 200) { nodes { type position } } }`,
      );
      const types = journal.events.nodes.map(({ type }: { type: string }) => type);
      expect(types.indexOf('quality.hold.released')).toBeGreaterThan(types.lastIndexOf('lot.stockStatusChanged'));
      expect(types.indexOf('quality.hold.released')).toBeGreaterThan(types.lastIndexOf('shipment.unblocked'));
    });

    test('once the rest is measured and the inspection is decided, the delivery is eligible', async () => {
      const measured = await transition(andon, 'olga.operator', 'recordInspectionResult', {
        inspectionLotId,
        characteristic: 'CAP-TORQUE',
        value: '1.4',
      });
      expect(measured).toMatchObject({ outcome: 'ACCEPTED', rejections: [] });
      const decided = await transition(
        andon,
        'quentin.engineer',
        'decideInspectionLot',
        { inspectionLotId, decision: 'CONDITIONAL' },
        { reason: 'Fill volume used as it is, see the disposition.' },
      );
      expect(decided).toMatchObject({ outcome: 'ACCEPTED', rejections: [] });
      const query = `{ lot(id: "${lotId}") { qualityState stock { stockType } usability { canShip blockers { message } } }
          delivery(id: "${deliveryId}") { eligibility { eligible blockers { message } } } }`;
      await until(
        () => andon.ask('paula.planner', query),
        ({ data: seen }) => seen?.lot?.usability.canShip,
      );
      const { data } = await andon.ask('paula.planner', query);
      expect(data.lot).toEqual({
        qualityState: 'CONDITIONALLY_RELEASED',
        stock: [{ stockType: 'UNRESTRICTED' }],
        usability: { canShip: true, blockers: [] },
      });
      expect(data.delivery.eligibility).toEqual({ eligible: true, blockers: [] });
    });

    test('the auditor sees who released the lot, why, and what each system answered', async () => {
      const { data } = await andon.ask(
        'ada.auditor',
        `{ auditTrail(plant: "BER", first: 200) { nodes { transition outcome actorName reasonText details } } }`,
      );
      const approval = data.auditTrail.nodes.find(
        (entry: { transition: string; outcome: string }) =>
          entry.transition === 'approveDisposition' && entry.outcome === 'ACCEPTED',
      );
      expect(approval).toMatchObject({ actorName: 'Mara Manager', reasonText: 'Reviewed and approved.' });
      expect(approval.details.posting.document).toEqual(expect.any(String));
    });

    if (hasSubscriptions)
      test('the dashboard has seen every step, in order, until the release', async () => {
        const seen: string[] = [];
        while (seen.at(-1) !== 'quality.hold.released')
          seen.push((await dashboard.next()).data.qualityHoldChanged.type);
        expect(seen.filter((type) => type === 'quality.hold.effective')).toHaveLength(1);
      });
  },
);
