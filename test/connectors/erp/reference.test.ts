import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { demoPlants } from '../../../connectors/demo-plant.ts';
import type { ErpCommand, ErpPort, StockType } from '../../../connectors/erp/port.ts';
import { createReferenceErp } from '../../../connectors/erp/reference.ts';
import { fillReferenceErp } from '../../../connectors/erp/reference-demo.ts';
import { erpMigrations } from '../../../connectors/erp/reference-migrations.ts';
import type { ErpTables } from '../../../connectors/erp/reference-tables.ts';
import { SystemTimeoutError, SystemUnavailableError } from '../../../connectors/errors.ts';
import type { Posting } from '../../../connectors/posting.ts';
import { systemClock } from '../../../runtime/clock.ts';
import type { Database } from '../../../storage/database.ts';
import { confirmationMachine, deliveryMachine, orderMachine } from '../../../subgraphs/erp/machines.ts';
import { dialects, openTestStorage, type TestStorage } from '../../support/database.ts';
import { mayLead } from '../../support/may-lead.ts';
import { type Body, commandsOf, everything, page, signal } from '../reference-command.ts';

describe.each(dialects)('the reference ERP on %s', (dialect) => {
  let place: TestStorage;
  let database: Database<ErpTables>;
  let erp: ErpPort;
  const command = commandsOf<ErpCommand>('paula');

  beforeEach(async () => {
    place = await openTestStorage(dialect);
    database = await place.storage.open<ErpTables>('erp', erpMigrations);
    await fillReferenceErp(database, demoPlants, systemClock);
    erp = createReferenceErp({ database, clock: systemClock });
  });
  afterEach(() => place.dispose());

  const post = (body: Body<ErpCommand>, over: Partial<ErpCommand> = {}) => erp.post(command(body, over), signal);
  const order = async (orderNo: string) => (await erp.ordersByKeys([{ plantCode: 'BER', orderNo }]))[0]!;
  const lot = async (materialCode: string, lotNumber: string) =>
    (await erp.lotsByKeys([{ plantCode: 'BER', materialCode, lotNumber }]))[0]!;
  const delivery = async (deliveryNo: string) => (await erp.deliveriesByKeys([{ plantCode: 'BER', deliveryNo }]))[0]!;
  const release = (orderNo: string) => ({ name: 'releaseProductionOrder', orderNo, reason: null }) as const;

  const setStatus = (
    lotNumber: string,
    toStockType: StockType,
    { causeRef = null, fromStockType = null }: { causeRef?: string | null; fromStockType?: StockType | null } = {},
  ) => post({ name: 'changeStockStatus', materialCode: 'WATER-05L', lotNumber, toStockType, fromStockType, causeRef });
  const typesOf = async (lotNumber: string) =>
    (await lot('WATER-05L', lotNumber)).stock.map(({ stockType, quantity }) => `${quantity} ${stockType}`);

  test('is filled once: a second start changes nothing', async () => {
    await post(release('10002'));
    await fillReferenceErp(database, demoPlants, systemClock);
    expect((await order('10002')).state).toBe('RELEASED');
    expect((await erp.plants({}, page(), everything)).rows.map(({ plantCode }) => plantCode)).toEqual(['BER', 'LYO']);
  });

  test('a row carries what belongs to it', async () => {
    expect(await order('10001')).toMatchObject({
      lineCode: 'L1',
      materialKind: 'FINISHED',
      operations: [
        { operationNo: '0010', workCenterCode: 'FILL-L1', constrained: true, plannedQuantity: '9600' },
        { operationNo: '0020', workCenterCode: 'LABEL-L1', constrained: false },
        { operationNo: '0030', workCenterCode: 'PACK-L1', constrained: true },
      ],
    });
    expect(await delivery('D1001')).toMatchObject({
      state: 'ALLOCATED',
      blocks: [],
      items: [
        { lotNumber: 'L10001', orderNo: '10001', stock: [{ stockType: 'QUALITY_INSPECTION', quantity: '2400' }] },
        { lotNumber: 'L10900', orderNo: null, stock: [{ stockType: 'UNRESTRICTED', quantity: '4800' }] },
      ],
    });
  });

  test('a list is paged by key, without a row twice or left out', async () => {
    const all = (await erp.lots({}, page(), everything)).rows.map(({ plantCode, materialCode, lotNumber }) =>
      [plantCode, materialCode, lotNumber].join('/'),
    );
    expect(all).toHaveLength(16);
    const seen: string[] = [];
    for (let after: string | null = null; ; after = seen.at(-1)!) {
      const { rows, hasNextPage } = await erp.lots({}, page(3, after), everything);
      seen.push(
        ...rows.map(({ plantCode, materialCode, lotNumber }) => [plantCode, materialCode, lotNumber].join('/')),
      );
      if (!hasNextPage) break;
    }
    expect(seen).toEqual(all);
    await expect(erp.lots({}, page(3, 'BER'), everything)).rejects.toMatchObject({ code: 'INVALID_CURSOR' });
  });

  test('a reader sees the plants and the partner of its scope, before anything is paged', async () => {
    const scope = { plantCodes: ['BER'], partner: 'CM-400' };
    const numbers = async (read: ErpPort['orders']) =>
      (await read({}, page(1), scope)).rows.map(({ orderNo }) => orderNo);
    expect(await numbers(erp.orders)).toEqual(['10003']);
    expect((await erp.lots({}, page(), scope)).rows.map(({ lotNumber }) => lotNumber)).toEqual(['L10003', 'L10901']);
    expect((await erp.deliveries({}, page(), scope)).rows.map(({ deliveryNo }) => deliveryNo)).toEqual(['D1003']);
    expect((await erp.materials({}, page(), scope)).rows).toEqual([]);
    expect((await erp.orders({}, page(), { plantCodes: [], partner: null })).rows).toEqual([]);
  });

  test('filters mean what they say', async () => {
    const orders = async (filter: Parameters<ErpPort['orders']>[0]) =>
      (await erp.orders(filter, page(), everything)).rows.map(({ orderNo }) => orderNo);
    expect(await orders({ plantCode: 'BER', states: ['PLANNED', 'RELEASED'] })).toEqual(['10002', '10003', '10004']);
    expect(await orders({ plantCode: 'BER', lineCode: 'L2', states: ['PLANNED'] })).toEqual(['10003']);
    expect(await orders({ states: [] })).toEqual([]);
    const before = new Date(Date.parse((await order('10002')).changedAt) + 1).toISOString();
    await post(release('10002'), { occurredAt: before });
    expect(await orders({ changedSince: (await order('10002')).changedAt, states: ['RELEASED'] })).toContain('10002');
    expect(await orders({ changedSince: '2999-01-01T00:00:00.000Z' })).toEqual([]);
    const lots = async (filter: Parameters<ErpPort['lots']>[0]) =>
      (await erp.lots(filter, page(), everything)).rows.map(({ lotNumber }) => lotNumber);
    expect(await lots({ plantCode: 'BER', stockTypes: ['QUALITY_INSPECTION'] })).toEqual(['L10001']);
    expect(await lots({ plantCode: 'BER', lineCode: 'L1' })).toEqual(['L10001', 'L10002']);
    expect(await lots({ orderNo: '20004' })).toEqual(['L20004']);
    await post({ name: 'setDeliveryBlock', deliveryNo: 'D1002', causeRef: 'H1' });
    const deliveries = async (blocked: boolean) =>
      (await erp.deliveries({ plantCode: 'BER', blocked }, page(), everything)).rows.map((row) => row.deliveryNo);
    expect(await deliveries(true)).toEqual(['D1002']);
    expect(await deliveries(false)).toEqual(['D1001', 'D1003']);
  });

  test('the same transition posted again, even at once, is one posting', async () => {
    const one = command(release('10002'));
    const postings = await Promise.all([erp.post(one, signal), erp.post(one, signal), erp.post(one, signal)]);
    for (const posting of postings) expect(posting).toEqual(postings[0]);
    expect(postings[0]).toMatchObject({ status: 'POSTED', result: { from: 'PLANNED', to: 'RELEASED' } });
    expect((await order('10002')).version).toBe('2');
    expect(await erp.postingOf(one.transitionId, 'BER', signal)).toEqual(postings[0]);
    expect(await erp.postingOf('T-none', 'BER', signal)).toBeNull();
  });

  test('of two that were decided on the same version, the second is refused', async () => {
    const { version } = await order('10002');
    const commands = [release('10002'), { name: 'cancelProductionOrder', orderNo: '10002', reason: null } as const];
    const postings = await Promise.all(commands.map((body) => post(body, { expectedVersion: version })));
    expect(postings.map(({ status }) => status).sort()).toEqual(['POSTED', 'REFUSED']);
    expect(postings.find(({ status }) => status === 'REFUSED')).toMatchObject({ code: 'VERSION_CONFLICT' });
  });

  test('of two identical state changes without a version, the second is refused by its state', async () => {
    const postings = await Promise.all([post(release('10002')), post(release('10002'))]);
    expect(postings.filter(({ status }) => status === 'POSTED')).toHaveLength(1);
    expect(postings.find(({ status }) => status === 'REFUSED')).toMatchObject({ code: 'STATE_NOT_ALLOWED' });
  });

  test('an order that is created has the steps of its line, a number of its own and a lot', async () => {
    const body = {
      name: 'createProductionOrder',
      lineCode: 'L1',
      materialCode: 'WATER-05L',
      quantity: '1200',
      unit: 'H87',
      lotNumber: null,
      plannedStart: '2026-12-01T05:00:00.000Z',
      plannedEnd: '2026-12-01T09:00:00.000Z',
    } as const;
    const posting = await post(body);
    expect(posting).toMatchObject({ status: 'POSTED', result: { orderNo: '10005', lotNumber: 'L10005' } });
    expect((await order('10005')).operations.map(({ workCenterCode }) => workCenterCode)).toEqual([
      'FILL-L1',
      'LABEL-L1',
      'PACK-L1',
    ]);
    expect(await lot('WATER-05L', 'L10005')).toMatchObject({ orderNo: '10005', lineCode: 'L1', stock: [] });
    const refused = async (over: Partial<typeof body>) => {
      const posted = await post({ ...body, ...over } as typeof body);
      return posted.status === 'REFUSED' ? posted.code : posted.status;
    };
    expect(await refused({ unit: 'LTR' as never })).toBe('UNIT_CONVERSION_MISSING');
    expect(await refused({ quantity: '0' as never })).toBe('QUANTITY_TOLERANCE');
    expect(await refused({ materialCode: 'CAP-28' as never })).toBe('MATERIAL_NOT_PRODUCED');
    expect(await refused({ lineCode: 'L9' as never })).toBe('ROUTING_MISSING');
    expect(await refused({ plannedEnd: '2026-11-01T00:00:00.000Z' as never })).toBe('DATES_INVALID');
    expect(await refused({ lotNumber: 'L10001' as never })).toBe('LOT_EXISTS');
  });

  test('moving stock moves it exactly, and never more than there is', async () => {
    const move = (quantity: string, fromLocation = 'FG01') =>
      post({
        name: 'moveStock',
        materialCode: 'WATER-05L',
        lotNumber: 'L10900',
        fromLocation,
        toLocation: 'FG02',
        quantity,
      });
    expect(await move('0.1')).toMatchObject({ status: 'POSTED' });
    expect(await move('0.2')).toMatchObject({ status: 'POSTED' });
    expect((await lot('WATER-05L', 'L10900')).stock).toMatchObject([
      { storageLocation: 'FG01', quantity: '4799.7' },
      { storageLocation: 'FG02', quantity: '0.3' },
    ]);
    expect(await move('4800')).toMatchObject({ status: 'REFUSED', code: 'STOCK_INSUFFICIENT' });
    expect(await move('1', 'FG02')).toMatchObject({ status: 'REFUSED', code: 'SAME_LOCATION' });
    expect(await move('-1')).toMatchObject({ status: 'REFUSED', code: 'QUANTITY_TOLERANCE' });
    await move('4799.7');
    expect((await lot('WATER-05L', 'L10900')).stock).toMatchObject([{ storageLocation: 'FG02', quantity: '4800.0' }]);
  });

  test('a blocked lot is neither picked nor shipped, whoever asks, and free again it is', async () => {
    const status = (toStockType: 'BLOCKED' | 'UNRESTRICTED') => setStatus('L10900', toStockType, { causeRef: 'H1' });
    const pick = () => post({ name: 'pickDelivery', deliveryNo: 'D1002' });
    const ship = () => post({ name: 'releaseShipment', deliveryNo: 'D1002' });
    expect(await status('BLOCKED')).toMatchObject({ result: { from: 'UNRESTRICTED', to: 'BLOCKED', changed: true } });
    expect(await status('BLOCKED')).toMatchObject({ result: { from: 'BLOCKED', to: 'BLOCKED', changed: false } });
    expect(await pick()).toMatchObject({ status: 'REFUSED', code: 'LOT_STATUS_INVALID' });
    await status('UNRESTRICTED');
    expect(await pick()).toMatchObject({ status: 'POSTED', result: { from: 'ALLOCATED', to: 'PICKED' } });
    await status('BLOCKED');
    expect(await ship()).toMatchObject({ status: 'REFUSED', code: 'LOT_STATUS_INVALID' });
    await status('UNRESTRICTED');
    expect(await ship()).toMatchObject({ status: 'POSTED', result: { from: 'PICKED', to: 'SHIPPED' } });
    expect((await lot('WATER-05L', 'L10900')).stock).toMatchObject([{ quantity: '2400' }]);
  });

  test('stock is free again when the last cause has ended, and only what was free before', async () => {
    const ofMaterial = { causeRef: 'H-MATERIAL', fromStockType: 'UNRESTRICTED' } as const;
    const back = { causeRef: 'H-MATERIAL', fromStockType: 'BLOCKED' } as const;
    // L10001 waits for quality, L10900 is free.
    for (const lotNumber of ['L10001', 'L10900']) await setStatus(lotNumber, 'BLOCKED', ofMaterial);
    expect(await typesOf('L10001')).toEqual(['2400 QUALITY_INSPECTION']);
    expect(await typesOf('L10900')).toEqual(['4800 BLOCKED']);
    const filter = { plantCode: 'BER', heldBy: 'H-MATERIAL' };
    expect((await erp.lots(filter, page(), everything)).rows.map(({ lotNumber }) => lotNumber)).toEqual([
      'L10001',
      'L10900',
    ]);
    await setStatus('L10900', 'BLOCKED', { causeRef: 'H-LOT' });
    await setStatus('L10900', 'UNRESTRICTED', back);
    expect(await typesOf('L10900')).toEqual(['4800 BLOCKED']);
    await setStatus('L10900', 'UNRESTRICTED', { causeRef: 'H-LOT' });
    expect(await typesOf('L10900')).toEqual(['4800 UNRESTRICTED']);
    await setStatus('L10001', 'BLOCKED', { causeRef: 'H-LOT' });
    await setStatus('L10001', 'UNRESTRICTED', back);
    expect(await typesOf('L10001')).toEqual(['2400 BLOCKED']);
    expect((await erp.lots(filter, page(), everything)).rows).toEqual([]);
  });

  test('what was decided to be free while something else still held it is free when that ends', async () => {
    await setStatus('L10001', 'BLOCKED', { causeRef: 'H-LOT' });
    await setStatus('L10001', 'BLOCKED', { causeRef: 'H-MATERIAL', fromStockType: 'UNRESTRICTED' });
    await setStatus('L10001', 'UNRESTRICTED', { causeRef: 'H-LOT' });
    expect(await typesOf('L10001')).toEqual(['2400 BLOCKED']);
    await setStatus('L10001', 'UNRESTRICTED', { causeRef: 'H-MATERIAL', fromStockType: 'BLOCKED' });
    expect(await typesOf('L10001')).toEqual(['2400 UNRESTRICTED']);
  });

  test('stock waits for quality while its inspection is a cause, and is free when that ends', async () => {
    const decided = { causeRef: 'LOT', fromStockType: 'QUALITY_INSPECTION' } as const;
    await setStatus('L10001', 'BLOCKED', { causeRef: 'H-LOT' });
    await setStatus('L10001', 'QUALITY_INSPECTION', { causeRef: 'LOT' });
    await setStatus('L10001', 'UNRESTRICTED', { causeRef: 'H-LOT' });
    expect(await typesOf('L10001')).toEqual(['2400 QUALITY_INSPECTION']);
    await setStatus('L10001', 'UNRESTRICTED', decided);
    expect(await typesOf('L10001')).toEqual(['2400 UNRESTRICTED']);
  });

  test('what quality has passed is free when nothing else holds it, and never what somebody else has blocked', async () => {
    const decided = { causeRef: 'LOT', fromStockType: 'QUALITY_INSPECTION' } as const;
    const ofMaterial = { causeRef: 'H-MATERIAL', fromStockType: 'QUALITY_INSPECTION' } as const;
    await setStatus('L10900', 'BLOCKED');
    await setStatus('L10900', 'UNRESTRICTED', decided);
    expect(await typesOf('L10900')).toEqual(['4800 BLOCKED']);
    await setStatus('L10001', 'BLOCKED', ofMaterial);
    await setStatus('L10001', 'UNRESTRICTED', decided);
    expect(await typesOf('L10001')).toEqual(['2400 BLOCKED']);
    await setStatus('L10001', 'UNRESTRICTED', { causeRef: 'H-MATERIAL', fromStockType: 'BLOCKED' });
    expect(await typesOf('L10001')).toEqual(['2400 UNRESTRICTED']);
  });

  test('no sequence of causes leaves stock free that one of them still restricts, or loses any of it', async () => {
    const lotCall = fc.record({
      causeRef: fc.constantFrom('H1', 'H2', 'H3'),
      isPlaced: fc.boolean(),
      isOfMaterial: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(lotCall, { maxLength: 12 }), async (calls) => {
        await database.write((tx) => tx.deleteFrom('stock_cause').execute());
        await setStatus('L10900', 'UNRESTRICTED');
        const standing = new Set<string>();
        for (const { causeRef, isPlaced, isOfMaterial } of calls) {
          const fromStockType = isOfMaterial ? (isPlaced ? 'UNRESTRICTED' : 'BLOCKED') : null;
          await setStatus('L10900', isPlaced ? 'BLOCKED' : 'UNRESTRICTED', { causeRef, fromStockType });
          if (isPlaced) standing.add(causeRef);
          else standing.delete(causeRef);
          expect(await typesOf('L10900')).toEqual([`4800 ${standing.size > 0 ? 'BLOCKED' : 'UNRESTRICTED'}`]);
          for (const heldBy of ['H1', 'H2', 'H3']) {
            const { rows } = await erp.lots({ heldBy }, page(), everything);
            expect(rows.length === 1).toBe(standing.has(heldBy));
          }
        }
      }),
      { numRuns: dialect === 'sqlite' ? 40 : 10 },
    );
  });

  test('what a cause holds is found by it: deliveries and work centers too', async () => {
    await post({ name: 'setDeliveryBlock', deliveryNo: 'D1002', causeRef: 'H1' });
    await post({
      name: 'setWorkCenterCapacity',
      workCenterCode: 'FILL-L1',
      capacityStatus: 'UNAVAILABLE',
      causeRef: 'H1',
    });
    const held = async (heldBy: string) => [
      ...(await erp.deliveries({ heldBy }, page(), everything)).rows.map(({ deliveryNo }) => deliveryNo),
      ...(await erp.workCenters({ heldBy }, page(), everything)).rows.map(({ workCenterCode }) => workCenterCode),
    ];
    expect(await held('H1')).toEqual(['D1002', 'FILL-L1']);
    expect(await held('H2')).toEqual([]);
  });

  test('what is picked for one delivery is not there for another', async () => {
    const take = { name: 'moveStock', materialCode: 'WATER-05L', lotNumber: 'L10900', fromLocation: 'FG01' } as const;
    await setStatus('L10001', 'UNRESTRICTED');
    await post({ ...take, toLocation: 'FG02', quantity: '1' });
    expect(await post({ name: 'pickDelivery', deliveryNo: 'D1002' })).toMatchObject({ status: 'POSTED' });
    await database.write((tx) =>
      tx
        .updateTable('stock')
        .set({ quantity: '2900' })
        .where('storage_location', '=', 'FG01')
        .where('lot_number', '=', 'L10900')
        .execute(),
    );
    expect(await post({ name: 'pickDelivery', deliveryNo: 'D1001' })).toMatchObject({
      status: 'REFUSED',
      code: 'STOCK_INSUFFICIENT',
    });
  });

  test('a delivery leaves only when every cause that blocks it is gone', async () => {
    const block = (causeRef: string) => post({ name: 'setDeliveryBlock', deliveryNo: 'D1002', causeRef });
    const unblock = (causeRef: string) => post({ name: 'removeDeliveryBlock', deliveryNo: 'D1002', causeRef });
    const pick = () => post({ name: 'pickDelivery', deliveryNo: 'D1002' });
    expect(await block('H1')).toMatchObject({ result: { changed: true } });
    expect(await block('H1')).toMatchObject({ result: { changed: false } });
    await block('H2');
    expect((await delivery('D1002')).blocks.map(({ cause }) => cause).sort()).toEqual(['H1', 'H2']);
    await unblock('H1');
    expect(await pick()).toMatchObject({ status: 'REFUSED', code: 'DELIVERY_BLOCKED' });
    await unblock('H2');
    expect(await unblock('H2')).toMatchObject({ result: { changed: false } });
    expect(await pick()).toMatchObject({ status: 'POSTED' });
  });

  test('a work center has the worst capacity that any cause leaves, until the last one has ended', async () => {
    const set = (causeRef: string, capacityStatus: 'AVAILABLE' | 'REDUCED' | 'UNAVAILABLE') =>
      post({ name: 'setWorkCenterCapacity', workCenterCode: 'FILL-L1', capacityStatus, causeRef });
    expect(await set('DT-1', 'UNAVAILABLE')).toMatchObject({ result: { from: 'AVAILABLE', to: 'UNAVAILABLE' } });
    expect(await set('DT-2', 'REDUCED')).toMatchObject({ result: { from: 'UNAVAILABLE', to: 'UNAVAILABLE' } });
    expect(await set('DT-1', 'AVAILABLE')).toMatchObject({ result: { from: 'UNAVAILABLE', to: 'REDUCED' } });
    expect(await set('DT-2', 'AVAILABLE')).toMatchObject({ result: { from: 'REDUCED', to: 'AVAILABLE' } });
  });

  test('what does not exist is refused, and what is aborted says whether it may have happened', async () => {
    expect(await post(release('99999'))).toMatchObject({ status: 'REFUSED', code: 'NOT_FOUND' });
    expect(await post(release('10002'), { plantCode: 'LYO' })).toMatchObject({ status: 'REFUSED', code: 'NOT_FOUND' });
    await expect(erp.post(command(release('10002')), AbortSignal.abort())).rejects.toThrow(SystemUnavailableError);
    const gone = new AbortController();
    const late = erp.post(command(release('10002')), gone.signal);
    gone.abort();
    await expect(late).rejects.toThrow(SystemTimeoutError);
  });

  const orderCommands = [
    'releaseProductionOrder',
    'startProductionOrder',
    'holdProductionOrder',
    'resumeProductionOrder',
    'completeProductionOrder',
    'cancelProductionOrder',
  ] as const;
  const actionOf = (name: (typeof orderCommands)[number]) =>
    name.replace('ProductionOrder', '') as keyof typeof orderMachine.actions;

  test('no sequence of calls brings an order anywhere that its state machine does not lead to', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...orderCommands), { maxLength: 12 }), async (names) => {
        const created = await post({
          name: 'createProductionOrder',
          lineCode: 'L2',
          materialCode: 'LEMON-05L',
          quantity: '1',
          unit: 'H87',
          lotNumber: null,
          plannedStart: '2026-12-01T05:00:00.000Z',
          plannedEnd: '2026-12-01T09:00:00.000Z',
        });
        const { orderNo } = (created as Extract<Posting, { status: 'POSTED' }>).result as { orderNo: string };
        let { state } = await order(orderNo);
        let heldFrom = state;
        for (const name of names) {
          const posting = await post({ name, orderNo, reason: null });
          const after = (await order(orderNo)).state;
          if (posting.status === 'REFUSED') expect(after).toBe(state);
          else expect(mayLead(orderMachine, state, actionOf(name), after)).toBe(true);
          if (posting.status === 'POSTED' && name === 'holdProductionOrder') heldFrom = state;
          if (posting.status === 'POSTED' && name === 'resumeProductionOrder') expect(after).toBe(heldFrom);
          state = after;
        }
      }),
      { numRuns: dialect === 'sqlite' ? 40 : 10 },
    );
  });

  test('no sequence of calls confirms an operation twice, or anything of an order that is not worked on', async () => {
    const isOver = (confirmedAt: string | null) => (confirmedAt === null ? 'UNCONFIRMED' : 'CONFIRMED');
    const calls = fc.oneof(
      fc.constantFrom(...orderCommands).map((name) => ({ name, operationNo: null })),
      fc
        .constantFrom('0010', '0020', '0030')
        .map((operationNo) => ({ name: 'confirmOperation' as const, operationNo })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(calls, { maxLength: 12 }), async (sequence) => {
        const created = await post({
          name: 'createProductionOrder',
          lineCode: 'L2',
          materialCode: 'LEMON-05L',
          quantity: '10',
          unit: 'H87',
          lotNumber: null,
          plannedStart: '2026-12-01T05:00:00.000Z',
          plannedEnd: '2026-12-01T09:00:00.000Z',
        });
        const { orderNo } = (created as Extract<Posting, { status: 'POSTED' }>).result as { orderNo: string };
        for (const { name, operationNo } of sequence) {
          const before = await order(orderNo);
          const quantities = { yieldQuantity: '9.5', scrapQuantity: '0.5', unit: 'H87' };
          const body = operationNo === null ? { name, reason: null } : { name, operationNo, ...quantities };
          const posting = await post({ ...body, orderNo } as Body<ErpCommand>);
          const after = await order(orderNo);
          for (const [index, step] of after.operations.entries()) {
            const was = isOver(before.operations[index]?.confirmedAt ?? null);
            if (posting.status === 'POSTED' && step.operationNo === operationNo) {
              expect(mayLead(confirmationMachine, was, 'confirm', isOver(step.confirmedAt))).toBe(true);
              expect(['RELEASED', 'IN_PROCESS']).toContain(before.state);
            } else expect(isOver(step.confirmedAt)).toBe(was);
            expect(step.confirmedQuantity).toBe(step.confirmedAt === null ? '0' : '9.5');
          }
          expect(after.confirmedYield).toBe(after.operations.at(-1)?.confirmedQuantity);
        }
      }),
      { numRuns: dialect === 'sqlite' ? 40 : 10 },
    );
  });

  test('no sequence of calls brings a delivery anywhere that its state machine does not lead to', async () => {
    const actions = {
      pickDelivery: 'pick',
      releaseShipment: 'ship',
      setDeliveryBlock: 'block',
      removeDeliveryBlock: 'unblock',
    } as const;
    const calls = fc.record({
      name: fc.constantFrom(...(Object.keys(actions) as (keyof typeof actions)[])),
      causeRef: fc.constantFrom('H1', 'H2'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(calls, { maxLength: 10 }), async (sequence) => {
        await database.write(async (tx) => {
          await tx.updateTable('delivery').set({ state: 'ALLOCATED' }).where('delivery_no', '=', 'D1003').execute();
          await tx.deleteFrom('delivery_block').execute();
        });
        let { state } = await delivery('D1003');
        for (const { name, causeRef } of sequence) {
          const posting = await post({ name, deliveryNo: 'D1003', causeRef } as Body<ErpCommand>);
          const after = await delivery('D1003');
          if (posting.status === 'REFUSED') expect(after.state).toBe(state);
          else expect(mayLead(deliveryMachine, state, actions[name], after.state)).toBe(true);
          if (after.state === 'SHIPPED') expect(after.blocks).toEqual([]);
          state = after.state;
        }
      }),
      { numRuns: dialect === 'sqlite' ? 40 : 10 },
    );
  });
});
