import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { demoPlants } from '../../../connectors/demo-plant.ts';
import type { ErpPort } from '../../../connectors/erp/port.ts';
import { createReferenceErp } from '../../../connectors/erp/reference.ts';
import { fillReferenceErp } from '../../../connectors/erp/reference-demo.ts';
import { erpMigrations } from '../../../connectors/erp/reference-migrations.ts';
import type { ErpTables } from '../../../connectors/erp/reference-tables.ts';
import { SystemTimeoutError } from '../../../connectors/errors.ts';
import { type EntityId, entityId } from '../../../journal/entity-ref.ts';
import type { Restriction } from '../../../journal/restriction.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createErpSubgraph } from '../../../subgraphs/erp/index.ts';
import type { Subgraph } from '../../../subgraphs/subgraph.ts';
import { dialects, openTestJournal, type TestJournal } from '../../support/database.ts';
import { ask, codesOf, everythingAllowed, follow, GraphStub, perform, person } from '../subgraph-under-test.ts';

const order1 = 'mfg:BER:production-order:10001';
const order2 = 'mfg:BER:production-order:10002';
const lot900 = 'mfg:BER:lot:WATER-05L:L10900';
const delivery2 = 'mfg:BER:delivery:D1002';
const hold = entityId('BER', 'hold', 'QH-1');
const partner = person({ id: 'carl', partner: 'CM-400', plants: ['BER'] });

const ready = {
  InspectionPlans: { material: { inspectionPlans: [{ id: 'IP' }] } },
  AssetReadiness: { w0: { effectiveAvailability: 'AVAILABLE' }, w1: { effectiveAvailability: 'AVAILABLE' } },
  Eligibility: { shipmentEligibility: { eligible: true, blockers: [] } },
};

describe.each(dialects)('the ERP in the graph, on %s', (dialect) => {
  let place: TestJournal;
  let graph: GraphStub;
  let port: ErpPort;
  let erp: Subgraph;

  beforeEach(async () => {
    place = await openTestJournal(dialect);
    const database = await place.storage.open<ErpTables>('erp', erpMigrations);
    await fillReferenceErp(database, demoPlants, systemClock);
    graph = new GraphStub(ready);
    port = createReferenceErp({ database, clock: systemClock });
    const { journal, runtime } = place;
    erp = createErpSubgraph({ port, journal, runtime, graph, policies: everythingAllowed });
  });
  afterEach(() => place.dispose());

  const restrict = (entity: EntityId | string, restrictions: readonly Restriction[]) =>
    place.journal.write((tx) =>
      tx.place({
        kind: 'QUALITY_HOLD',
        entityId: entity as EntityId,
        plantCode: 'BER',
        partner: null,
        cause: hold,
        restrictions,
        reason: 'Hold QH-1',
        placedBy: 'quentin',
        placedByTransition: 'T-hold',
      }),
    );
  const state = async (id: string) =>
    (await ask(erp, `{ productionOrder(id: "${id}") { state { code } } }`)).data.productionOrder.state.code;
  const events = async () => (await place.journal.events.after('0', {}, 100)).map(({ type }) => type);

  test('one question follows an order to its line, lot, stock and deliveries', async () => {
    const { data, errors } = await ask(
      erp,
      `{ productionOrder(id: "${order1}") { orderNo plant { name } line { name workCenters { name } } material { name kind }
        quantity { value unit } confirmedYield { value } state { code } version
        operations { operationNo workCenter { constrained capacityStatus } plannedQuantity { value } order { id } }
        lot { lotNumber expiresOn order { id } stock { id storageLocation stockType quantity { value } lot { id } }
          deliveries { deliveryNo state { code } items { quantity { value unit } lot { lotNumber } material { name } } } } } }`,
    );
    expect(errors).toEqual([]);
    expect(data.productionOrder).toMatchObject({
      plant: { name: 'Berlin bottling' },
      line: { name: 'Line 1, PET', workCenters: [{ name: 'Filling, L1' }, {}, {}] },
      quantity: { value: '9600', unit: 'H87' },
      operations: [{ operationNo: '0010', order: { id: order1 } }, {}, {}],
      lot: {
        lotNumber: 'L10001',
        stock: [{ id: 'mfg:BER:stock-position:WATER-05L:L10001:FG01:QUALITY_INSPECTION', quantity: { value: '2400' } }],
        deliveries: [
          { deliveryNo: 'D1001', state: { code: 'ALLOCATED' }, items: [{}, { lot: { lotNumber: 'L10900' } }] },
        ],
      },
    });
  });

  test('what is unknown, malformed or in another plant is null, by id, by number and by reference', async () => {
    const ids = ['mfg:BER:production-order:99999', 'mfg:BER:lot:10001', 'nonsense', 'mfg:LYO:production-order:20001'];
    const principal = person({ plants: ['BER'] });
    for (const id of ids) {
      const { data, errors } = await ask(
        erp,
        `query One($id: ID!, $references: [_Any!]!) { productionOrder(id: $id) { id } lot(id: $id) { id } delivery(id: $id) { id }
          _entities(representations: $references) { __typename } }`,
        { principal, variables: { id, references: [{ __typename: 'ProductionOrder', id }] } },
      );
      expect(errors).toEqual([]);
      expect(data).toEqual({ productionOrder: null, lot: null, delivery: null, _entities: [null] });
    }
    const { data } = await ask(erp, '{ productionOrderByNumber(plant: "LYO", orderNo: "20001") { id } }', {
      principal,
    });
    expect(data.productionOrderByNumber).toBeNull();
    const found = await ask(erp, '{ lotByNumber(plant: "BER", material: "WATER-05L", lotNumber: "L10900") { id } }');
    expect(found.data.lotByNumber.id).toBe(lot900);
  });

  test('a partner sees its own rows by every path, and no others', async () => {
    const { data } = await ask(
      erp,
      `query Mine($references: [_Any!]!) {
        productionOrders { nodes { orderNo material { name } operations { operationNo } lot { lotNumber } } }
        lots { nodes { lotNumber } } deliveries { nodes { deliveryNo } } materials { nodes { id } } plants { nodes { id } }
        order: productionOrder(id: "${order1}") { id } lot(id: "${lot900}") { deliveries { deliveryNo } }
        _entities(representations: $references) { ... on Lot { lotNumber } ... on Operation { operationNo } } }`,
      {
        principal: partner,
        variables: {
          references: [
            { __typename: 'Lot', id: lot900 },
            { __typename: 'Lot', id: 'mfg:BER:lot:LEMON-05L:L10901' },
            { __typename: 'Operation', id: 'mfg:BER:operation:10001:0010' },
            { __typename: 'Operation', id: 'mfg:BER:operation:10003:0010' },
          ],
        },
      },
    );
    expect(data.productionOrders.nodes).toEqual([
      {
        orderNo: '10003',
        material: null,
        operations: [{}, {}, {}].map(() => expect.anything()),
        lot: { lotNumber: 'L10003' },
      },
    ]);
    expect(data.lots.nodes).toEqual([{ lotNumber: 'L10003' }, { lotNumber: 'L10901' }]);
    expect(data.deliveries.nodes).toEqual([{ deliveryNo: 'D1003' }]);
    expect([data.materials.nodes, data.plants.nodes, data.order, data.lot]).toEqual([[], [], null, null]);
    expect(data._entities).toEqual([null, { lotNumber: 'L10901' }, null, { operationNo: '0010' }]);
  });

  test('a list is a connection with filters, and its cursors lead on', async () => {
    const query = `query List($after: String) { productionOrders(filter: { plant: "BER", states: [PLANNED, RELEASED] }, first: 2, after: $after) {
      nodes { orderNo } pageInfo { hasNextPage endCursor } } }`;
    const first = (await ask(erp, query)).data.productionOrders;
    expect(first).toMatchObject({
      nodes: [{ orderNo: '10002' }, { orderNo: '10003' }],
      pageInfo: { hasNextPage: true },
    });
    const second = (await ask(erp, query, { variables: { after: first.pageInfo.endCursor } })).data.productionOrders;
    expect(second).toMatchObject({ nodes: [{ orderNo: '10004' }], pageInfo: { hasNextPage: false } });
    const wrong = await ask(erp, query, { variables: { after: Buffer.from('k:BER').toString('base64url') } });
    expect(wrong.errors[0].originalError).toMatchObject({ code: 'INVALID_CURSOR', expose: true });
  });

  test('a release that nothing stands against is done, announced and answered with the order as it is now', async () => {
    const answer = await perform(
      erp,
      'releaseProductionOrder',
      { orderId: order2 },
      { select: 'productionOrder { state { code } version }' },
    );
    expect(answer).toMatchObject({
      outcome: 'ACCEPTED',
      productionOrder: { state: { code: 'RELEASED' }, version: '2' },
    });
    expect(answer.document).toEqual(expect.any(String));
    const [event] = await place.journal.events.after('0', {}, 10);
    expect(event).toMatchObject({
      type: 'production.order.released',
      subject: order2,
      line: 'L1',
      stateChange: 'PLANNED>RELEASED',
      data: { orderNo: '10002', materialCode: 'WATER-05L', operationNos: ['0010', '0020', '0030'] },
    });
    expect(graph.asked.map(({ principal }) => principal.id)).toEqual(['paula', 'paula']);
  });

  test('a release is refused with every reason at once, and the ERP is not told', async () => {
    graph.answers = {
      InspectionPlans: { material: { inspectionPlans: [] } },
      AssetReadiness: { w0: { effectiveAvailability: 'DOWN' }, w1: { effectiveAvailability: 'AVAILABLE' } },
    };
    await restrict('mfg:BER:lot:WATER-05L:L10002', ['START_OPERATION']);
    const answer = await perform(
      erp,
      'releaseProductionOrder',
      { orderId: order2 },
      { meta: { expectedVersion: '7' } },
    );
    expect(answer.outcome).toBe('REJECTED');
    expect(codesOf(answer)).toEqual(['VERSION_CONFLICT', 'INSPECTION_PLAN_MISSING', 'ASSET_DOWN', 'INTERLOCKED']);
    expect(answer.rejections[2]).toMatchObject({ system: 'CMMS', blockingRef: 'mfg:BER:work-center:FILL-L1' });
    expect(answer.rejections[3]).toMatchObject({ system: 'QMS', blockingRef: hold });
    for (const { remediation } of answer.rejections) expect(remediation).toEqual(expect.any(String));
    expect(await state(order2)).toBe('PLANNED');
    expect(await events()).toEqual([]);
  });

  test.each([
    ['nobody answers', {}],
    ['the graph fails', { InspectionPlans: new Error('down'), AssetReadiness: new Error('down') }],
    [
      'their fields are null',
      { InspectionPlans: { material: { inspectionPlans: null } }, AssetReadiness: { w0: null, w1: null } },
    ],
  ])('a release fails closed when QMS and CMMS cannot be asked: %s', async (_case, answers) => {
    graph.answers = answers;
    const answer = await perform(erp, 'releaseProductionOrder', { orderId: order2 });
    expect(answer.outcome).toBe('REJECTED');
    expect(answer.rejections.map(({ code, system }: { code: string; system: string }) => `${code} ${system}`)).toEqual(
      expect.arrayContaining(['SYSTEM_UNAVAILABLE QMS', 'SYSTEM_UNAVAILABLE CMMS']),
    );
  });

  test('what is available is what the mutation would answer', async () => {
    const query = `{ productionOrder(id: "${order2}") { availableTransitions { name allowed blockers { code } } } }`;
    const allowed = async () =>
      (await ask(erp, query)).data.productionOrder.availableTransitions
        .filter((one: { allowed: boolean }) => one.allowed)
        .map(({ name }: { name: string }) => name);
    expect(await allowed()).toEqual(['releaseProductionOrder', 'cancelProductionOrder']);
    await restrict('mfg:BER:material:WATER-05L', ['SCHEDULE']);
    expect(await allowed()).toEqual(['cancelProductionOrder']);
    expect(codesOf(await perform(erp, 'releaseProductionOrder', { orderId: order2 }))).toEqual(['INTERLOCKED']);
  });

  test('an order that is held goes on where it was, and needs a reason to be held', async () => {
    await perform(erp, 'releaseProductionOrder', { orderId: order2 });
    expect(codesOf(await perform(erp, 'holdProductionOrder', { orderId: order2 }, { meta: { reason: null } }))).toEqual(
      ['REASON_REQUIRED'],
    );
    await perform(erp, 'holdProductionOrder', { orderId: order2 });
    expect(await state(order2)).toBe('ON_HOLD');
    await restrict(order2, ['START_OPERATION']);
    expect(codesOf(await perform(erp, 'resumeProductionOrder', { orderId: order2 }))).toEqual(['INTERLOCKED']);
    await place.journal.write((tx) => tx.lift(hold, 'T-lift'));
    await perform(erp, 'resumeProductionOrder', { orderId: order2 });
    await perform(erp, 'startProductionOrder', { orderId: order2 });
    await perform(erp, 'holdProductionOrder', { orderId: order2 });
    await perform(erp, 'resumeProductionOrder', { orderId: order2 });
    expect(await state(order2)).toBe('IN_PROCESS');
  });

  const h87 = (value: string) => ({ value, unit: 'H87' });
  const confirm = (operationNo: string, over: object = {}) =>
    perform(
      erp,
      'confirmOperation',
      {
        operationId: `mfg:BER:operation:10001:${operationNo}`,
        yieldQuantity: h87('2400'),
        scrapQuantity: h87('12'),
        ...over,
      },
      { select: 'operation { confirmedQuantity { value } confirmedScrap { value } confirmedAt }' },
    );

  const operations = ['0010', '0020', '0030'].map((number) => entityId('BER', 'operation', '10001', number));

  test('no operation of a held order is begun, and the hold of the order is what a refusal names', async () => {
    await perform(erp, 'holdProductionOrder', { orderId: order1 });
    const standing = await place.journal.interlocks.active(operations, 'START_OPERATION');
    expect(standing.map(({ entityId: id, cause, kind }) => [id, cause, kind])).toEqual(
      operations.map((id) => [id, order1, 'ORDER_HOLD']),
    );
    expect(await place.journal.interlocks.active(operations, 'COMPLETE_OPERATION')).toEqual([]);
    expect(await perform(erp, 'resumeProductionOrder', { orderId: order1 })).toMatchObject({ outcome: 'ACCEPTED' });
    expect(await place.journal.interlocks.active(operations, 'START_OPERATION')).toEqual([]);
  });

  test('a held order’s operations do not begin from the planner’s word on, though the ERP has not answered yet', async () => {
    const starting = () => place.journal.interlocks.active(operations, 'START_OPERATION');
    const { journal, runtime } = place;
    const silent = createErpSubgraph({
      port: { ...port, post: () => Promise.reject(new SystemTimeoutError('ERP')) },
      journal,
      runtime,
      graph,
      policies: everythingAllowed,
    });
    expect(await perform(silent, 'holdProductionOrder', { orderId: order1 })).toMatchObject({ outcome: 'PENDING' });
    expect(await starting()).toHaveLength(3);
    expect(await perform(erp, 'holdProductionOrder', { orderId: order1 })).toMatchObject({ outcome: 'ACCEPTED' });
    // The first one is refused now: what the second one forbids is not its to take back.
    await erp.executor?.settleUnsettled();
    expect(await starting()).toHaveLength(3);
    expect(await perform(erp, 'resumeProductionOrder', { orderId: order1 })).toMatchObject({ outcome: 'ACCEPTED' });
    expect(await starting()).toEqual([]);
  });

  test('an order is complete when every operation has ended, as the MES says, and is confirmed', async () => {
    for (const operationNo of ['0010', '0020', '0030']) await confirm(operationNo);
    const operation = (code: string) => ({ id: 'mfg:BER:operation:10001:0010', executionState: { code } });
    graph.answers = { Operations: { productionOrder: { operations: [operation('ENDED'), operation('RUNNING')] } } };
    expect(codesOf(await perform(erp, 'completeProductionOrder', { orderId: order1 }))).toEqual([
      'OPERATION_NOT_ENDED',
    ]);
    graph.answers = { Operations: { productionOrder: { operations: [{ id: 'x', executionState: null }] } } };
    expect(codesOf(await perform(erp, 'completeProductionOrder', { orderId: order1 }))).toEqual(['SYSTEM_UNAVAILABLE']);
    graph.answers = { Operations: { productionOrder: { operations: [operation('ENDED')] } } };
    expect(await perform(erp, 'completeProductionOrder', { orderId: order1 })).toMatchObject({ outcome: 'ACCEPTED' });
  });

  test('an order is complete without the steps that were aborted', async () => {
    const steps = (...codes: readonly string[]) =>
      codes.map((code, index) => ({ id: operations[index], executionState: { code } }));
    await confirm('0010');
    graph.answers = { Operations: { productionOrder: { operations: steps('ENDED', 'ABORTED', 'ALLOWED_TO_START') } } };
    expect(codesOf(await perform(erp, 'completeProductionOrder', { orderId: order1 }))).toEqual([
      'OPERATION_NOT_ENDED',
      'CONFIRMATION_MISSING',
    ]);
    graph.answers = { Operations: { productionOrder: { operations: steps('ENDED', 'ABORTED', 'ABORTED') } } };
    expect(await perform(erp, 'completeProductionOrder', { orderId: order1 })).toMatchObject({ outcome: 'ACCEPTED' });
  });

  test('an operation is confirmed once; what the last step yields is what the order yields', async () => {
    const confirmedYield = async () =>
      (await ask(erp, `{ productionOrder(id: "${order1}") { confirmedYield { value } version } }`)).data
        .productionOrder;
    expect(await confirm('0010')).toMatchObject({
      outcome: 'ACCEPTED',
      operation: {
        confirmedQuantity: { value: '2400' },
        confirmedScrap: { value: '12' },
        confirmedAt: expect.any(String),
      },
    });
    expect(codesOf(await confirm('0010'))).toEqual(['STATE_NOT_ALLOWED']);
    expect(await confirmedYield()).toEqual({ confirmedYield: { value: '0' }, version: '2' });
    expect(codesOf(await perform(erp, 'completeProductionOrder', { orderId: order1 }))).toEqual(
      expect.arrayContaining(['CONFIRMATION_MISSING']),
    );
    await confirm('0030', { yieldQuantity: h87('2390') });
    expect(await confirmedYield()).toEqual({ confirmedYield: { value: '2390' }, version: '3' });
    expect(await events()).toEqual(['production.operation.confirmed', 'production.operation.confirmed']);
  });

  test('nothing is confirmed for an order that is on hold or not released, nor in another unit', async () => {
    await perform(erp, 'holdProductionOrder', { orderId: order1 });
    expect(codesOf(await confirm('0010'))).toEqual(['ORDER_LOCKED']);
    expect(codesOf(await confirm('0010', { operationId: 'mfg:BER:operation:10002:0010' }))).toEqual([
      'ORDER_NOT_RELEASED',
    ]);
    expect(codesOf(await confirm('0099'))).toEqual(['NOT_FOUND']);
    await perform(erp, 'resumeProductionOrder', { orderId: order1 });
    expect(codesOf(await confirm('0010', { scrapQuantity: { value: '1', unit: 'LTR' } }))).toEqual([
      'UNIT_CONVERSION_MISSING',
    ]);
    expect(await events()).not.toContain('production.operation.confirmed');
  });

  test('a new order is answered with what was created; what the ERP refuses is a rejection in its words', async () => {
    const input = {
      plantCode: 'BER',
      lineCode: 'L2',
      materialCode: 'LEMON-05L',
      quantity: { value: '1200', unit: 'H87' },
      plannedStart: '2026-12-01T06:00:00+01:00',
      plannedEnd: '2026-12-01T09:00:00Z',
    };
    const select =
      'productionOrder { orderNo plannedStart lot { lotNumber } operations { workCenter { workCenterCode } } }';
    const answer = await perform(erp, 'createProductionOrder', input, { select });
    expect(answer).toMatchObject({
      outcome: 'ACCEPTED',
      productionOrder: {
        orderNo: '10005',
        plannedStart: '2026-12-01T05:00:00.000Z',
        lot: { lotNumber: 'L10005' },
        operations: ['FILL-L2', 'LABEL-L2', 'PACK-L2'].map((workCenterCode) => ({ workCenter: { workCenterCode } })),
      },
    });
    const litres = { ...input, quantity: { value: '1', unit: 'LTR' } };
    expect(codesOf(await perform(erp, 'createProductionOrder', litres))).toEqual(['UNIT_CONVERSION_MISSING']);
    expect(codesOf(await perform(erp, 'createProductionOrder', { ...input, lineCode: 'L9' }))).toEqual(['NOT_FOUND']);
    await expect(
      perform(erp, 'createProductionOrder', { ...input, quantity: { value: '1e3', unit: 'H87' } }),
    ).rejects.toThrow('Decimal must be a decimal number as text');
  });

  test('a delivery leaves when nothing stands on it, its lots or their orders, and nobody has a reason why not', async () => {
    const pick = () => perform(erp, 'pickDelivery', { deliveryId: delivery2 });
    const ship = () => perform(erp, 'releaseShipment', { deliveryId: delivery2 });
    await restrict(lot900, ['PICK', 'SHIP']);
    expect(codesOf(await pick())).toEqual(['INTERLOCKED']);
    await place.journal.write((tx) => tx.lift(hold, 'T-lift'));
    expect(await pick()).toMatchObject({ outcome: 'ACCEPTED' });
    const blocker = {
      code: 'QUALITY_STATE',
      system: 'QMS',
      guard: 'x',
      message: 'Not decided.',
      remediation: null,
      blockingRef: null,
    };
    graph.answers = { Eligibility: { shipmentEligibility: { eligible: false, blockers: [blocker] } } };
    expect((await ship()).rejections).toEqual([blocker]);
    graph.answers = {};
    expect(codesOf(await ship())).toEqual(['SYSTEM_UNAVAILABLE']);
    graph.answers = ready;
    expect(await ship()).toMatchObject({ outcome: 'ACCEPTED' });
    expect(codesOf(await ship())).toEqual(['STATE_NOT_ALLOWED']);
    expect(await events()).toEqual(['shipment.picked', 'shipment.released']);
  });

  test('a reason that the interlocks and the eligibility both know is told once', async () => {
    await restrict(lot900, ['SHIP']);
    await perform(erp, 'pickDelivery', { deliveryId: delivery2 });
    const [interlocked] = (await perform(erp, 'releaseShipment', { deliveryId: delivery2 })).rejections;
    graph.answers = { Eligibility: { shipmentEligibility: { eligible: false, blockers: [interlocked] } } };
    expect((await perform(erp, 'releaseShipment', { deliveryId: delivery2 })).rejections).toEqual([interlocked]);
  });

  test('a block says what caused it, until that cause is gone', async () => {
    const select = 'delivery { blocks { cause } availableTransitions { name allowed blockers { code blockingRef } } }';
    const set = { deliveryId: delivery2, causeRef: hold };
    const { delivery } = await perform(erp, 'setDeliveryBlock', set, { select });
    expect(delivery.blocks).toEqual([{ cause: hold }]);
    expect(delivery.availableTransitions[0]).toEqual({
      name: 'pickDelivery',
      allowed: false,
      blockers: [{ code: 'DELIVERY_BLOCKED', blockingRef: hold }],
    });
    await perform(erp, 'setDeliveryBlock', set);
    expect((await perform(erp, 'removeDeliveryBlock', set, { select })).delivery.blocks).toEqual([]);
    expect(await events()).toEqual(['shipment.blocked', 'shipment.unblocked']);
  });

  test('stock is blocked and freed whatever stands on the lot, but not moved', async () => {
    await restrict(lot900, ['MOVE']);
    const move = { lotId: lot900, fromLocation: 'FG01', toLocation: 'FG02', quantity: { value: '1', unit: 'H87' } };
    expect(codesOf(await perform(erp, 'moveStock', move))).toEqual(['INTERLOCKED']);
    const select = 'lot { stock { stockType } }';
    const change = { lotId: lot900, toStockType: 'BLOCKED', causeRef: hold };
    expect(await perform(erp, 'changeStockStatus', change, { select })).toMatchObject({
      outcome: 'ACCEPTED',
      lot: { stock: [{ stockType: 'BLOCKED' }] },
    });
    await place.journal.write((tx) => tx.lift(hold, 'T-lift'));
    expect(codesOf(await perform(erp, 'moveStock', { ...move, quantity: { value: '1', unit: 'LTR' } }))).toEqual([
      'UNIT_CONVERSION_MISSING',
    ]);
    expect(await perform(erp, 'moveStock', move)).toMatchObject({ outcome: 'ACCEPTED' });
    const [status, moved] = await place.journal.events.after('0', {}, 10);
    expect(status).toMatchObject({
      type: 'lot.stockStatusChanged',
      data: { from: 'UNRESTRICTED', to: 'BLOCKED', cause: hold },
    });
    expect(moved).toMatchObject({ type: 'material.moved', data: { quantity: '1', unit: 'H87', toLocation: 'FG02' } });
  });

  test('a lot is not moved while its material or the order that makes it is held', async () => {
    const lotId = 'mfg:BER:lot:WATER-05L:L10001';
    const move = { lotId, fromLocation: 'FG01', toLocation: 'FG02', quantity: { value: '1', unit: 'H87' } };
    for (const held of [order1, 'mfg:BER:material:WATER-05L']) {
      await restrict(held, ['MOVE']);
      expect(codesOf(await perform(erp, 'moveStock', move))).toEqual(['INTERLOCKED']);
      await place.journal.write((tx) => tx.lift(hold, 'T-lift'));
    }
    expect(await perform(erp, 'moveStock', move)).toMatchObject({ outcome: 'ACCEPTED' });
  });

  test('a work center is announced when its capacity changes, not when a further cause comes', async () => {
    const set = (causeRef: string, capacityStatus: string) =>
      perform(
        erp,
        'setWorkCenterCapacity',
        { workCenterId: 'mfg:BER:work-center:FILL-L1', capacityStatus, causeRef },
        { select: 'workCenter { capacityStatus }' },
      );
    await set('mfg:BER:downtime:DT-1', 'UNAVAILABLE');
    expect((await set('mfg:BER:downtime:DT-2', 'UNAVAILABLE')).workCenter.capacityStatus).toBe('UNAVAILABLE');
    await set('mfg:BER:downtime:DT-1', 'AVAILABLE');
    expect((await set('mfg:BER:downtime:DT-2', 'AVAILABLE')).workCenter.capacityStatus).toBe('AVAILABLE');
    expect(await events()).toEqual(['work-center.capacityChanged', 'work-center.capacityChanged']);
  });

  test('two who release the same order at once: one has done it, the other is told why not', async () => {
    const answers = await Promise.all([1, 2].map(() => perform(erp, 'releaseProductionOrder', { orderId: order2 })));
    expect(answers.map(({ outcome }) => outcome).sort()).toEqual(['ACCEPTED', 'REJECTED']);
    const [refused] = answers.filter(({ outcome }) => outcome === 'REJECTED');
    expect(['VERSION_CONFLICT', 'STATE_NOT_ALLOWED']).toContain(codesOf(refused)[0]);
    expect(await events()).toEqual(['production.order.released']);
  });

  test('what somebody may not see cannot be changed, and is answered like what is not there', async () => {
    const hidden = await perform(erp, 'releaseProductionOrder', { orderId: order2 }, { principal: partner });
    const missing = await perform(
      erp,
      'releaseProductionOrder',
      { orderId: 'mfg:BER:production-order:1' },
      { principal: partner },
    );
    expect(hidden.rejections).toEqual(missing.rejections);
    expect(codesOf(hidden)).toEqual(['NOT_FOUND']);
  });

  test('a subscriber sees each order change once, with the order as it is, and only its own', async () => {
    const query = `subscription Orders($line: String, $after: EventCursor) {
      productionOrderChanged(plant: "BER", line: $line, after: $after) { cursor type productionOrder { orderNo state { code } } } }`;
    const all = await follow(erp, query, { variables: { after: '0' } });
    const theirs = await follow(erp, query, { principal: partner, variables: { after: '0' } });
    await perform(erp, 'releaseProductionOrder', { orderId: order2 });
    await perform(erp, 'releaseProductionOrder', { orderId: 'mfg:BER:production-order:10003' });
    const first = (await all.next()).productionOrderChanged;
    expect(first).toMatchObject({
      type: 'production.order.released',
      productionOrder: { orderNo: '10002', state: { code: 'RELEASED' } },
    });
    expect((await all.next()).productionOrderChanged.productionOrder.orderNo).toBe('10003');
    expect((await theirs.next()).productionOrderChanged.productionOrder.orderNo).toBe('10003');
    await Promise.all([all.end(), theirs.end()]);
    const resumed = await follow(erp, query, { variables: { after: first.cursor, line: 'L2' } });
    expect((await resumed.next()).productionOrderChanged.productionOrder.orderNo).toBe('10003');
    await resumed.end();
  });
});
