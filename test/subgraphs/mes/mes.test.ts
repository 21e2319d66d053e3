import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { demoPlants } from '../../../connectors/demo-plant.ts';
import { SystemUnavailableError } from '../../../connectors/errors.ts';
import type { MesPort } from '../../../connectors/mes/port.ts';
import { createReferenceMes } from '../../../connectors/mes/reference.ts';
import { fillReferenceMes } from '../../../connectors/mes/reference-demo.ts';
import { mesMigrations } from '../../../connectors/mes/reference-migrations.ts';
import type { MesTables } from '../../../connectors/mes/reference-tables.ts';
import { type EntityId, entityId } from '../../../journal/entity-ref.ts';
import type { Restriction } from '../../../journal/restriction.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createMesSubgraph } from '../../../subgraphs/mes/index.ts';
import type { Subgraph } from '../../../subgraphs/subgraph.ts';
import { dialects, openTestJournal, type TestJournal } from '../../support/database.ts';
import { ask, codesOf, everythingAllowed, follow, GraphStub, perform, person } from '../subgraph-under-test.ts';

const filling = 'mfg:BER:operation:10001:0010';
const labelling = 'mfg:BER:operation:10001:0020';
const packing = 'mfg:BER:operation:10001:0030';
const lot1 = 'mfg:BER:lot:WATER-05L:L10001';
const filler = 'mfg:BER:asset:BER-FILLER-L1';
const fillL1 = 'mfg:BER:work-center:FILL-L1';
const hold = entityId('BER', 'hold', 'QH-1');
const partner = person({ id: 'carl', partner: 'CM-400', plants: ['BER'] });

const completion = (operationId: string, yieldQuantity = '9000', scrapQuantity = '12') => ({
  operationId,
  yieldQuantity: { value: yieldQuantity, unit: 'H87' },
  scrapQuantity: { value: scrapQuantity, unit: 'H87' },
});
const breakdown = { assetId: filler, workCenterIds: [], reasonCode: 'MECHANICAL', planned: false };
const partnersOrder = {
  productionOrder: { partner: 'CM-400', line: { lineCode: 'L2' }, quantity: { unit: 'H87' } },
};
const dispatch = {
  orderId: 'mfg:BER:production-order:10003',
  operationNo: '0010',
  workCenterCode: 'FILL-L2',
  lotId: 'mfg:BER:lot:LEMON-05L:L10003',
};

describe.each(dialects)('the MES in the graph, on %s', (dialect) => {
  let place: TestJournal;
  let graph: GraphStub;
  let port: MesPort;
  let mes: Subgraph;

  beforeEach(async () => {
    place = await openTestJournal(dialect);
    const database = await place.storage.open<MesTables>('mes', mesMigrations);
    await fillReferenceMes(database, demoPlants, systemClock);
    graph = new GraphStub({
      AssignedWorkCenters: { asset: { workCenters: [{ id: fillL1 }] } },
      DispatchedOrder: partnersOrder,
    });
    port = createReferenceMes({ database, clock: systemClock });
    mes = subgraphOn(port);
  });
  afterEach(() => place.dispose());

  function subgraphOn(on: MesPort): Subgraph {
    const { journal, runtime } = place;
    return createMesSubgraph({ port: on, journal, runtime, graph, policies: everythingAllowed });
  }

  const restrict = (entity: string, restrictions: readonly Restriction[]) =>
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
  const events = async () => (await place.journal.events.after('0', {}, 100)).map(({ type }) => type);
  const operation = async (id: string) =>
    (await ask(mes, `{ operation(id: "${id}") { executionState { code reason by } heldBy version } }`)).data.operation;
  const entitiesOf = async (
    query: string,
    references: readonly { readonly __typename: string; readonly id: string }[],
    principal = person(),
  ) =>
    ask(mes, `query Entities($references: [_Any!]!) { _entities(representations: $references) { ${query} } }`, {
      principal,
      variables: { references },
    });

  test('it adds what it knows to the orders, lots, work centers and assets of other systems', async () => {
    await perform(mes, 'recordConsumption', {
      operationId: filling,
      lotId: 'mfg:BER:lot:PREFORM-05L:P1010',
      quantity: { value: '10', unit: 'H87' },
    });
    const { data, errors } = await entitiesOf(
      `... on ProductionOrder { progress { producedQuantity { value unit } operationsEnded operationsTotal } }
       ... on Lot { productionState operations { id executionState { code } } }
       ... on WorkCenter { runState currentOperation { id } operations(states: [RUNNING]) { id consumptions { lot { id } quantity { value } } } }
       ... on Asset { downtimes { id } } ... on Operation { executionState { code } lot { id } startedAt }`,
      [
        { __typename: 'ProductionOrder', id: 'mfg:BER:production-order:10001' },
        { __typename: 'ProductionOrder', id: 'mfg:BER:production-order:10002' },
        { __typename: 'Lot', id: lot1 },
        { __typename: 'Lot', id: 'mfg:BER:lot:PREFORM-05L:P1010' },
        { __typename: 'WorkCenter', id: fillL1 },
        { __typename: 'WorkCenter', id: 'mfg:BER:work-center:PACK-L1' },
        { __typename: 'Asset', id: filler },
        { __typename: 'Operation', id: filling },
        { __typename: 'Operation', id: 'mfg:BER:operation:10002:0010' },
        { __typename: 'WorkCenter', id: 'mfg:BER:work-center:NONE' },
        { __typename: 'Asset', id: 'nonsense' },
      ],
    );
    expect(errors).toEqual([]);
    expect(data._entities).toEqual([
      { progress: { producedQuantity: { value: '0', unit: 'H87' }, operationsEnded: 0, operationsTotal: 3 } },
      { progress: null },
      {
        productionState: 'IN_PROCESS',
        operations: [packing, labelling, filling].map((id) => expect.objectContaining({ id })),
      },
      { productionState: null, operations: [{ id: filling, executionState: { code: 'RUNNING' } }] },
      {
        runState: 'RUNNING',
        currentOperation: { id: filling },
        operations: [
          { id: filling, consumptions: [{ lot: { id: 'mfg:BER:lot:PREFORM-05L:P1010' }, quantity: { value: '10' } }] },
        ],
      },
      { runState: 'IDLE', currentOperation: null, operations: [] },
      { downtimes: [] },
      { executionState: { code: 'RUNNING' }, lot: { id: lot1 }, startedAt: expect.any(String) },
      null,
      null,
      null,
    ]);
  });

  test('a partner sees what the MES has of it, and nothing else, whatever it asks for', async () => {
    const references = [
      { __typename: 'ProductionOrder', id: dispatch.orderId },
      { __typename: 'ProductionOrder', id: 'mfg:BER:production-order:10001' },
      { __typename: 'Lot', id: dispatch.lotId },
      { __typename: 'Lot', id: lot1 },
      { __typename: 'WorkCenter', id: fillL1 },
      { __typename: 'Asset', id: filler },
      { __typename: 'Operation', id: filling },
    ];
    const seen = async (principal = partner) =>
      (await entitiesOf('__typename', references, principal)).data._entities.map((one: object | null) => one !== null);
    expect(await seen()).toEqual([false, false, true, false, false, false, false]);
    await perform(mes, 'dispatchOperation', dispatch);
    expect(await seen()).toEqual([true, false, true, false, false, false, false]);
    expect(await seen(person({ plants: ['LYO'] }))).toEqual(references.map(() => false));
    const lists = '{ operations { nodes { id } } downtimes { nodes { id } } }';
    await perform(mes, 'reportDowntime', breakdown);
    expect((await ask(mes, lists, { principal: partner })).data).toEqual({
      operations: { nodes: [{ id: 'mfg:BER:operation:10003:0010' }] },
      downtimes: { nodes: [] },
    });
  });

  test('an operation runs, pauses, goes on and ends, and each step is announced', async () => {
    await perform(mes, 'startOperation', { operationId: labelling });
    await perform(mes, 'pauseOperation', { operationId: labelling }, { meta: { reason: { text: 'Label change.' } } });
    expect(await operation(labelling)).toMatchObject({
      executionState: { code: 'SUSPENDED', reason: 'Label change.', by: 'paula' },
    });
    await perform(mes, 'resumeOperation', { operationId: labelling });
    const select =
      'operation { executionState { code } producedQuantity { value unit } scrapQuantity { value } endedAt }';
    const done = await perform(mes, 'completeOperation', completion(labelling, '8999', '1'), { select });
    expect(done.operation).toEqual({
      executionState: { code: 'ENDED' },
      producedQuantity: { value: '8999', unit: 'H87' },
      scrapQuantity: { value: '1' },
      endedAt: expect.any(String),
    });
    expect(await events()).toEqual(
      ['started', 'paused', 'resumed', 'completed'].map((verb) => `production.operation.${verb}`),
    );
    const completed = (await place.journal.events.after('3', {}, 1))[0];
    expect(completed).toMatchObject({
      line: 'L1',
      stateChange: 'RUNNING>ENDED',
      data: { yieldQuantity: '8999', lot: lot1 },
    });
  });

  test('a start is refused with every reason at once: the step before it, and the interlocks', async () => {
    await restrict(lot1, ['START_OPERATION']);
    const answer = await perform(mes, 'startOperation', { operationId: packing });
    expect(codesOf(answer)).toEqual(['SEQUENCE_VIOLATION', 'INTERLOCKED']);
    expect(answer.rejections.map(({ blockingRef }: { blockingRef: string }) => blockingRef)).toEqual([labelling, hold]);
  });

  test('who has to wait for the step before is told what that one waits for', async () => {
    const remedy = async () => {
      const { rejections } = await perform(mes, 'startOperation', { operationId: labelling });
      expect(rejections).toMatchObject([{ code: 'SEQUENCE_VIOLATION', blockingRef: filling }]);
      return rejections[0].remediation;
    };
    const workflow = person({ kind: 'WORKFLOW' });
    await perform(mes, 'pauseOperation', { operationId: filling });
    expect(await remedy()).toBe('Resume operation 0010 first.');
    await perform(mes, 'holdOperation', { operationId: filling, causeRef: hold }, { principal: workflow });
    expect(await remedy()).toBe('Resolve what holds operation 0010 (its heldBy), then resume it.');
    await perform(mes, 'abortOperation', { operationId: filling });
    expect(await remedy()).toMatch(/^Operation 0010 does not go on: have production control decide/);
  });

  test.each([
    ['the operation', filling],
    ['its order', 'mfg:BER:production-order:10001'],
    ['its lot', lot1],
    ["the lot's material", 'mfg:BER:material:WATER-05L'],
    ['its work center', fillL1],
  ])('an interlock on %s keeps it from being completed', async (_what, entity) => {
    await restrict(entity, ['COMPLETE_OPERATION']);
    expect(codesOf(await perform(mes, 'completeOperation', completion(filling)))).toEqual(['INTERLOCKED']);
    expect((await operation(filling)).executionState.code).toBe('RUNNING');
  });

  test('quantities are in the unit of the order and not below zero', async () => {
    const wrong = { ...completion(filling, '-1'), scrapQuantity: { value: '1', unit: 'LTR' } };
    expect(codesOf(await perform(mes, 'completeOperation', wrong)).toSorted()).toEqual([
      'QUANTITY_TOLERANCE',
      'UNIT_CONVERSION_MISSING',
    ]);
  });

  test('a held lot is not consumed; another is, and it is announced for that lot', async () => {
    const use = (lotId: string, value = '10') =>
      perform(mes, 'recordConsumption', { operationId: filling, lotId, quantity: { value, unit: 'H87' } });
    await restrict('mfg:BER:lot:CAP-28:C1010', ['CONSUME']);
    expect(codesOf(await use('mfg:BER:lot:CAP-28:C1010'))).toEqual(['INTERLOCKED']);
    expect(codesOf(await use('mfg:LYO:lot:CAP-28:C2010'))).toEqual(['NOT_FOUND']);
    expect(codesOf(await use('mfg:BER:lot:PREFORM-05L:P1010', '0'))).toEqual(['QUANTITY_TOLERANCE']);
    const before = (await operation(filling)).version;
    expect(await use('mfg:BER:lot:PREFORM-05L:P1010')).toMatchObject({ outcome: 'ACCEPTED' });
    expect((await operation(filling)).version).toBe(before);
    const [event] = await place.journal.events.after('0', {}, 1);
    expect(event).toMatchObject({
      type: 'material.consumed',
      subject: 'mfg:BER:lot:PREFORM-05L:P1010',
      data: { orderNo: '10001' },
    });
  });

  test('a lot of a held order is not consumed, whether the MES made it or the ERP knows who did', async () => {
    const use = async (lotId: string) =>
      codesOf(
        await perform(mes, 'recordConsumption', { operationId: filling, lotId, quantity: { value: '1', unit: 'H87' } }),
      );
    await restrict('mfg:BER:production-order:10001', ['CONSUME']);
    await restrict('mfg:BER:production-order:09999', ['CONSUME']);
    expect(await use(lot1)).toEqual(['INTERLOCKED']);
    graph.answers = { UsedLot: { lot: { order: { id: 'mfg:BER:production-order:09999' } } } };
    expect(await use('mfg:BER:lot:SYRUP:S1')).toEqual(['INTERLOCKED']);
    graph.answers = { UsedLot: { lot: { order: null } } };
    expect(await use('mfg:BER:lot:PREFORM-05L:P1010')).toEqual([]);
  });

  test.each([
    ['that quality has rejected', { qualityState: 'REJECTED' }, ['QUALITY_NOT_RELEASED']],
    ['in a quality state that nobody knows', { qualityState: 'EATEN' }, ['QUALITY_NOT_RELEASED']],
    ['whose stock is all blocked', { stock: [{ stockType: 'BLOCKED' }] }, ['STOCK_NOT_UNRESTRICTED']],
    ['that has expired', { expiresOn: '2020-01-01' }, ['EXPIRED']],
    ['of which some is free', { stock: [{ stockType: 'BLOCKED' }, { stockType: 'UNRESTRICTED' }] }, []],
    ['that is being inspected', { qualityState: 'UNDER_INSPECTION', stock: [{ stockType: 'QUALITY_INSPECTION' }] }, []],
    [
      'that a hold keeps from being shipped only',
      { held: true, qualityState: 'HELD', stock: [{ stockType: 'BLOCKED' }] },
      [],
    ],
    ['of which the QMS knows nothing', { qualityState: null, stock: [] }, []],
  ])('a lot %s: whether it is consumed follows what the other systems say', async (_what, lot, codes) => {
    const nodes = (lot as { held?: boolean }).held ? [{ kind: 'QUALITY_HOLD' }] : [];
    graph.answers = { UsedLot: { lot, interlocks: { nodes } } };
    const input = {
      operationId: filling,
      lotId: 'mfg:BER:lot:PREFORM-05L:P1010',
      quantity: { value: '1', unit: 'H87' },
    };
    expect(codesOf(await perform(mes, 'recordConsumption', input))).toEqual(codes);
  });

  test('a lot that certainly does not exist is not consumed; one that the MES itself makes is', async () => {
    graph.answers = { UsedLot: { lot: null } };
    const use = async (lotId: string) =>
      codesOf(
        await perform(mes, 'recordConsumption', { operationId: filling, lotId, quantity: { value: '1', unit: 'H87' } }),
      );
    expect(await use('mfg:BER:lot:PREFORM-05L:MISTYPED')).toEqual(['NOT_FOUND']);
    expect(await use(lot1)).toEqual([]);
  });

  test('an operation is held by each cause, and resumed by a person when the last is gone', async () => {
    const other = 'mfg:BER:downtime:DT-1';
    const change = (name: string, causeRef: string) => perform(mes, name, { operationId: filling, causeRef });
    await Promise.all([change('holdOperation', hold), change('holdOperation', other)]);
    expect((await operation(filling)).heldBy.toSorted()).toEqual([other, hold].toSorted());
    await change('unholdOperation', hold);
    await change('unholdOperation', hold);
    expect((await operation(filling)).executionState.code).toBe('HELD');
    await change('unholdOperation', other);
    expect(await operation(filling)).toMatchObject({ executionState: { code: 'SUSPENDED' }, heldBy: [] });
    expect(await perform(mes, 'resumeOperation', { operationId: filling })).toMatchObject({ outcome: 'ACCEPTED' });
    expect(await events()).toEqual(
      ['held', 'held', 'unheld', 'unheld', 'resumed'].map((verb) => `production.operation.${verb}`),
    );
  });

  test('a dispatched operation belongs to its order, line, lot and partner, and is dispatched once', async () => {
    const select = 'operation { id executionState { code } lot { id } availableTransitions { name allowed } }';
    const answer = await perform(mes, 'dispatchOperation', dispatch, { select });
    expect(answer).toMatchObject({
      outcome: 'ACCEPTED',
      operation: { executionState: { code: 'ALLOWED_TO_START' }, lot: { id: dispatch.lotId } },
    });
    expect(answer.operation.availableTransitions).toContainEqual({ name: 'startOperation', allowed: true });
    const [event] = await place.journal.events.after('0', {}, 1);
    expect(event).toMatchObject({ type: 'production.operation.dispatched', line: 'L2', partner: 'CM-400' });
    expect(codesOf(await perform(mes, 'dispatchOperation', dispatch))).toEqual(['STATE_NOT_ALLOWED']);
  });

  test('nothing is dispatched of an order that does not exist, or that the ERP cannot be asked for', async () => {
    graph.answers = { DispatchedOrder: { productionOrder: null } };
    expect(codesOf(await perform(mes, 'dispatchOperation', dispatch))).toEqual(['NOT_FOUND']);
    graph.answers = {};
    await expect(perform(mes, 'dispatchOperation', dispatch)).rejects.toThrow('The ERP cannot be reached');
    expect(await operation('mfg:BER:operation:10003:0010')).toBeNull();
  });

  test('a breakdown restricts the asset and its work centers from the answer on, until it is ended', async () => {
    const select =
      'downtime { id state { code reason } asset { id } workCenters { id } affectedOrders { id } planned }';
    const answer = await perform(mes, 'reportDowntime', breakdown, { select });
    const { downtime } = answer;
    expect(downtime).toMatchObject({
      state: { code: 'OPEN', reason: 'MECHANICAL' },
      asset: { id: filler },
      workCenters: [{ id: fillL1 }],
      affectedOrders: [{ id: 'mfg:BER:production-order:10001' }],
    });
    await perform(mes, 'pauseOperation', { operationId: filling });
    const resume = await perform(mes, 'resumeOperation', { operationId: filling });
    expect(resume.rejections).toMatchObject([{ code: 'INTERLOCKED', system: 'CMMS', blockingRef: downtime.id }]);
    expect(await place.journal.interlocks.active([filler as EntityId], 'SCHEDULE')).toHaveLength(1);
    expect(await perform(mes, 'endDowntime', { downtimeId: downtime.id })).toMatchObject({ outcome: 'ACCEPTED' });
    expect(await perform(mes, 'resumeOperation', { operationId: filling })).toMatchObject({ outcome: 'ACCEPTED' });
    expect(codesOf(await perform(mes, 'endDowntime', { downtimeId: downtime.id }))).toEqual(['STATE_NOT_ALLOWED']);
    expect((await events()).filter((type) => type.startsWith('asset.'))).toEqual([
      'asset.downtimeStarted',
      'asset.downtimeEnded',
    ]);
  });

  test('a breakdown is reported although the CMMS cannot be asked, for the work centers that are given', async () => {
    graph.answers = { AssignedWorkCenters: new Error('down') };
    const packL1 = 'mfg:BER:work-center:PACK-L1';
    const answer = await perform(
      mes,
      'reportDowntime',
      { ...breakdown, workCenterIds: [packL1] },
      { select: 'downtime { workCenters { id } }' },
    );
    expect(answer).toMatchObject({ outcome: 'ACCEPTED', downtime: { workCenters: [{ id: packL1 }] } });
    graph.answers = { AssignedWorkCenters: { asset: null } };
    expect(codesOf(await perform(mes, 'reportDowntime', { ...breakdown, assetId: 'mfg:BER:asset:NONE' }))).toEqual([
      'NOT_FOUND',
    ]);
    graph.answers = {};
    const elsewhere = { ...breakdown, workCenterIds: ['mfg:LYO:work-center:FILL-L1'] };
    expect(codesOf(await perform(mes, 'reportDowntime', elsewhere))).toEqual(['NOT_FOUND']);
  });

  test('a breakdown restricts and is announced even when the MES itself does not answer', async () => {
    const silent = subgraphOn({ ...port, post: () => Promise.reject(new SystemUnavailableError('MES')) });
    expect(await perform(silent, 'reportDowntime', breakdown, { meta: { idempotencyKey: 'stop' } })).toMatchObject({
      outcome: 'PENDING',
    });
    expect(codesOf(await perform(mes, 'completeOperation', completion(filling)))).toEqual([]);
    const started = await perform(mes, 'startOperation', { operationId: 'mfg:BER:operation:10004:0010' });
    expect(started).toMatchObject({ outcome: 'ACCEPTED' });
    expect(await place.journal.interlocks.active([fillL1 as EntityId], 'START_OPERATION')).toHaveLength(1);
    expect((await events())[0]).toBe('asset.downtimeStarted');
    expect(await mes.executor!.settleUnsettled()).toBe(true);
    expect(
      (await ask(mes, '{ downtimes(filter: { states: [OPEN] }) { nodes { asset { id } } } }')).data.downtimes.nodes,
    ).toEqual([{ asset: { id: filler } }]);
    expect((await events()).filter((type) => type === 'asset.downtimeStarted')).toHaveLength(1);
  });

  test('a breakdown is reported while the MES is down or hangs: it restricts, and the MES has it when it is back', async () => {
    const down = () => Promise.reject(new SystemUnavailableError('MES'));
    const packL1 = 'mfg:BER:work-center:PACK-L1';
    const stop = { ...breakdown, workCenterIds: [packL1] };
    for (const workCentersByKeys of [down, () => new Promise<never>(() => undefined)]) {
      const silent = subgraphOn({ ...port, workCentersByKeys, post: down });
      expect(await perform(silent, 'reportDowntime', stop)).toMatchObject({ outcome: 'PENDING' });
    }
    for (const restricted of [filler, fillL1, packL1])
      expect(await place.journal.interlocks.active([restricted as EntityId], 'START_OPERATION')).toHaveLength(2);
    expect(await events()).toEqual(['asset.downtimeStarted', 'asset.downtimeStarted']);
    expect(await mes.executor!.settleUnsettled()).toBe(true);
    const { data } = await ask(mes, '{ downtimes { nodes { asset { id } workCenters { id } } } }');
    expect(data.downtimes.nodes).toEqual([1, 2].map(() => ({ asset: { id: filler }, workCenters: [{ id: packL1 }] })));
  });

  test('a breakdown that the MES refuses after all is announced as over, for whoever has stopped because of it', async () => {
    const down = () => Promise.reject(new SystemUnavailableError('MES'));
    const stop = { ...breakdown, workCenterIds: ['mfg:BER:work-center:NONE'] };
    const silent = subgraphOn({ ...port, workCentersByKeys: down, post: down });
    expect(await perform(silent, 'reportDowntime', stop)).toMatchObject({ outcome: 'PENDING' });
    expect(await mes.executor!.settleUnsettled()).toBe(true);
    const [started, ended] = await place.journal.events.after('0', {}, 10);
    expect([started?.type, ended?.type]).toEqual(['asset.downtimeStarted', 'asset.downtimeEnded']);
    expect(ended).toMatchObject({ subject: started?.subject, data: { ...started?.data, durationSeconds: 0 } });
    expect(await place.journal.interlocks.active([filler, fillL1] as EntityId[])).toEqual([]);
  });

  test('five identical completions at once post once', async () => {
    const meta = { idempotencyKey: 'bad-network' };
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map(() => perform(mes, 'completeOperation', completion(filling), { meta })),
    );
    expect(new Set(answers.map(({ transitionId }) => transitionId)).size).toBe(1);
    expect(answers.filter(({ outcome }) => outcome === 'ACCEPTED')).toHaveLength(1);
    const { data } = await ask(mes, `{ operation(id: "${filling}") { producedQuantity { value } } }`);
    expect(data.operation.producedQuantity.value).toBe('9000');
    expect(await events()).toEqual(['production.operation.completed']);
  });

  test('two different completions at once: one is posted, the other told why not', async () => {
    const answers = await Promise.all(
      ['1', '2'].map((value) => perform(mes, 'completeOperation', completion(filling, value))),
    );
    expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual(['ACCEPTED', 'REJECTED']);
    expect(await events()).toHaveLength(1);
  });

  test('a board that starts with a snapshot sees every open downtime, then every change, and loses none', async () => {
    const query = `subscription Board($asset: ID, $after: EventCursor, $snapshot: Boolean) {
      downtimeChanged(plant: "BER", asset: $asset, after: $after, snapshot: $snapshot) {
        cursor gap { from } type occurredAt downtime { id state { code } affectedOrders { id } } } }`;
    const first = (await perform(mes, 'reportDowntime', breakdown, { select: 'downtime { id }' })).downtime.id;
    const board = await follow(mes, query, { variables: { snapshot: true } });
    const snapshot = (await board.next()).downtimeChanged;
    expect(snapshot).toMatchObject({
      cursor: '1',
      type: null,
      gap: null,
      downtime: { id: first, state: { code: 'OPEN' } },
    });
    await perform(mes, 'endDowntime', { downtimeId: first });
    expect((await board.next()).downtimeChanged).toMatchObject({
      type: 'asset.downtimeEnded',
      downtime: { id: first, state: { code: 'ENDED' } },
    });
    await board.end();
    const packer = { ...breakdown, assetId: 'mfg:BER:asset:BER-PACKER-L1' };
    await perform(mes, 'reportDowntime', packer);
    const resumed = await follow(mes, query, { variables: { after: snapshot.cursor } });
    expect((await resumed.next()).downtimeChanged.type).toBe('asset.downtimeEnded');
    expect((await resumed.next()).downtimeChanged.type).toBe('asset.downtimeStarted');
    await resumed.end();
    const one = await follow(mes, query, { variables: { after: '0', asset: packer.assetId } });
    expect((await one.next()).downtimeChanged.cursor).toBe('3');
    await one.end();
  });

  test('a terminal follows its work center only, and a partner its own operations only', async () => {
    const query = `subscription Operations($workCenter: ID) {
      operationChanged(workCenter: $workCenter, after: "0") { type operation { id executionState { code } } } }`;
    await perform(mes, 'startOperation', { operationId: labelling });
    await perform(mes, 'dispatchOperation', dispatch);
    await perform(mes, 'pauseOperation', { operationId: filling });
    const terminal = await follow(mes, query, { variables: { workCenter: fillL1 } });
    expect((await terminal.next()).operationChanged).toMatchObject({
      type: 'production.operation.paused',
      operation: { id: filling, executionState: { code: 'SUSPENDED' } },
    });
    const theirs = await follow(mes, query, { principal: partner });
    expect((await theirs.next()).operationChanged.operation.id).toBe('mfg:BER:operation:10003:0010');
    await Promise.all([terminal.end(), theirs.end()]);
  });
});
