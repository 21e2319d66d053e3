import { afterAll, beforeAll, expect, test } from 'vitest';
import { AndonProcess, until } from '../support/andon-process.ts';
import { transition } from './transitions.ts';

const lotId = 'mfg:BER:lot:WATER-05L:L10900';
const runningId = 'mfg:BER:operation:10001:0010';
const deliveryId = 'mfg:BER:delivery:D1002';
const planId = 'mfg:BER:inspection-plan:IP-WATER:1';

let andon: AndonProcess;

beforeAll(async () => {
  andon = await AndonProcess.start();
});
afterAll(() => andon?.dispose());

/** Two people decide about a hold on the lot, and every system has carried it out. */
async function dispose(holdNo: string, decision: string): Promise<void> {
  const holdId = `mfg:BER:hold:${holdNo}`;
  const because = { reason: 'As the report says.' };
  expect(await transition(andon, 'quentin.engineer', 'placeHold', { scope: lotId, holdNo }, because)).toMatchObject({
    outcome: 'ACCEPTED',
  });
  await transition(andon, 'quentin.engineer', 'proposeDisposition', { holdId, decision }, because);
  const dispositionId = `mfg:BER:disposition:DP-${holdNo}-1`;
  const approved = await transition(andon, 'mara.manager', 'approveDisposition', { dispositionId }, because);
  expect(approved).toMatchObject({ outcome: 'ACCEPTED' });
  await until(
    () =>
      andon.ask(
        'mara.manager',
        `{ interlocks(filter: { cause: "${holdId}" }) { nodes { id } } qualityHold(id: "${holdId}") { state { code } } }`,
      ),
    ({ data }) => data?.qualityHold?.state.code === 'RELEASED' && data.interlocks.nodes.length === 0,
  );
}

const ofTheLot = `{ lot(id: "${lotId}") { qualityState stock { stockType } } delivery(id: "${deliveryId}") { blocks { cause } } }`;

async function seen() {
  const { data } = await andon.ask('mara.manager', ofTheLot);
  return { quality: data.lot.qualityState, stock: data.lot.stock[0].stockType, blocks: data.delivery.blocks.length };
}

test('what a hold keeps from being shipped only is still consumed', async () => {
  const raw = 'mfg:BER:lot:CAP-28:C1010';
  const hold = { scope: raw, holdNo: 'QH-SHIP', restrictions: ['PICK', 'SHIP'] };
  await transition(andon, 'quentin.engineer', 'placeHold', hold, { reason: 'Only for our own bottles.' });
  await until(
    () => andon.ask('mara.manager', '{ qualityHold(id: "mfg:BER:hold:QH-SHIP") { state { code } } }'),
    ({ data }) => data?.qualityHold.state.code === 'EFFECTIVE',
  );
  const quantity = { value: '10', unit: 'H87' };
  const used = await transition(andon, 'olga.operator', 'recordConsumption', {
    operationId: runningId,
    lotId: raw,
    quantity,
  });
  expect(used).toMatchObject({ outcome: 'ACCEPTED', rejections: [] });
});

test('a lot that is to be reworked waits for its inspection, and is free for its customer when that is passed', async () => {
  await dispose('QH-R', 'REWORK');
  expect(await seen()).toEqual({ quality: 'AWAITING_INSPECTION', stock: 'QUALITY_INSPECTION', blocks: 0 });
  const pick = await transition(andon, 'olga.operator', 'pickDelivery', { deliveryId });
  expect(pick.rejections.map(({ code }) => code)).toEqual(['LOT_STATUS_INVALID']);

  await transition(andon, 'quentin.engineer', 'createInspectionLot', { planId, lotId });
  const { data } = await andon.ask('mara.manager', `{ lot(id: "${lotId}") { inspectionLots { id } } }`);
  const inspectionLotId = data.lot.inspectionLots[0].id as string;
  for (const [characteristic, value] of Object.entries({ 'FILL-VOLUME': '500', 'CAP-TORQUE': '1.4' }))
    await transition(andon, 'olga.operator', 'recordInspectionResult', { inspectionLotId, characteristic, value });
  const decision = { inspectionLotId, decision: 'ACCEPTED' };
  expect(await transition(andon, 'quentin.engineer', 'decideInspectionLot', decision)).toMatchObject({
    rejections: [],
  });
  await until(seen, ({ stock }) => stock === 'UNRESTRICTED');
  expect(await seen()).toEqual({ quality: 'RELEASED', stock: 'UNRESTRICTED', blocks: 0 });
});

test('a scrapped lot is not consumed, although no hold stands on it any more; and no other disposition brings it back', async () => {
  await dispose('QH-S', 'SCRAP');
  const consume = { operationId: runningId, lotId, quantity: { value: '10', unit: 'H87' } };
  const answer = await transition(andon, 'olga.operator', 'recordConsumption', consume);
  expect(answer.rejections.map(({ code }) => code)).toEqual(['QUALITY_NOT_RELEASED', 'STOCK_NOT_UNRESTRICTED']);
  await dispose('QH-U', 'USE_AS_IS');
  expect(await seen()).toMatchObject({ quality: 'REJECTED', stock: 'BLOCKED' });
});

test('what quality rejects without having measured a fault is blocked in the ERP, too', async () => {
  const rejected = 'mfg:BER:lot:WATER-05L:L10001';
  const inspectionLotId = 'mfg:BER:inspection-lot:IL-10001';
  const decision = { inspectionLotId, decision: 'REJECTED' };
  const answer = await transition(andon, 'quentin.engineer', 'decideInspectionLot', decision, { reason: 'It smells.' });
  expect(answer).toMatchObject({ outcome: 'ACCEPTED' });
  const { data } = await until(
    () => andon.ask('mara.manager', `{ lot(id: "${rejected}") { qualityState stock { stockType } } }`),
    ({ data: now }) => now?.lot.stock[0].stockType === 'BLOCKED',
  );
  expect(data.lot.qualityState).toBe('REJECTED');
});

test('the operations of a cancelled order do not begin', async () => {
  const order = { orderId: 'mfg:BER:production-order:10004' };
  const cancelled = await transition(andon, 'paula.planner', 'cancelProductionOrder', order, { reason: 'No demand.' });
  expect(cancelled).toMatchObject({ outcome: 'ACCEPTED' });
  const operationId = 'mfg:BER:operation:10004:0010';
  await until(
    () => andon.ask('olga.operator', `{ operation(id: "${operationId}") { executionState { code } heldBy } }`),
    ({ data }) => data?.operation.heldBy.includes(order.orderId),
  );
  const started = await transition(andon, 'olga.operator', 'startOperation', { operationId });
  expect(started.rejections.map(({ code }) => code)).toEqual(['STATE_NOT_ALLOWED']);
});
