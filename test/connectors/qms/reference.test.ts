import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { demoPlants } from '../../../connectors/demo-plant.ts';
import { SystemTimeoutError, SystemUnavailableError } from '../../../connectors/errors.ts';
import type {
  DispositionDecision,
  HoldState,
  InspectionLotState,
  QmsCommand,
  QmsPort,
} from '../../../connectors/qms/port.ts';
import { createReferenceQms } from '../../../connectors/qms/reference.ts';
import { fillReferenceQms } from '../../../connectors/qms/reference-demo.ts';
import { qmsMigrations } from '../../../connectors/qms/reference-migrations.ts';
import type { QmsTables } from '../../../connectors/qms/reference-tables.ts';
import { systemClock } from '../../../runtime/clock.ts';
import type { Database } from '../../../storage/database.ts';
import {
  dispositionMachine,
  holdMachine,
  inspectionLotMachine,
  nonconformanceMachine,
} from '../../../subgraphs/qms/machines.ts';
import { dialects, openTestStorage, type TestStorage } from '../../support/database.ts';
import { mayLead } from '../../support/may-lead.ts';
import { type Body, commandsOf, everything, page, signal } from '../reference-command.ts';

const signed = { signerName: 'Somebody', reason: 'Looked at.' };

const nothingKnown = {
  lot: null,
  materialCode: null,
  orderNo: null,
  operationNo: null,
  inspectionLotNo: null,
  lineCode: null,
  partner: null,
};

describe.each(dialects)('the reference QMS on %s', (dialect) => {
  let place: TestStorage;
  let database: Database<QmsTables>;
  let qms: QmsPort;
  const command = commandsOf<QmsCommand>('quentin');

  beforeEach(async () => {
    place = await openTestStorage(dialect);
    database = await place.storage.open<QmsTables>('qms', qmsMigrations);
    await fillReferenceQms(database, demoPlants, systemClock);
    qms = createReferenceQms({ database, clock: systemClock });
  });
  afterEach(() => place.dispose());

  const post = (body: Body<QmsCommand>, over: Partial<QmsCommand> = {}) => qms.post(command(body, over), signal);
  const inspectionLot = async (inspectionLotNo: string) =>
    (await qms.inspectionLotsByKeys([{ plantCode: 'BER', inspectionLotNo }]))[0]!;
  const hold = async (holdNo: string) => (await qms.holdsByKeys([{ plantCode: 'BER', holdNo }]))[0]!;
  const lot = async (materialCode: string, lotNumber: string) =>
    (await qms.lotQualitiesByKeys([{ plantCode: 'BER', materialCode, lotNumber }]))[0];
  const holdOf = (holdNo: string, materialCode: string, lotNumber: string) =>
    ({
      ...nothingKnown,
      name: 'placeHold',
      holdNo,
      scope: { type: 'lot', key: [materialCode, lotNumber] },
      affected: [],
      restrictions: ['SHIP'],
      reason: 'Suspect.',
      lot: { materialCode, lotNumber },
    }) as const;
  const result = (value: string, over = {}) =>
    ({
      name: 'recordInspectionResult',
      inspectionLotNo: 'IL-10001',
      characteristic: 'FILL-VOLUME',
      sampleNo: null,
      value,
      ...over,
    }) as const;

  test('is filled once, and its running order can be measured at once', async () => {
    await post(result('500'));
    await fillReferenceQms(database, demoPlants, systemClock);
    expect(await inspectionLot('IL-10001')).toMatchObject({
      state: 'IN_PROGRESS',
      orderNo: '10001',
      operationNo: '0010',
      lotNumber: 'L10001',
      lineCode: 'L1',
      missing: ['CAP-TORQUE'],
      failed: [],
    });
    expect(await lot('WATER-05L', 'L10900')).toMatchObject({ qualityState: 'RELEASED' });
    const plans = await qms.inspectionPlansOfMaterials([{ plantCode: 'LYO', materialCode: 'WATER-05L' }]);
    expect(plans).toMatchObject([
      { planId: 'IP-WATER', planVersion: '1', characteristics: [{ code: 'FILL-VOLUME' }, { code: 'CAP-TORQUE' }] },
    ]);
  });

  test('limits are inclusive and exact, however many digits a value has', async () => {
    const verdictOf = async (value: string) => {
      const posting = await post(result(value));
      return posting.status === 'POSTED' ? posting.result['verdict'] : posting.code;
    };
    expect(await verdictOf('495')).toBe('PASSED');
    expect(await verdictOf('505.000')).toBe('PASSED');
    expect(await verdictOf('494.999999999999999')).toBe('FAILED');
    expect(await verdictOf('505.000000000000001')).toBe('FAILED');
    expect(await verdictOf('five hundred')).toBe('VALUE_INVALID');
  });

  test('samples are numbered one after the other, and none gets two results', async () => {
    await Promise.all(['500', '501', '502'].map((value) => post(result(value))));
    expect(await post(result('503', { sampleNo: '2' }))).toMatchObject({ status: 'REFUSED', code: 'RESULT_EXISTS' });
    await post(result('503', { sampleNo: 'A' }));
    const rows = await qms.resultsOfInspectionLots([{ plantCode: 'BER', inspectionLotNo: 'IL-10001' }]);
    expect(rows.map(({ sampleNo }) => sampleNo)).toEqual(['1', '2', '3', 'A']);
    expect(await post(result('1', { characteristic: 'COLOUR' }))).toMatchObject({ code: 'CHARACTERISTIC_UNKNOWN' });
  });

  test('a lot is held while any hold stands on it, whatever its inspections say, and a lot it did not know is learnt', async () => {
    await post(holdOf('H1', 'WATER-05L', 'L10900'));
    await post(holdOf('H2', 'LEMON-05L', 'NEW'));
    expect(await lot('WATER-05L', 'L10900')).toMatchObject({ qualityState: 'HELD' });
    expect(await lot('LEMON-05L', 'NEW')).toMatchObject({ qualityState: 'HELD' });
    expect(await lot('LEMON-05L', 'UNKNOWN')).toBeUndefined();
  });

  test('a hold on an order, or on its lot, holds the order', async () => {
    const status = async () =>
      (await qms.orderQualitiesByKeys([{ plantCode: 'BER', orderNo: '10001' }]))[0]?.qualityStatus;
    expect(await status()).toBe('AWAITING_INSPECTION');
    await post(holdOf('H1', 'WATER-05L', 'L10001'));
    expect(await status()).toBe('HELD');
    expect(await hold('H1')).toMatchObject({ orderNo: '10001', lineCode: 'L1' });
    const target = { plantCode: 'BER', type: 'production-order', key: ['10001'] };
    expect(await qms.holdsOfTargets([target])).toMatchObject([{ holdNo: 'H1' }]);
  });

  test('an inspection releases its lot only together with every other inspection of it', async () => {
    const created = await post({
      name: 'createInspectionLot',
      planId: 'IP-LEMON',
      planVersion: '1',
      orderNo: '10004',
      lotNumber: 'L10004',
      operationNo: '0010',
      lineCode: null,
      partner: null,
    });
    expect(created).toMatchObject({ status: 'POSTED', result: { inspectionLotNo: 'IL-10004-2' } });
    for (const inspectionLotNo of ['IL-10004', 'IL-10004-2']) {
      expect((await lot('LEMON-05L', 'L10004'))?.qualityState).not.toBe('RELEASED');
      await post(result('500', { inspectionLotNo }));
      await post({ name: 'decideInspectionLot', inspectionLotNo, decision: 'ACCEPTED', reason: null });
    }
    expect(await lot('LEMON-05L', 'L10004')).toMatchObject({ qualityState: 'RELEASED' });
  });

  test.each([
    ['USE_AS_IS', 'L10900', 'RELEASED'],
    // Its inspection is not decided yet.
    ['USE_AS_IS', 'L10001', 'UNDER_INSPECTION'],
    ['REWORK', 'L10001', 'AWAITING_INSPECTION'],
    ['SCRAP', 'L10001', 'REJECTED'],
    ['RETURN_TO_SUPPLIER', 'L10001', 'REJECTED'],
  ] as const)('after %s, lot %s is %s', async (decision, lotNumber, qualityState) => {
    await post(holdOf('H1', 'WATER-05L', lotNumber));
    await post({ name: 'proposeDisposition', holdNo: 'H1', decision, ...signed, reason: null });
    const dispositionNo = 'DP-H1-1';
    await post({ name: 'approveDisposition', dispositionNo, ...signed }, { actorId: 'mara' });
    await post({ name: 'settleDisposition', dispositionNo, outcome: 'EFFECTIVE', message: null });
    await post({ name: 'releaseHold', holdNo: 'H1', dispositionNo });
    expect(await lot('WATER-05L', lotNumber)).toMatchObject({ qualityState });
  });

  test.each([
    // What one hold has scrapped, another one does not bring back: neither beside it nor later.
    ['SCRAP', 'USE_AS_IS', 'beside', 'REJECTED'],
    ['SCRAP', 'USE_AS_IS', 'later', 'REJECTED'],
    ['RETURN_TO_SUPPLIER', 'REWORK', 'later', 'REJECTED'],
    ['USE_AS_IS', 'SCRAP', 'beside', 'REJECTED'],
    // A hold beside the one that is reworked was about something else; one that was placed since decides anew.
    ['REWORK', 'USE_AS_IS', 'beside', 'AWAITING_INSPECTION'],
    ['REWORK', 'USE_AS_IS', 'later', 'RELEASED'],
    ['USE_AS_IS', 'REWORK', 'beside', 'AWAITING_INSPECTION'],
  ] as const)('after %s of one hold and %s of another %s, the lot is %s', async (first, second, when, qualityState) => {
    const place = (holdNo: string) => post(holdOf(holdNo, 'WATER-05L', 'L10900'));
    const dispose = async (holdNo: string, decision: DispositionDecision) => {
      await post({ name: 'proposeDisposition', holdNo, decision, ...signed, reason: null });
      const dispositionNo = `DP-${holdNo}-1`;
      await post({ name: 'approveDisposition', dispositionNo, ...signed }, { actorId: 'mara' });
      await post({ name: 'settleDisposition', dispositionNo, outcome: 'EFFECTIVE', message: null });
      expect(await post({ name: 'releaseHold', holdNo, dispositionNo })).toMatchObject({ status: 'POSTED' });
    };
    await place('H1');
    if (when === 'beside') await place('H2');
    await dispose('H1', first);
    if (when === 'later') await place('H2');
    await dispose('H2', second);
    expect(await lot('WATER-05L', 'L10900')).toMatchObject({ qualityState });
  });

  test('the same transition posted again, even at once, is one posting', async () => {
    const one = command(holdOf('H1', 'WATER-05L', 'L10001'));
    const postings = await Promise.all([qms.post(one, signal), qms.post(one, signal)]);
    expect(postings[0]).toEqual(postings[1]);
    expect((await hold('H1')).version).toBe('1');
    expect(await qms.postingOf(one.transitionId, 'BER', signal)).toEqual(postings[0]);
    expect(await qms.postingOf('T-none', 'BER', signal)).toBeNull();
  });

  test('a hold number stands for one hold: the same once more changes nothing, another one is refused', async () => {
    const first = holdOf('H1', 'WATER-05L', 'L10001');
    const affected = [{ type: 'production-order', key: ['10001'] }];
    await post({ ...first, affected, restrictions: ['SHIP', 'PICK'] });
    const before = await hold('H1');
    const same = await post({ ...first, affected, restrictions: ['PICK', 'SHIP'] });
    expect(same).toMatchObject({ status: 'POSTED', result: { holdNo: 'H1', created: false } });
    const others = [
      holdOf('H1', 'WATER-05L', 'L10900'),
      { ...first, restrictions: ['PICK', 'SHIP'] },
      { ...first, affected },
      { ...first, affected: [...affected, { type: 'asset', key: ['A'] }], restrictions: ['PICK', 'SHIP'] },
      { ...first, scope: affected[0]!, affected: [first.scope], restrictions: ['PICK', 'SHIP'] },
    ];
    for (const other of others)
      expect(await post(other)).toMatchObject({ status: 'REFUSED', code: 'HOLD_NUMBER_TAKEN' });
    expect(await hold('H1')).toEqual(before);
    expect(await lot('WATER-05L', 'L10900')).toMatchObject({ qualityState: 'RELEASED' });
  });

  test('of two that were decided on the same version, the second is refused', async () => {
    await post(holdOf('H1', 'WATER-05L', 'L10001'));
    await post({ name: 'proposeDisposition', holdNo: 'H1', decision: 'SCRAP', ...signed, reason: null });
    const over = { expectedVersion: '1', actorId: 'mara' };
    const postings = await Promise.all([
      post({ name: 'approveDisposition', dispositionNo: 'DP-H1-1', ...signed }, over),
      post({ name: 'rejectDisposition', dispositionNo: 'DP-H1-1', ...signed }, over),
    ]);
    expect(postings.map(({ status }) => status).sort()).toEqual(['POSTED', 'REFUSED']);
    expect(postings.find(({ status }) => status === 'REFUSED')).toMatchObject({ code: 'VERSION_CONFLICT' });
  });

  test('what does not exist is refused, and what is aborted says whether it may have happened', async () => {
    expect(await post(result('500', { inspectionLotNo: 'IL-0' }))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await post(result('500'), { plantCode: 'LYO' })).toMatchObject({ code: 'NOT_FOUND' });
    await expect(qms.post(command(result('500')), AbortSignal.abort())).rejects.toThrow(SystemUnavailableError);
    const gone = new AbortController();
    const late = qms.post(command(result('500')), gone.signal);
    gone.abort();
    await expect(late).rejects.toThrow(SystemTimeoutError);
  });

  test('lists are filtered, paged by key, and within the scope of the reader', async () => {
    for (const [holdNo, lotNumber] of [
      ['H1', 'L10001'],
      ['H2', 'L10002'],
      ['H3', 'L10900'],
    ] as const)
      await post(holdOf(holdNo, 'WATER-05L', lotNumber));
    await post(holdOf('H4', 'LEMON-05L', 'L10003'));
    await post(holdOf('H5', 'WATER-05L', 'L20001'), { plantCode: 'LYO' });
    const numbers = async (filter: Parameters<QmsPort['holds']>[0], scope: typeof everything | object = everything) =>
      (await qms.holds(filter, page(), scope as typeof everything)).rows.map(({ holdNo }) => holdNo);
    expect(await numbers({ plantCode: 'BER', active: true })).toEqual(['H1', 'H2', 'H3', 'H4']);
    expect(await numbers({ lineCode: 'L1', plantCode: 'BER' })).toEqual(['H1', 'H2']);
    expect(await numbers({ active: false })).toEqual([]);
    expect(await numbers({}, { plantCodes: ['BER'], partner: 'CM-400' })).toEqual(['H4']);
    const first = await qms.holds({ plantCode: 'BER' }, page(2), everything);
    const second = await qms.holds({ plantCode: 'BER' }, page(2, 'BER/H2'), everything);
    expect([first.hasNextPage, second.hasNextPage]).toEqual([true, false]);
    expect([...first.rows, ...second.rows].map(({ holdNo }) => holdNo)).toEqual(['H1', 'H2', 'H3', 'H4']);
    expect((await qms.inspectionLots({ states: ['IN_PROGRESS'] }, page(), everything)).rows).toHaveLength(2);
  });

  const runs = { numRuns: dialect === 'sqlite' ? 30 : 6 };

  test('no sequence of calls brings an inspection anywhere that its state machine does not lead to', async () => {
    const calls = fc.oneof(
      fc.record({
        name: fc.constant('recordInspectionResult' as const),
        characteristic: fc.constantFrom('FILL-VOLUME', 'CAP-TORQUE', 'COLOUR'),
        value: fc.constantFrom('1.4', '500', '9999'),
      }),
      fc.record({
        name: fc.constant('decideInspectionLot' as const),
        decision: fc.constantFrom('ACCEPTED' as const, 'CONDITIONAL' as const, 'REJECTED' as const),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(calls, { maxLength: 12 }), async (sequence) => {
        const created = await post({
          name: 'createInspectionLot',
          planId: 'IP-WATER',
          planVersion: '1',
          orderNo: null,
          lotNumber: 'L10001',
          operationNo: '0010',
          lineCode: null,
          partner: null,
        });
        const { inspectionLotNo } = (created as unknown as { result: { inspectionLotNo: string } }).result;
        let state: InspectionLotState = 'CREATED';
        for (const call of sequence) {
          const before = await inspectionLot(inspectionLotNo);
          const action = call.name === 'decideInspectionLot' ? 'decide' : 'record';
          const posting = await post({
            sampleNo: null,
            reason: null,
            inspectionLotNo,
            ...call,
          } as unknown as Body<QmsCommand>);
          const after = await inspectionLot(inspectionLotNo);
          if (posting.status === 'REFUSED') expect(after).toEqual(before);
          else expect(mayLead(inspectionLotMachine, state, action, after.state)).toBe(true);
          if (after.decision === 'ACCEPTED') expect([after.missing, after.failed]).toEqual([[], []]);
          state = after.state;
        }
      }),
      runs,
    );
  });

  /** Where a hold may go by acknowledgements alone. */
  const acknowledged: Readonly<Record<HoldState, readonly HoldState[]>> = {
    PLACED: ['PLACED', 'PARTIALLY_EFFECTIVE', 'EFFECTIVE'],
    PARTIALLY_EFFECTIVE: ['PARTIALLY_EFFECTIVE', 'EFFECTIVE'],
    EFFECTIVE: ['EFFECTIVE', 'PARTIALLY_EFFECTIVE'],
    RELEASED: ['RELEASED'],
  };

  test('no sequence of calls brings a hold, its dispositions or its case anywhere that their machines do not lead to', async () => {
    const calls = fc.record({
      name: fc.constantFrom(
        'placeHold' as const,
        'acknowledgeHold' as const,
        'proposeDisposition' as const,
        'approveDisposition' as const,
        'rejectDisposition' as const,
        'settleDisposition' as const,
        'releaseHold' as const,
        'closeNonconformance' as const,
      ),
      actorId: fc.constantFrom('quentin', 'mara'),
      system: fc.constantFrom('ERP', 'MES'),
      failed: fc.boolean(),
      outcome: fc.constantFrom('EFFECTIVE' as const, 'POSTING_FAILED' as const),
    });
    const dispositionActions = {
      approveDisposition: 'approve',
      rejectDisposition: 'reject',
      settleDisposition: 'settle',
    } as const;
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(calls, { minLength: 5, maxLength: 25 }), async (sequence) => {
        run += 1;
        const key = { plantCode: 'BER', holdNo: `R${run}` };
        const lotNumber = `LOT-${run}`;
        await post(holdOf(key.holdNo, 'WATER-05L', lotNumber));
        const raised = await post({
          name: 'raiseNonconformance',
          holdNo: key.holdNo,
          lot: null,
          severity: 'MAJOR',
          description: 'It does not conform.',
          lineCode: null,
          partner: null,
        });
        const { ncNo } = (raised as unknown as { result: { ncNo: string } }).result;
        const look = async () => ({
          hold: await hold(key.holdNo),
          dispositions: await qms.dispositionsOfHolds([key]),
          nc: (await qms.nonconformancesByKeys([{ plantCode: 'BER', ncNo }]))[0]!,
        });
        let before = await look();
        for (const { name, actorId, ...call } of sequence) {
          const dispositionNo = before.dispositions.at(-1)?.dispositionNo ?? 'DP-none';
          const body = {
            ...holdOf(key.holdNo, 'WATER-05L', lotNumber),
            ...call,
            name,
            dispositionNo,
            ncNo,
            decision: 'USE_AS_IS',
            message: null,
          };
          const posting = await post(body as Body<QmsCommand>, { actorId });
          const after = await look();
          if (posting.status === 'REFUSED') {
            expect(after).toEqual(before);
            continue;
          }
          if (name === 'acknowledgeHold') expect(acknowledged[before.hold.state]).toContain(after.hold.state);
          else if (name === 'releaseHold')
            expect(mayLead(holdMachine, before.hold.state, 'release', after.hold.state)).toBe(true);
          else expect(after.hold.state).toBe(before.hold.state);
          for (const [index, one] of after.dispositions.entries()) {
            const earlier = before.dispositions[index]?.state ?? null;
            if (earlier === null) expect(one.state).toBe('PROPOSED');
            else if (earlier !== one.state || one.dispositionNo === dispositionNo) {
              const action = dispositionActions[name as keyof typeof dispositionActions];
              if (action) expect(mayLead(dispositionMachine, earlier, action, one.state)).toBe(true);
              else expect(one.state).toBe(earlier);
            }
            if (one.approvedBy !== null) expect(one.approvedBy).not.toBe(one.proposedBy);
          }
          expect(after.dispositions.filter(({ state }) => state !== 'REJECTED').length).toBeLessThanOrEqual(1);
          if (after.nc.state !== before.nc.state) {
            const action = name === 'approveDisposition' ? 'disposition' : 'close';
            expect(mayLead(nonconformanceMachine, before.nc.state, action, after.nc.state)).toBe(true);
          }
          if (after.hold.state === 'RELEASED')
            expect(after.dispositions.map(({ state }) => state)).toContain('EFFECTIVE');
          expect((await lot('WATER-05L', lotNumber))?.qualityState === 'HELD').toBe(after.hold.state !== 'RELEASED');
          before = after;
        }
      }),
      runs,
    );
  });
});
