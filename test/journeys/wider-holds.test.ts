import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AndonProcess, until } from '../support/andon-process.ts';
import { transition } from './transitions.ts';

const materialId = 'mfg:BER:material:WATER-05L';
const freeLot = 'mfg:BER:lot:WATER-05L:L10900';
const waitingLot = 'mfg:BER:lot:WATER-05L:L10001';
const deliveryId = 'mfg:BER:delivery:D1002';
const workCenterId = 'mfg:BER:work-center:FILL-L2';

const situation = `{
  free: lot(id: "${freeLot}") { stock { stockType } }
  waiting: lot(id: "${waitingLot}") { stock { stockType } }
  delivery(id: "${deliveryId}") { blocks { cause } }
  workCenter(id: "${workCenterId}") { capacityStatus }
}`;

describe('a hold on more than a lot', () => {
  let andon: AndonProcess;

  beforeAll(async () => {
    andon = await AndonProcess.start();
  });
  afterAll(() => andon?.dispose());

  const seen = async () => (await andon.ask('mara.manager', situation)).data;

  async function place(scope: string): Promise<string> {
    const answer = await andon.ask(
      'quentin.engineer',
      `mutation Hold($scope: ID!, $meta: TransitionMeta!) { placeHold(input: { scope: $scope }, meta: $meta) { outcome qualityHold { id } } }`,
      { scope, meta: { idempotencyKey: `hold ${scope}`, reason: { text: 'Suspect preforms.' } } },
    );
    expect(answer.data.placeHold).toMatchObject({ outcome: 'ACCEPTED' });
    return answer.data.placeHold.qualityHold.id as string;
  }

  const hold = async (id: string) => {
    const document = `{ qualityHold(id: "${id}") { state { code } dispositions { id } acknowledgements { system failed message } } }`;
    return (await andon.ask('mara.manager', document)).data.qualityHold;
  };
  const effective = (id: string) =>
    until(
      () => hold(id),
      ({ state }) => state.code === 'EFFECTIVE',
    );

  async function release(holdId: string): Promise<void> {
    const reason = { reason: 'Certificates checked.' };
    const proposal = { holdId, decision: 'USE_AS_IS' };
    expect(await transition(andon, 'quentin.engineer', 'proposeDisposition', proposal, reason)).toMatchObject({
      rejections: [],
    });
    const dispositionId = (await hold(holdId)).dispositions[0].id as string;
    expect(await transition(andon, 'mara.manager', 'approveDisposition', { dispositionId }, reason)).toMatchObject({
      rejections: [],
    });
    await until(
      () => hold(holdId),
      ({ state }) => state.code === 'RELEASED',
    );
  }

  test('on a material, the free stock of its lots is blocked in the ERP, and each system says what it has done', async () => {
    const holdId = await place(materialId);
    const { acknowledgements } = await effective(holdId);
    expect(acknowledgements).toMatchObject([
      {
        system: 'ERP',
        failed: false,
        message: expect.stringMatching(/^In the ERP: stock of \d+ lots blocked, \d+ del/),
      },
      { system: 'MES', failed: false, message: 'In the MES: 1 operation held.' },
    ]);
    expect(await seen()).toMatchObject({
      free: { stock: [{ stockType: 'BLOCKED' }] },
      waiting: { stock: [{ stockType: 'QUALITY_INSPECTION' }] },
      delivery: { blocks: [{ cause: holdId }] },
    });

    const ofTheLot = await place(freeLot);
    await effective(ofTheLot);
    await release(holdId);
    expect(await seen()).toMatchObject({
      free: { stock: [{ stockType: 'BLOCKED' }] },
      waiting: { stock: [{ stockType: 'QUALITY_INSPECTION' }] },
      delivery: { blocks: [{ cause: ofTheLot }] },
    });
    await release(ofTheLot);
    expect(await seen()).toMatchObject({
      free: { stock: [{ stockType: 'UNRESTRICTED' }] },
      delivery: { blocks: [] },
    });
  });

  test('on an order, whoever is using what it has made stops, and what waited for quality waits for it again', async () => {
    const otherOrder = { operationId: 'mfg:BER:operation:10004:0010' };
    await transition(andon, 'olga.operator', 'startOperation', otherOrder);
    const quantity = { value: '10', unit: 'H87' };
    const used = await transition(andon, 'olga.operator', 'recordConsumption', {
      ...otherOrder,
      lotId: waitingLot,
      quantity,
    });
    expect(used).toMatchObject({ outcome: 'ACCEPTED' });
    const holdId = await place('mfg:BER:production-order:10001');
    await effective(holdId);
    const { data } = await andon.ask('olga.operator', `{ operation(id: "${otherOrder.operationId}") { heldBy } }`);
    expect(data.operation.heldBy).toContain(holdId);
    await release(holdId);
    expect((await seen()).waiting).toEqual({ stock: [{ stockType: 'QUALITY_INSPECTION' }] });
    await transition(andon, 'olga.operator', 'abortOperation', otherOrder, { reason: 'The bottles are gone.' });
  });

  test('on an asset, its work center has no capacity in the ERP until the hold is released', async () => {
    const holdId = await place('mfg:BER:asset:BER-FILLER-L2');
    const { acknowledgements } = await effective(holdId);
    expect(acknowledgements).toMatchObject([
      { system: 'ERP', message: 'In the ERP: capacity of 1 work center closed.' },
      { system: 'MES', message: 'Nothing of it was running.' },
    ]);
    expect((await seen()).workCenter).toEqual({ capacityStatus: 'UNAVAILABLE' });
    await release(holdId);
    expect((await seen()).workCenter).toEqual({ capacityStatus: 'AVAILABLE' });
  });
});
