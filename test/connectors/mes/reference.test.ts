import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { demoPlants } from '../../../connectors/demo-plant.ts';
import type { MesCommand, MesPort, OperationState } from '../../../connectors/mes/port.ts';
import { createReferenceMes } from '../../../connectors/mes/reference.ts';
import { fillReferenceMes } from '../../../connectors/mes/reference-demo.ts';
import { mesMigrations } from '../../../connectors/mes/reference-migrations.ts';
import type { MesTables } from '../../../connectors/mes/reference-tables.ts';
import { type Clock, systemClock } from '../../../runtime/clock.ts';
import type { Database } from '../../../storage/database.ts';
import { downtimeMachine, operationMachine } from '../../../subgraphs/mes/machines.ts';
import { dialects, openTestStorage, type TestStorage } from '../../support/database.ts';
import { mayLead } from '../../support/may-lead.ts';
import { type Body, commandsOf, everything, page, signal } from '../reference-command.ts';

const clockAt = (instant: string): Clock => ({ ...systemClock, now: () => Date.parse(instant) });

describe.each(dialects)('the reference MES on %s', (dialect) => {
  let place: TestStorage;
  let database: Database<MesTables>;
  let mes: MesPort;
  const command = commandsOf<MesCommand>('olga');

  beforeEach(async () => {
    place = await openTestStorage(dialect);
    database = await place.storage.open<MesTables>('mes', mesMigrations);
    await fillReferenceMes(database, demoPlants, clockAt('2026-11-23T05:00:00.000Z'));
    mes = createReferenceMes({ database, clock: clockAt('2026-11-23T07:00:00.000Z') });
  });
  afterEach(() => place.dispose());

  const post = (body: Body<MesCommand>, over: Partial<MesCommand> = {}) => mes.post(command(body, over), signal);
  const operation = async (orderNo: string, operationNo: string) =>
    (await mes.operationsByKeys([{ plantCode: 'BER', orderNo, operationNo }]))[0]!;
  const lotState = async (lotNumber: string) =>
    (await mes.lotsByKeys([{ plantCode: 'BER', materialCode: 'WATER-05L', lotNumber }]))[0]?.productionState;
  const step = (
    name: 'startOperation' | 'pauseOperation' | 'resumeOperation' | 'abortOperation',
    operationNo: string,
  ) => ({ name, orderNo: '10001', operationNo, reason: null }) as const;
  const completion = (operationNo: string, yieldQuantity = '10', scrapQuantity = '0') =>
    ({ name: 'completeOperation', orderNo: '10001', operationNo, reason: null, yieldQuantity, scrapQuantity }) as const;
  const cause = (name: 'holdOperation' | 'unholdOperation', operationNo: string, causeRef: string) =>
    ({ name, orderNo: '10001', operationNo, reason: null, causeRef }) as const;

  test('knows what has been dispatched, and nothing else', async () => {
    expect((await mes.operations({ plantCode: 'BER' }, page(), everything)).rows).toHaveLength(6);
    expect(await operation('10002', '0010')).toBeUndefined();
    expect(await operation('10001', '0020')).toMatchObject({
      state: 'ALLOWED_TO_START',
      causes: [],
      predecessors: [{ operationNo: '0010', state: 'RUNNING' }],
    });
    expect(await lotState('L10001')).toBe('IN_PROCESS');
    expect(await lotState('L10900')).toBe('PRODUCED');
  });

  test('lists are paged by key, within the scope and the filter', async () => {
    const numbers = async (filter: Parameters<MesPort['operations']>[0], scope = everything, first = 100) =>
      (await mes.operations(filter, page(first), scope)).rows.map(
        (row) => `${row.plantCode} ${row.orderNo} ${row.operationNo}`,
      );
    expect(await numbers({ states: ['RUNNING'] })).toEqual(['BER 10001 0010', 'LYO 20001 0010']);
    expect(await numbers({ plantCode: 'BER', workCenterCode: 'PACK-L2' })).toEqual(['BER 10004 0030']);
    expect(await numbers({}, { plantCodes: ['LYO'], partner: null } as never, 1)).toEqual(['LYO 20001 0010']);
    expect(await numbers({}, { plantCodes: null, partner: 'CM-400' } as never)).toEqual([]);
    const first = await mes.operations({}, page(4), everything);
    const rest = await mes.operations({}, page(100, 'BER/10004/0010'), everything);
    expect(first.hasNextPage).toBe(true);
    expect([...first.rows, ...rest.rows]).toHaveLength(12);
  });

  test('a step begins once the steps before it have, and a lot is produced when the last one has ended', async () => {
    expect(await post(step('startOperation', '0030'))).toMatchObject({ status: 'REFUSED', code: 'SEQUENCE_VIOLATION' });
    await post(step('startOperation', '0020'));
    expect(await post(step('startOperation', '0030'))).toMatchObject({ status: 'POSTED' });
    await post(completion('0010', '9000.5', '1.5'));
    expect(await operation('10001', '0010')).toMatchObject({
      state: 'ENDED',
      producedQuantity: '9000.5',
      scrapQuantity: '1.5',
      endedAt: '2026-11-23T06:00:00.000Z',
    });
    await post(completion('0020'));
    expect(await lotState('L10001')).toBe('IN_PROCESS');
    await post(completion('0030'));
    expect(await lotState('L10001')).toBe('PRODUCED');
    expect(await post(completion('0030'))).toMatchObject({ status: 'REFUSED', code: 'STATE_NOT_ALLOWED' });
  });

  test('what is dispatched is known with its partner, once', async () => {
    const body = {
      name: 'dispatchOperation',
      orderNo: '10003',
      operationNo: '0010',
      reason: null,
      workCenterCode: 'FILL-L2',
      lineCode: 'L2',
      materialCode: 'LEMON-05L',
      lotNumber: 'L10003',
      unit: 'H87',
      partner: 'CM-400',
    } as const;
    expect(await post(body)).toMatchObject({ status: 'POSTED', result: { from: null, to: 'ALLOWED_TO_START' } });
    expect(await post(body)).toMatchObject({ status: 'REFUSED', code: 'STATE_NOT_ALLOWED' });
    const { rows } = await mes.operations({}, page(), { plantCodes: null, partner: 'CM-400' });
    expect(rows.map(({ orderNo }) => orderNo)).toEqual(['10003']);
    expect(await post({ ...body, operationNo: '0020', workCenterCode: 'NONE' as never })).toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('an operation is held as long as any cause holds it, and then a person resumes it', async () => {
    await post(cause('holdOperation', '0010', 'H1'));
    await post(cause('holdOperation', '0010', 'H2'));
    expect(await post(cause('holdOperation', '0010', 'H2'))).toMatchObject({ result: { changed: false } });
    expect(await operation('10001', '0010')).toMatchObject({ state: 'HELD' });
    expect((await operation('10001', '0010')).causes.toSorted()).toEqual(['H1', 'H2']);
    await post(cause('unholdOperation', '0010', 'H1'));
    expect((await operation('10001', '0010')).state).toBe('HELD');
    expect(await post(step('resumeOperation', '0010'))).toMatchObject({ code: 'STATE_NOT_ALLOWED' });
    await post(cause('unholdOperation', '0010', 'H2'));
    expect(await operation('10001', '0010')).toMatchObject({ state: 'SUSPENDED', causes: [] });
    expect(await post(step('resumeOperation', '0010'))).toMatchObject({ status: 'POSTED' });
    await post(cause('holdOperation', '0020', 'H1'));
    expect((await operation('10001', '0020')).state).toBe('NOT_ALLOWED_TO_START');
    await post(cause('unholdOperation', '0020', 'H1'));
    expect((await operation('10001', '0020')).state).toBe('ALLOWED_TO_START');
  });

  test('consumption is what a running operation takes, and leads from a lot to where it went', async () => {
    const lot = { plantCode: 'BER', materialCode: 'PREFORM-05L', lotNumber: 'P1010' };
    const use = (operationNo: string, quantity = '2400') =>
      post({
        name: 'recordConsumption',
        orderNo: '10001',
        operationNo,
        reason: null,
        materialCode: lot.materialCode,
        lotNumber: lot.lotNumber,
        quantity,
        unit: 'H87',
      });
    expect(await use('0010')).toMatchObject({ status: 'POSTED', version: '1' });
    expect(await use('0020')).toMatchObject({ code: 'STATE_NOT_ALLOWED' });
    expect(await use('0010', '0')).toMatchObject({ code: 'QUANTITY_TOLERANCE' });
    const key = { plantCode: 'BER', orderNo: '10001', operationNo: '0010' };
    expect(await mes.consumptionsOfOperations([key])).toMatchObject([{ lotNumber: 'P1010', quantity: '2400' }]);
    const made = { plantCode: 'BER', materialCode: 'WATER-05L', lotNumber: 'L10001' };
    const links = await mes.operationsOfLots([lot, made]);
    expect(links.filter((link) => link.lot.lotNumber === 'P1010').map((link) => link.operation.operationNo)).toEqual([
      '0010',
    ]);
    expect(links.filter((link) => link.lot.lotNumber === 'L10001')).toHaveLength(3);
  });

  test('nothing ends before it has begun, but for what the clocks of two terminals differ by', async () => {
    const startedAt = '2026-11-23T06:00:00.000Z';
    const start = (orderNo: string, operationNo: string) =>
      post({ name: 'startOperation', orderNo, operationNo, reason: null }, { occurredAt: startedAt });
    const end = (occurredAt: string) => post({ ...completion('0010'), orderNo: '10004' }, { occurredAt });
    await start('10004', '0010');
    expect(await end('2026-11-23T05:54:59.000Z')).toMatchObject({ code: 'DATES_INVALID' });
    expect(await end('2026-11-23T05:56:00.000Z')).toMatchObject({ status: 'POSTED' });
    expect(await operation('10004', '0010')).toMatchObject({ startedAt, endedAt: startedAt });
    mes = createReferenceMes({ database, clock: clockAt('2026-11-23T04:00:00.000Z') });
    // Our clock was ahead when it began: nobody could give a time that fits.
    expect(await post(completion('0010'), { occurredAt: '2026-11-23T04:00:00.000Z' })).toMatchObject({
      status: 'POSTED',
    });
    expect(await operation('10001', '0010')).toMatchObject({ endedAt: '2026-11-23T05:00:00.000Z' });
    const stop = { name: 'reportDowntime', downtimeId: 'DT-9', assetId: 'A', workCenterCodes: [] } as const;
    await post({ ...stop, reasonCode: 'JAM', planned: false }, { occurredAt: startedAt });
    const early = await post({ name: 'endDowntime', downtimeId: 'DT-9' }, { occurredAt: '2026-11-23T05:56:00.000Z' });
    expect(early).toMatchObject({ status: 'POSTED', result: { durationSeconds: 0 } });
  });

  test('a downtime is open until it is ended, and counts from when it happened', async () => {
    const report = (downtimeId: string, workCenterCodes: readonly string[]) =>
      post({
        name: 'reportDowntime',
        downtimeId,
        assetId: 'BER-FILLER-L1',
        workCenterCodes,
        reasonCode: 'MECHANICAL',
        planned: false,
      });
    const end = (occurredAt: string) => post({ name: 'endDowntime', downtimeId: 'DT-1' }, { occurredAt });
    expect(await report('DT-1', ['FILL-L1'])).toMatchObject({ status: 'POSTED' });
    expect(await report('DT-1', [])).toMatchObject({ code: 'STATE_NOT_ALLOWED' });
    expect(await report('DT-2', ['FILL-L9'])).toMatchObject({ code: 'NOT_FOUND' });
    expect(await end('2026-11-23T05:00:00.000Z')).toMatchObject({ code: 'DATES_INVALID' });
    const open = await mes.downtimes({ plantCode: 'BER', lineCode: 'L1', states: ['OPEN'] }, page(), everything);
    expect(open.rows).toMatchObject([{ downtimeId: 'DT-1', workCenterCodes: ['FILL-L1'], planned: false }]);
    expect(await end('2026-11-23T06:30:00.000Z')).toMatchObject({ result: { durationSeconds: 1800 } });
    expect(await end('2026-11-23T06:30:00.000Z')).toMatchObject({ code: 'STATE_NOT_ALLOWED' });
    expect(await mes.downtimesOfAssets([{ plantCode: 'BER', assetId: 'BER-FILLER-L1' }])).toMatchObject([
      { state: 'ENDED', endedAt: '2026-11-23T06:30:00.000Z' },
    ]);
    expect(mayLead(downtimeMachine, 'OPEN', 'end', 'ENDED')).toBe(true);
  });

  test('the same transition again is one posting; another on the same version is refused', async () => {
    const version = (await operation('10001', '0010')).version;
    const pause = () => post(step('pauseOperation', '0010'), { transitionId: 'same', expectedVersion: version });
    const [first, second] = await Promise.all([pause(), pause()]);
    expect(first).toEqual(second);
    expect(await mes.postingOf('same', 'BER', signal)).toEqual(first);
    expect(await post(step('resumeOperation', '0010'), { expectedVersion: version })).toMatchObject({
      code: 'VERSION_CONFLICT',
    });
  });

  const names = {
    startOperation: 'start',
    pauseOperation: 'pause',
    resumeOperation: 'resume',
    completeOperation: 'complete',
    abortOperation: 'abort',
    holdOperation: 'hold',
    unholdOperation: 'unhold',
  } as const;

  test('no sequence of calls brings an operation anywhere that its state machine does not lead to', async () => {
    const calls = fc.record({
      name: fc.constantFrom(...(Object.keys(names) as (keyof typeof names)[])),
      causeRef: fc.constantFrom('H1', 'H2'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(calls, { maxLength: 14 }), async (sequence) => {
        await database.write(async (tx) => {
          await tx.deleteFrom('operation_cause').execute();
          await tx
            .updateTable('operation')
            .set({ state: 'ALLOWED_TO_START' })
            .where('operation_no', '=', '0020')
            .execute();
        });
        let before = await operation('10001', '0020');
        for (const { name, causeRef } of sequence) {
          const body = { ...completion('0020'), name, causeRef } as unknown as Body<MesCommand>;
          const posting = await post(body);
          const after = await operation('10001', '0020');
          if (posting.status === 'REFUSED') expect(after).toEqual(before);
          else expect(mayLead(operationMachine, before.state, names[name], after.state)).toBe(true);
          if (name === 'unholdOperation') expect(freeing[before.state] ?? [before.state]).toContain(after.state);
          const isHeld = after.state === 'HELD' || after.state === 'NOT_ALLOWED_TO_START';
          if (after.state !== 'ABORTED') expect(after.causes.length > 0).toBe(isHeld);
          before = after;
        }
      }),
      { numRuns: dialect === 'sqlite' ? 40 : 10 },
    );
  });
});

/** Letting go of a cause leads to freedom or to nothing; it never starts, ends or interrupts anything. */
const freeing: Partial<Record<OperationState, readonly OperationState[]>> = {
  NOT_ALLOWED_TO_START: ['NOT_ALLOWED_TO_START', 'ALLOWED_TO_START'],
  HELD: ['HELD', 'SUSPENDED'],
};
