import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AndonProcess } from '../support/andon-process.ts';
import { engines } from './engines.ts';
import { transition } from './transitions.ts';

const lotId = 'mfg:BER:lot:WATER-05L:L10001';
const deliveryId = 'mfg:BER:delivery:D1001';
const quantity = { value: '1', unit: 'H87' };

describe.each(engines)('while an order is held on the $engine engine', ({ env }) => {
  let andon: AndonProcess;

  beforeAll(async () => {
    andon = await AndonProcess.start({ env });
  });
  afterAll(() => andon?.dispose());

  test('what may not be done with a lot while its order is held is refused by whatever would do it', async () => {
    const scope = 'mfg:BER:production-order:10001';
    const hold = await transition(
      andon,
      'quentin.engineer',
      'placeHold',
      { scope },
      { reason: 'The order is suspect.' },
    );
    expect(hold.outcome).toBe('ACCEPTED');
    const usabilityQuery = `{ lot(id: "${lotId}") { usability { canConsume canMove canPick canShip } } }`;
    const { data } = await andon.ask('mara.manager', usabilityQuery);
    expect(data.lot.usability).toEqual({ canConsume: false, canMove: false, canPick: false, canShip: false });
    const attempts = [
      ['recordConsumption', { operationId: 'mfg:BER:operation:10001:0010', lotId, quantity }],
      ['moveStock', { lotId, fromLocation: 'FG01', toLocation: 'FG02', quantity }],
      ['pickDelivery', { deliveryId }],
      ['releaseShipment', { deliveryId }],
    ] as const;
    for (const [name, input] of attempts) {
      const { outcome, rejections } = await transition(andon, 'olga.operator', name, input);
      expect({ name, outcome, rejections }).toMatchObject({ name, outcome: 'REJECTED' });
      expect(rejections).toContainEqual(
        expect.objectContaining({ code: 'INTERLOCKED', blockingRef: expect.stringMatching(/^mfg:BER:hold:QH-/) }),
      );
    }
  });
});
