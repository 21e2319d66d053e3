import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Data, openWholeGraph, type WholeGraph } from '../../support/whole-graph.ts';
import { person } from '../subgraph-under-test.ts';

const everybody = person({
  roles: ['PLANNER', 'QUALITY_ENGINEER', 'OPERATOR'],
  plants: ['BER'],
});

const id = (type: string, ...key: readonly string[]) => `mfg:BER:${type}:${key.join(':')}`;
const bottles = { value: '1', unit: 'H87' };
const lot = id('lot', 'WATER-05L', 'L10001');
const order = id('production-order', '10001');
const goods = [lot, id('material', 'WATER-05L'), order];
const delivery = id('delivery', 'D1001');
const filling = id('operation', '10001', '0010');
const labelling = id('operation', '10001', '0020');
const planned = id('production-order', '10002');

/** What somebody would do, by what forbids it, and everything on which a hold must keep them from it. */
const situations: readonly (readonly [
  restriction: string,
  mutation: string,
  input: Data,
  heldOn: readonly string[],
])[] = [
  [
    'CONSUME',
    'recordConsumption',
    { operationId: id('operation', '10004', '0010'), lotId: lot, quantity: bottles },
    goods,
  ],
  ['MOVE', 'moveStock', { lotId: lot, fromLocation: 'FG01', toLocation: 'FG02', quantity: bottles }, goods],
  ['PICK', 'pickDelivery', { deliveryId: delivery }, [...goods, delivery]],
  ['SHIP', 'releaseShipment', { deliveryId: delivery }, [...goods, delivery]],
  [
    'START_OPERATION',
    'startOperation',
    { operationId: labelling },
    [...goods, labelling, id('work-center', 'LABEL-L1'), id('asset', 'BER-LABELLER-L1')],
  ],
  [
    'COMPLETE_OPERATION',
    'completeOperation',
    { operationId: filling, yieldQuantity: bottles, scrapQuantity: bottles },
    [...goods, filling, id('work-center', 'FILL-L1'), id('asset', 'BER-FILLER-L1')],
  ],
  [
    'SCHEDULE',
    'releaseProductionOrder',
    { orderId: planned },
    [planned, id('lot', 'WATER-05L', 'L10002'), id('material', 'WATER-05L'), id('work-center', 'FILL-L1')],
  ],
];

describe('what a hold forbids', () => {
  let whole: WholeGraph;
  beforeAll(async () => {
    whole = await openWholeGraph();
  });
  afterAll(() => whole?.close());

  let placed = 0;
  const place = async (scope: string, over: Data = {}) => {
    placed += 1;
    const answer = await whole.perform(everybody, 'placeHold', { scope, holdNo: `H-${placed}`, ...over });
    return { answer, holdId: id('hold', `H-${placed}`) };
  };

  test.each(
    situations.flatMap(([restriction, mutation, input, heldOn]) =>
      heldOn.map((scope) => ({ restriction, mutation, input, scope })),
    ),
  )('$restriction on $scope keeps everybody from $mutation', async ({ restriction, mutation, input, scope }) => {
    const { answer, holdId } = await place(scope, { restrictions: [restriction] });
    expect(answer).toMatchObject({ outcome: 'ACCEPTED', rejections: [] });
    const refused = await whole.perform(everybody, mutation, input);
    expect(refused.rejections).toContainEqual(expect.objectContaining({ code: 'INTERLOCKED', blockingRef: holdId }));
  });

  test.each([
    ['SHIP', id('work-center', 'FILL-L1')],
    ['MOVE', delivery],
    ['CONSUME', filling],
    ['SCHEDULE', filling],
    ['PICK', id('asset', 'BER-FILLER-L1')],
  ])('%s on %s would stop nobody, so the hold is refused and says for what it can be forbidden', async (one, scope) => {
    const { answer } = await place(scope, { restrictions: [one] });
    expect(answer).toMatchObject({ outcome: 'REJECTED', rejections: [{ code: 'RESTRICTS_NOTHING' }] });
    expect(answer.rejections[0].message).toContain(`Nobody is kept from ${one}`);
  });

  test('a hold says no more than it does: on a delivery it forbids to pick and to ship', async () => {
    const { answer, holdId } = await place(id('delivery', 'D1002'));
    expect(answer.outcome).toBe('ACCEPTED');
    const { data } = await whole.ask(everybody, `{ qualityHold(id: "${holdId}") { restrictions } }`);
    expect(data.qualityHold.restrictions).toEqual(['PICK', 'SHIP']);
  });

  test('a hold on an asset stands on its work centers; on one that has none it says that it would stop nobody', async () => {
    const { holdId } = await place(id('asset', 'BER-FILLER-L2'));
    const { data } = await whole.ask(everybody, `{ qualityHold(id: "${holdId}") { affected restrictions } }`);
    expect(data.qualityHold).toEqual({
      affected: [id('work-center', 'FILL-L2')],
      restrictions: ['START_OPERATION', 'COMPLETE_OPERATION'],
    });
    const { answer } = await place(id('asset', 'BER-LINE-L1'));
    expect(answer.rejections).toMatchObject([{ code: 'RESTRICTS_NOTHING' }]);
    const named = await place(id('asset', 'BER-LINE-L1'), { affected: [id('work-center', 'PACK-L1')] });
    expect(named.answer.outcome).toBe('ACCEPTED');
  });

  test.each(['RECEIVE', 'PURCHASE'])('%s, which no transition does, cannot be forbidden at all', async (one) => {
    await expect(place(lot, { restrictions: [one] })).rejects.toThrow(/does not exist in .*Restriction/);
  });
});
