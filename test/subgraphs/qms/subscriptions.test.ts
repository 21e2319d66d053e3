import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, ask, follow, perform, person } from '../subgraph-under-test.ts';
import { inspectionLotId, lotId, mara, openQuality, orderId, type Quality, quentin, workflow } from './quality.ts';

const holdChanged = `subscription ($plant: String, $line: String, $scope: ID, $after: EventCursor, $snapshot: Boolean) {
  qualityHoldChanged(plant: $plant, line: $line, scope: $scope, after: $after, snapshot: $snapshot) {
    cursor gap { to } type occurredAt
    hold { holdNo scope restrictions reason state { code } lot { id } order { id } line { id } version }
  }
}`;

const sold = 'mfg:BER:lot:WATER-05L:L10900';
const lemonade = 'mfg:BER:lot:LEMON-05L:L10004';

describe('who follows the holds', () => {
  let quality: Quality;
  const open: { end(): Promise<void> }[] = [];

  beforeEach(async () => {
    quality = await openQuality('sqlite');
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((subscriber) => subscriber.end()));
    await quality.dispose();
  });

  const place = async (scope: string, over: Record<string, unknown> = {}): Promise<Answer> =>
    (
      await perform(
        quality.subgraph,
        'placeHold',
        { scope, ...over },
        { principal: quentin, select: 'qualityHold { id holdNo }' },
      )
    ).qualityHold;
  const release = async (holdId: string) => {
    const { disposition } = await perform(
      quality.subgraph,
      'proposeDisposition',
      { holdId, decision: 'USE_AS_IS' },
      { principal: quentin, select: 'disposition { id }' },
    );
    const dispositionId = disposition.id as string;
    await perform(quality.subgraph, 'approveDisposition', { dispositionId }, { principal: mara });
    await perform(
      quality.subgraph,
      'settleDisposition',
      { dispositionId, outcome: 'EFFECTIVE' },
      { principal: workflow },
    );
    await perform(quality.subgraph, 'releaseHold', { holdId, dispositionId }, { principal: workflow });
  };
  const subscribe = async (variables: Record<string, unknown>, principal = person()) => {
    const subscriber = await follow(quality.subgraph, holdChanged, { principal, variables });
    open.push(subscriber);
    return async () => (await subscriber.next()).qualityHoldChanged;
  };
  /** What arrives before the hold that is placed last, as `type holdNo`. */
  const until = async (next: () => Promise<Answer>, holdNo: string) => {
    const seen: string[] = [];
    for (;;) {
      const { type, hold } = await next();
      if (hold.holdNo === holdNo) return seen;
      seen.push(`${type} ${hold.holdNo}`);
    }
  };

  test('sees each step of a hold once, in order, and goes on after its last cursor', async () => {
    const { id, holdNo } = await place(lotId);
    const next = await subscribe({ after: '0' });
    const first = await next();
    expect(first).toMatchObject({
      type: 'quality.hold.placed',
      gap: null,
      hold: { holdNo, lot: { id: lotId }, order: { id: orderId }, line: { id: 'mfg:BER:line:L1' } },
    });
    await perform(quality.subgraph, 'acknowledgeHold', { holdId: id, system: 'ERP' }, { principal: workflow });
    await perform(quality.subgraph, 'acknowledgeHold', { holdId: id, system: 'MES' }, { principal: workflow });
    const again = await subscribe({ after: first.cursor });
    const seen = [await again(), await again(), await again()];
    expect(seen.map(({ type }) => type)).toEqual([
      'quality.hold.acknowledged',
      'quality.hold.acknowledged',
      'quality.hold.effective',
    ]);
    expect(seen.at(-1).hold.state.code).toBe('EFFECTIVE');
    expect(BigInt(seen[0].cursor)).toBeGreaterThan(BigInt(first.cursor));
  });

  test('gets number, scope, restrictions, reason and state from the event while the QMS is down', async () => {
    quality.line.down = true;
    const { holdNo } = await place(lotId, { restrictions: ['SHIP'] });
    const next = await subscribe({ after: '0' });
    expect(await next()).toMatchObject({
      type: 'quality.hold.placed',
      hold: {
        holdNo,
        scope: lotId,
        restrictions: ['SHIP'],
        reason: 'Because.',
        state: { code: 'PLACED' },
        lot: { id: lotId },
        version: null,
      },
    });
  });

  test('gets the active holds first when it asks for a snapshot, and then what has changed since', async () => {
    const released = await place(lotId);
    const standing = await place(sold);
    await release(released.id);
    const next = await subscribe({ plant: 'BER', snapshot: true });
    const first = await next();
    expect(first).toMatchObject({ type: null, occurredAt: null, hold: { holdNo: standing.holdNo } });
    const later = await place(lemonade);
    const second = await next();
    expect(second).toMatchObject({ type: 'quality.hold.placed', hold: { holdNo: later.holdNo } });
    const resumed = await subscribe({ plant: 'BER', snapshot: true, after: first.cursor });
    expect(await resumed()).toMatchObject({ cursor: second.cursor, type: 'quality.hold.placed' });
  });

  test('misses nothing that is placed while the snapshot is read', async () => {
    await place(lotId);
    const next = await subscribe({ snapshot: true });
    const { cursor } = await next();
    const during = await place(sold);
    const seen = [await next()];
    if (seen[0].type === null) seen.push(await next());
    expect(seen.at(-1)).toMatchObject({ type: 'quality.hold.placed', hold: { holdNo: during.holdNo } });
    expect(BigInt(seen.at(-1).cursor)).toBeGreaterThan(BigInt(cursor));
  });

  test('hears only of its plant, its line, or what it asked about, in the snapshot too', async () => {
    const here = await place(lotId);
    await place(lemonade);
    const elsewhere = await place('mfg:LYO:lot:WATER-05L:L20001');
    const affecting = await place(lemonade, { affected: [lotId] });
    const wanted = [here.holdNo, affecting.holdNo].sort();
    for (const way of [{ after: '0' }, { snapshot: true }]) {
      const about = await subscribe({ scope: lotId, ...way });
      expect([(await about()).hold.holdNo, (await about()).hold.holdNo].sort()).toEqual(wanted);
      const lyon = await subscribe({ plant: 'LYO', ...way });
      expect((await lyon()).hold.holdNo).toBe(elsewhere.holdNo);
    }
    const line = await subscribe({ plant: 'BER', line: 'L1', after: '0' });
    expect((await line()).hold.holdNo).toBe(here.holdNo);
    const marker = await place(sold, { orderId });
    expect(await until(line, marker.holdNo)).toEqual([]);
  });

  test('hears of what it asked about only what stands on it, from the snapshot to the release', async () => {
    await place(lotId); // about the order, not on it
    const { id, holdNo } = await place(orderId);
    const next = await subscribe({ scope: orderId, snapshot: true });
    const seen = [await next()];
    await release(id);
    seen.push(await next());
    expect(seen.map(({ type, hold }) => [type, hold.holdNo])).toEqual([
      [null, holdNo],
      ['quality.hold.released', holdNo],
    ]);
  });

  test('hears nothing of other plants or partners, whatever it asks for', async () => {
    await place(lotId);
    const partners = await place('mfg:BER:lot:LEMON-05L:L10901');
    const partner = person({ id: 'carl', roles: ['PARTNER'], plants: ['BER'], partner: 'CM-400' });
    for (const way of [{ after: '0' }, { snapshot: true }, { plant: 'BER', after: '0' }]) {
      const next = await subscribe(way, partner);
      expect((await next()).hold.holdNo).toBe(partners.holdNo);
    }
    const elsewhere = await place('mfg:LYO:lot:WATER-05L:L20001');
    const lyon = await subscribe({ after: '0' }, person({ plants: ['LYO'] }));
    expect((await lyon()).hold.holdNo).toBe(elsewhere.holdNo);
  });

  test('sees every inspection that is created, measured or decided', async () => {
    const measure = (characteristic: string, value: string) =>
      perform(
        quality.subgraph,
        'recordInspectionResult',
        { inspectionLotId, characteristic, value },
        { principal: quentin },
      );
    const planId = 'mfg:BER:inspection-plan:IP-WATER:1';
    await perform(
      quality.subgraph,
      'createInspectionLot',
      { planId, orderId: 'mfg:BER:production-order:10002' },
      { principal: workflow },
    );
    await measure('FILL-VOLUME', '500');
    await measure('CAP-TORQUE', '9');
    await perform(
      quality.subgraph,
      'decideInspectionLot',
      { inspectionLotId, decision: 'REJECTED' },
      { principal: quentin },
    );
    const subscriber = await follow(
      quality.subgraph,
      `subscription { inspectionQueueChanged(plant: "BER", line: "L1", after: "0") { type inspectionLot { inspectionLotNo } } }`,
    );
    open.push(subscriber);
    const seen = [];
    for (let i = 0; i < 4; i += 1) {
      const { type, inspectionLot } = (await subscriber.next()).inspectionQueueChanged;
      seen.push([type, inspectionLot.inspectionLotNo]);
    }
    expect(seen).toEqual([
      ['quality.inspection.created', 'IL-10002'],
      ['quality.inspection.resultRecorded', 'IL-10001'],
      ['quality.inspection.failed', 'IL-10001'],
      ['quality.inspection.decided', 'IL-10001'],
    ]);
  });
});

describe('who sees what of quality', () => {
  let quality: Quality;

  beforeEach(async () => {
    quality = await openQuality('sqlite');
  });
  afterEach(() => quality.dispose());

  const partner = person({ id: 'carl', roles: ['PARTNER'], plants: ['BER'], partner: 'CM-400' });
  const entities = async (of: readonly { __typename: string; id: string }[], principal = person()) =>
    (
      await ask(quality.subgraph, 'query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }', {
        principal,
        variables: { of },
      })
    ).data._entities;

  test('a partner sees the quality of its own lots and orders, and of no others by any path', async () => {
    const own = { scope: 'mfg:BER:lot:LEMON-05L:L10901' };
    const foreign = { scope: lotId };
    const select = 'qualityHold { id }';
    const { qualityHold: ownHold } = await perform(quality.subgraph, 'placeHold', own, { principal: quentin, select });
    const { qualityHold: otherHold } = await perform(quality.subgraph, 'placeHold', foreign, {
      principal: quentin,
      select,
    });
    const { data } = await ask(
      quality.subgraph,
      `{ own: qualityHold(id: "${ownHold.id}") { partner lot { id qualityState } }
        other: qualityHold(id: "${otherHold.id}") { holdNo }
        inspectionLot(id: "${inspectionLotId}") { inspectionLotNo }
        qualityHolds { nodes { id } } inspectionLots { nodes { id } } dispositions { nodes { id } }
        nonconformances { nodes { id } } }`,
      { principal: partner },
    );
    expect(data).toEqual({
      own: { partner: 'CM-400', lot: { id: own.scope, qualityState: 'HELD' } },
      other: null,
      inspectionLot: null,
      qualityHolds: { nodes: [{ id: ownHold.id }] },
      inspectionLots: { nodes: [] },
      dispositions: { nodes: [] },
      nonconformances: { nodes: [] },
    });
    const of = [
      { __typename: 'Lot', id: lotId },
      { __typename: 'ProductionOrder', id: orderId },
      { __typename: 'QualityHold', id: otherHold.id },
      { __typename: 'Lot', id: own.scope },
      { __typename: 'ProductionOrder', id: 'mfg:BER:production-order:10003' },
    ];
    expect(await entities(of, partner)).toEqual([
      null,
      null,
      null,
      { __typename: 'Lot' },
      { __typename: 'ProductionOrder' },
    ]);
  });

  test('people of another plant get the same answer for what exists and what does not', async () => {
    const lyon = person({ plants: ['LYO'] });
    const of = [
      { __typename: 'Lot', id: lotId },
      { __typename: 'Lot', id: 'mfg:BER:lot:WATER-05L:NONE' },
      { __typename: 'Material', id: 'mfg:BER:material:WATER-05L' },
      { __typename: 'Lot', id: 'nonsense' },
    ];
    expect(await entities(of, lyon)).toEqual([null, null, null, null]);
    const place = (scope: string) => perform(quality.subgraph, 'placeHold', { scope }, { principal: lyon });
    const { rejections: known } = await place(lotId);
    const { rejections: unknown } = await place('mfg:BER:lot:WATER-05L:NONE');
    expect(known).toEqual(unknown);
    expect(known).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect(await quality.journal.interlocks.active([lotId as never])).toEqual([]);
  });

  test('a lot that the QMS does not know has no quality state, and no error', async () => {
    const { data, errors } = await ask(
      quality.subgraph,
      'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Lot { qualityState holds { id } disposition { id } } } }',
      { variables: { of: [{ __typename: 'Lot', id: 'mfg:BER:lot:WATER-05L:NONE' }] } },
    );
    expect(errors).toEqual([]);
    expect(data._entities).toEqual([{ qualityState: null, holds: [], disposition: null }]);
  });
});
