import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entityId } from '../../../journal/entity-ref.ts';
import type { Interlock } from '../../../journal/interlock.ts';
import type { Restriction } from '../../../journal/restriction.ts';
import {
  type DeliveryFacts,
  evaluateDelivery,
  evaluateLot,
  evaluateLotShipment,
  type LotFacts,
} from '../../../subgraphs/ops/eligibility.ts';

const now = '2026-05-21T06:00:00.000Z';
const lotId = entityId('BER', 'lot', 'WATER-05L', 'L1');
const holdId = entityId('BER', 'hold', 'QH-1');

/** Somebody of the plant. */
const plant = { partner: null };

/** A lot that may go. */
const goodLot: LotFacts = {
  id: lotId,
  erp: { stockTypes: ['UNRESTRICTED'], expiresOn: '2028-12-31' },
  qms: { qualityState: 'RELEASED', inspectionLots: [] },
  interlocks: [],
};

function interlock(...restrictions: readonly Restriction[]): Interlock {
  return {
    id: `${holdId}/${lotId}`,
    kind: 'QUALITY_HOLD',
    entityId: lotId,
    plantCode: 'BER',
    partner: null,
    cause: holdId,
    restrictions,
    reason: 'Quality hold QH-1 (volume)',
    placedAt: now,
    placedBy: 'mara.manager',
    placedByTransition: 'T1',
    liftedAt: null,
    liftedByTransition: null,
  };
}

/** Everything that keeps a lot in the plant, each with the code under which it is named. */
const lotFlaws: readonly { readonly code: string; spoil(lot: LotFacts): LotFacts }[] = [
  ...(['AWAITING_INSPECTION', 'UNDER_INSPECTION', 'HELD', 'REJECTED', 'SOMETHING_NEW'] as const).map(
    (qualityState) => ({
      code: 'QUALITY_NOT_RELEASED',
      spoil: (lot: LotFacts): LotFacts => ({ ...lot, qms: { qualityState, inspectionLots: [] } }),
    }),
  ),
  { code: 'QUALITY_UNKNOWN', spoil: (lot) => ({ ...lot, qms: { qualityState: null, inspectionLots: [] } }) },
  { code: 'SYSTEM_UNAVAILABLE', spoil: (lot) => ({ ...lot, qms: null }) },
  { code: 'SYSTEM_UNAVAILABLE', spoil: (lot) => ({ ...lot, erp: null }) },
  ...(['QUALITY_INSPECTION', 'BLOCKED', 'RETURNS', 'SOMETHING_NEW'] as const).map((stockType) => ({
    code: 'STOCK_NOT_UNRESTRICTED',
    spoil: (lot: LotFacts): LotFacts => ({
      ...lot,
      erp: { stockTypes: ['UNRESTRICTED', stockType], expiresOn: null },
    }),
  })),
  {
    code: 'EXPIRED',
    spoil: (lot) => ({ ...lot, erp: { stockTypes: ['UNRESTRICTED'], expiresOn: '2026-05-20' } }),
  },
  { code: 'INTERLOCKED', spoil: (lot) => ({ ...lot, interlocks: [interlock('SHIP')] }) },
];

const deliveryFlaws: readonly { readonly code: string; spoil(delivery: DeliveryFacts): DeliveryFacts }[] = [
  {
    code: 'DELIVERY_BLOCKED',
    spoil: (one) => ({ ...one, erp: one.erp && { ...one.erp, blocks: [{ cause: holdId, since: now }] } }),
  },
  { code: 'STATE_NOT_ALLOWED', spoil: (one) => ({ ...one, erp: one.erp && { ...one.erp, state: 'SHIPPED' } }) },
  { code: 'LOT_NOT_VISIBLE', spoil: (one) => ({ ...one, erp: one.erp && { ...one.erp, lots: [goodLot, null] } }) },
  { code: 'SYSTEM_UNAVAILABLE', spoil: (one) => ({ ...one, erp: null }) },
  { code: 'INTERLOCKED', spoil: (one) => ({ ...one, interlocks: [interlock('SHIP')] }) },
];

function deliveryOf(lots: readonly (LotFacts | null)[]): DeliveryFacts {
  const erp = { deliveryNo: 'D1', state: 'ALLOCATED', blocks: [], lots };
  return { id: entityId('BER', 'delivery', 'D1'), erp, interlocks: [] };
}

const openInspection = { id: entityId('BER', 'inspection-lot', 'IL-1'), state: 'IN_PROGRESS', missing: [] };

const usable = fc.constantFrom('RELEASED', 'CONDITIONALLY_RELEASED', 'NOT_REQUIRED');
const aGoodLot = fc
  .record({
    qualityState: usable,
    expiresOn: fc.constantFrom(null, '2026-05-21', '2030-01-01'),
    decidedInspection: fc.constantFrom(null, 'DECIDED', 'SKIPPED', 'CANCELLED'),
  })
  .map(
    ({ qualityState, expiresOn, decidedInspection }): LotFacts => ({
      ...goodLot,
      erp: { stockTypes: ['UNRESTRICTED'], expiresOn },
      qms: {
        qualityState,
        inspectionLots: decidedInspection === null ? [] : [{ ...openInspection, state: decidedInspection }],
      },
    }),
  );

describe('whether something may be shipped', () => {
  test('with nothing in the way, it may', () => {
    fc.assert(
      fc.property(fc.array(aGoodLot, { minLength: 1, maxLength: 5 }), (lots) => {
        expect(evaluateDelivery(deliveryOf(lots), now, plant)).toEqual({
          eligible: true,
          blockers: [],
          evaluatedAt: now,
          sources: [
            { system: 'ERP', ok: true },
            { system: 'QMS', ok: true },
            { system: 'ANDON', ok: true },
          ],
        });
        for (const lot of lots) expect(evaluateLotShipment(lot, now, plant).eligible).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('any one thing in the way of any one lot is enough, and it is named', () => {
    const run = fc.property(
      fc.array(aGoodLot, { minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.constantFrom(...lotFlaws),
      (lots, place, { code, spoil }) => {
        const index = place % lots.length;
        const spoilt = lots.map((lot, at) => (at === index ? spoil(lot) : lot));
        const { eligible, blockers } = evaluateDelivery(deliveryOf(spoilt), now, plant);
        expect(eligible).toBe(false);
        expect(blockers.map((blocker) => blocker.code)).toContain(code);
        const alone = evaluateLotShipment(spoil(goodLot), now, plant);
        expect(alone.eligible).toBe(false);
        expect(evaluateLot(spoil(goodLot), now, plant).canShip).toBe(false);
        for (const blocker of blockers) expect(blocker.message).not.toBe('');
      },
    );
    fc.assert(run, { numRuns: 1000 });
  });

  test('any one thing in the way of the delivery itself is enough, and it is named', () => {
    for (const { code, spoil } of deliveryFlaws) {
      const { eligible, blockers } = evaluateDelivery(spoil(deliveryOf([goodLot])), now, plant);
      expect(eligible, code).toBe(false);
      expect(blockers.map((blocker) => blocker.code)).toEqual([code]);
    }
  });

  test('several things in the way are all named, each once', () => {
    const run = fc.property(fc.subarray([...lotFlaws], { minLength: 1 }), (flaws) => {
      const lots = flaws.map(({ spoil }) => spoil(goodLot));
      const { blockers } = evaluateDelivery(deliveryOf([...lots, ...lots]), now, plant);
      const named = new Set(blockers.map(({ code }) => code));
      expect(named).toEqual(new Set(flaws.map(({ code }) => code)));
      expect(new Set(blockers.map(({ message }) => message)).size).toBe(blockers.length);
    });
    fc.assert(run, { numRuns: 1000 });
  });

  test('a system that cannot be asked is named, in the blockers and among the sources', () => {
    const { blockers, sources } = evaluateDelivery(deliveryOf([{ ...goodLot, qms: null }]), now, plant);
    expect(blockers).toMatchObject([{ code: 'SYSTEM_UNAVAILABLE', system: 'QMS' }]);
    expect(sources).toContainEqual({ system: 'QMS', ok: false });
    expect(sources).toContainEqual({ system: 'ERP', ok: true });
  });

  test('a hold is named with the hold that it comes from', () => {
    const { blockers } = evaluateDelivery(deliveryOf([{ ...goodLot, interlocks: [interlock('SHIP')] }]), now, plant);
    expect(blockers).toMatchObject([
      { code: 'INTERLOCKED', system: 'QMS', blockingRef: holdId, message: expect.stringContaining('forbids SHIP') },
    ]);
  });

  test.each(['UNDER_INSPECTION', 'RELEASED', 'CONDITIONALLY_RELEASED'])(
    'an inspection that is not decided keeps a lot in the plant and not from being used there, also one that is %s',
    (qualityState) => {
      const facts = (missing: readonly string[]): LotFacts => ({
        ...goodLot,
        qms: { qualityState, inspectionLots: [{ ...openInspection, missing }] },
      });
      const { blockers } = evaluateLotShipment(facts([]), now, plant);
      expect(blockers).toContainEqual(
        expect.objectContaining({ code: 'INSPECTION_OPEN', blockingRef: openInspection.id }),
      );
      expect(evaluateLotShipment(facts(['CAP-TORQUE']), now, plant).blockers).toContainEqual(
        expect.objectContaining({ code: 'INSPECTION_INCOMPLETE', message: expect.stringContaining('CAP-TORQUE') }),
      );
      expect(evaluateLot(facts([]), now, plant)).toMatchObject({ canConsume: true, canMove: true, canShip: false });
    },
  );

  test('the last day of a lot is a day on which it may be used', () => {
    const lastDay = (expiresOn: string) => evaluateLot({ ...goodLot, erp: { stockTypes: [], expiresOn } }, now, plant);
    expect(lastDay('2026-05-21').canShip).toBe(true);
    expect(lastDay('2026-05-20')).toMatchObject({ canConsume: false, canMove: true, canPick: false, canShip: false });
  });
});

describe('what may be done with a lot', () => {
  test('an interlock forbids what it restricts, and nothing else', () => {
    const run = fc.property(
      fc.subarray(['CONSUME', 'MOVE', 'PICK', 'SHIP', 'START_OPERATION'] as const),
      (restricted) => {
        const usability = evaluateLot({ ...goodLot, interlocks: [interlock(...restricted)] }, now, plant);
        expect(usability.canConsume).toBe(!restricted.includes('CONSUME'));
        expect(usability.canMove).toBe(!restricted.includes('MOVE'));
        expect(usability.canPick).toBe(!restricted.includes('PICK'));
        expect(usability.canShip).toBe(!restricted.includes('SHIP'));
      },
    );
    fc.assert(run);
  });

  test('production goes on with a lot that is being checked, but it does not leave the plant', () => {
    const checked: LotFacts = {
      ...goodLot,
      erp: { stockTypes: ['QUALITY_INSPECTION'], expiresOn: null },
      qms: { qualityState: 'AWAITING_INSPECTION', inspectionLots: [] },
    };
    expect(evaluateLot(checked, now, plant)).toMatchObject({
      canConsume: true,
      canMove: true,
      canPick: true,
      canShip: false,
    });
  });

  test('a held lot may not be touched', () => {
    const held: LotFacts = { ...goodLot, qms: { qualityState: 'HELD', inspectionLots: [] } };
    expect(evaluateLot(held, now, plant)).toMatchObject({
      canConsume: false,
      canMove: false,
      canPick: false,
      canShip: false,
    });
  });

  test('a partner reads why a restriction stands only when it stands for its own', () => {
    const facts = (partner: string | null) => ({ ...goodLot, interlocks: [{ ...interlock('SHIP'), partner }] });
    const told = (of: string | null, reader: string | null) =>
      evaluateLot(facts(of), now, { partner: reader }).blockers.map(({ message, blockingRef }) => [
        message,
        blockingRef,
      ]);
    const own = [['Quality hold QH-1 (volume) forbids SHIP.', holdId]];
    const all = [['Quality hold QH-1 (volume) forbids SHIP for mfg:BER:lot:WATER-05L:L1.', holdId]];
    const nothing = [['A restriction of the plant stands on it.', null]];
    expect([told('CM-400', 'CM-400'), told('CM-400', null), told(null, null)]).toEqual([own, all, all]);
    expect([told(null, 'CM-400'), told('CM-900', 'CM-400')]).toEqual([nothing, nothing]);
  });
});
