import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { entityId } from '../../../journal/entity-ref.ts';
import { onlyRetried } from '../../../subgraphs/ops/transitions.ts';
import { WorkflowEngine } from '../../../workflows/engine.ts';
import { rules } from '../../../workflows/rules.ts';
import { FakeGraph } from '../../workflows/fake-graph.ts';
import { orderCreated, threeSteps } from '../../workflows/workflow-place.ts';
import { ask, follow, openOps, principal } from './ops-under-test.ts';

const lotId = entityId('BER', 'lot', 'WATER-05L', 'L1');
const deliveryId = entityId('BER', 'delivery', 'D1');
const orderId = entityId('BER', 'production-order', '1');
const holdId = entityId('BER', 'hold', 'QH-1');

const goodLot = {
  id: lotId,
  expiresOn: null,
  stock: [{ stockType: 'UNRESTRICTED' }],
  order: { id: orderId },
  qualityState: 'RELEASED',
  inspectionLots: [],
};
const goodDelivery = {
  id: deliveryId,
  deliveryNo: 'D1',
  state: { code: 'ALLOCATED' },
  blocks: [],
  items: [{ lot: goodLot }],
};

let ops: Awaited<ReturnType<typeof openOps>>;
beforeEach(async () => {
  ops = await openOps();
});
afterEach(() => ops.dispose());

async function place(entity: string, cause: string = holdId): Promise<void> {
  await ops.journal.write((tx) =>
    tx.place({
      kind: 'QUALITY_HOLD',
      entityId: entity as typeof lotId,
      plantCode: 'BER',
      partner: null,
      cause: cause as typeof holdId,
      restrictions: ['CONSUME', 'MOVE', 'PICK', 'SHIP'],
      reason: 'Quality hold QH-1 (volume)',
      placedBy: 'mara.manager',
      placedByTransition: 'T1',
    }),
  );
}

describe('whether a delivery may be shipped', () => {
  const query = `query ($id: ID!) { shipmentEligibility(delivery: $id) {
    eligible blockers { code system message blockingRef } sources { system ok } } }`;

  test('it may, when every system says so', async () => {
    ops.rest.answer = () => ({ data: { a0: goodDelivery }, errors: [] });
    const { data, errors } = await ask(ops.subgraph, query, { id: deliveryId });
    expect(errors).toBeUndefined();
    expect(data.shipmentEligibility).toMatchObject({ eligible: true, blockers: [] });
  });

  test.each([
    ['the delivery', deliveryId],
    ['a lot', lotId],
    ['the material of a lot', entityId('BER', 'material', 'WATER-05L')],
    ['the order that made a lot', orderId],
  ])('a hold on %s stands in the way, whatever the systems say', async (_what, entity) => {
    ops.rest.answer = () => ({ data: { a0: goodDelivery }, errors: [] });
    await place(entity);
    const { data } = await ask(ops.subgraph, query, { id: deliveryId });
    expect(data.shipmentEligibility.eligible).toBe(false);
    expect(data.shipmentEligibility.blockers).toMatchObject([{ code: 'INTERLOCKED', blockingRef: holdId }]);
  });

  test('a QMS that does not answer stands in the way, and is named', async () => {
    const lot = { ...goodLot, qualityState: null, inspectionLots: null };
    ops.rest.answer = () => ({
      data: { a0: { ...goodDelivery, items: [{ lot }] } },
      errors: [
        {
          message: 'The QMS cannot be reached.',
          path: ['a0', 'items', 0, 'lot', 'qualityState'],
          extensions: { code: 'SYSTEM_UNAVAILABLE', system: 'QMS' },
        },
      ],
    });
    const { data } = await ask(ops.subgraph, query, { id: deliveryId });
    expect(data.shipmentEligibility.blockers).toMatchObject([{ code: 'SYSTEM_UNAVAILABLE', system: 'QMS' }]);
    expect(data.shipmentEligibility.sources).toContainEqual({ system: 'QMS', ok: false });
  });

  test('a gateway that does not answer at all stands in the way, and interlocks are named all the same', async () => {
    ops.rest.answer = () => {
      throw new Error('connect ECONNREFUSED');
    };
    await place(deliveryId);
    const { data } = await ask(ops.subgraph, query, { id: deliveryId });
    expect(data.shipmentEligibility.blockers.map(({ code }: { code: string }) => code)).toEqual([
      'INTERLOCKED',
      'SYSTEM_UNAVAILABLE',
    ]);
  });

  test('an expiry that could not be read is not taken for none', async () => {
    const lot = { ...goodLot, expiresOn: null };
    ops.rest.answer = () => ({
      data: { a0: { ...goodDelivery, items: [{ lot }] } },
      errors: [{ message: 'No.', path: ['a0', 'items', 0, 'lot', 'expiresOn'] }],
    });
    const { data } = await ask(ops.subgraph, query, { id: deliveryId });
    expect(data.shipmentEligibility.blockers).toMatchObject([{ code: 'SYSTEM_UNAVAILABLE', system: 'ERP' }]);
  });

  test('what does not exist, or is in another plant, is null; both ids at once are refused', async () => {
    ops.rest.answer = () => ({ data: { a0: null }, errors: [] });
    expect((await ask(ops.subgraph, query, { id: deliveryId })).data.shipmentEligibility).toBeNull();
    const elsewhere = entityId('LYO', 'delivery', 'D1');
    expect((await ask(ops.subgraph, query, { id: elsewhere })).data.shipmentEligibility).toBeNull();
    expect((await ask(ops.subgraph, query, { id: 'nonsense' })).data.shipmentEligibility).toBeNull();
    const both = `{ shipmentEligibility(delivery: "${deliveryId}", lot: "${lotId}") { eligible } }`;
    expect((await ask(ops.subgraph, both)).errors?.[0]?.message).toBe(
      'Give either the id of a delivery or the id of a lot, not both.',
    );
  });
});

describe('the fields that Andon adds to lots and deliveries', () => {
  const entities = `query ($of: [_Any!]!) { _entities(representations: $of) {
    ... on Lot { id usability { canConsume canShip blockers { code } } } ... on Delivery { id eligibility { eligible } } } }`;

  test('many lots are asked for in few questions', async () => {
    ops.rest.answer = (_document, variables) => ({
      data: Object.fromEntries(
        Object.entries(variables).map(([name, id]) => [name.replace('i', 'a'), { ...goodLot, id }]),
      ),
      errors: [],
    });
    const ids = Array.from({ length: 13 }, (_, index) => entityId('BER', 'lot', 'WATER-05L', `L${index}`));
    const of = ids.map((id) => ({ __typename: 'Lot', id }));
    const { data, errors } = await ask(ops.subgraph, entities, { of });
    expect(errors).toBeUndefined();
    expect(data._entities.every((one: { usability: { canShip: boolean } }) => one.usability.canShip)).toBe(true);
    expect(ops.asked.map(({ variables }) => Object.keys(variables).length)).toEqual([8, 4, 1]);
  });

  test('a partner gets nothing of what the owner does not show, nor of what the owner cannot be asked about', async () => {
    const partner = principal({ partner: 'CM-400', roles: ['PARTNER'] });
    const of = [
      { __typename: 'Lot', id: lotId },
      { __typename: 'Delivery', id: deliveryId },
    ];
    ops.rest.answer = () => ({ data: { a0: null }, errors: [] });
    expect((await ask(ops.subgraph, entities, { of }, partner)).data._entities).toEqual([null, null]);
    ops.rest.answer = () => ({ data: { a0: null }, errors: [{ message: 'The ERP cannot be reached.', path: ['a0'] }] });
    expect((await ask(ops.subgraph, entities, { of }, partner)).data._entities).toEqual([null, null]);
  });

  test('an id of another plant, of another type, or none at all is nothing', async () => {
    const of = [entityId('LYO', 'lot', 'M', 'L'), deliveryId, 'nonsense'].map((id) => ({ __typename: 'Lot', id }));
    expect((await ask(ops.subgraph, entities, { of })).data._entities).toEqual([null, null, null]);
    expect(ops.asked).toEqual([]);
  });
});

describe('the journal in the graph', () => {
  const events = `query ($filter: EventFilterInput, $first: Int, $after: EventCursor) {
    events(filter: $filter, first: $first, after: $after) {
      nodes { position type cloudEventType subject plant time data } pageInfo { hasNextPage endCursor } } }`;

  beforeEach(async () => {
    await ops.journal.write(async (tx) => {
      for (const orderNo of ['1', '2', '3']) await tx.append(orderCreated(orderNo));
      await tx.append({ ...orderCreated('4'), id: 'elsewhere', plantCode: 'LYO' });
    });
  });

  test('is read page by page, oldest first, of one’s own plants only', async () => {
    const first = await ask(ops.subgraph, events, { first: 2 });
    expect(first.errors).toBeUndefined();
    expect(first.data.events.nodes[0]).toMatchObject({
      position: '1',
      type: 'production.order.created',
      cloudEventType: 'dev.andon.mfg.production.order.created.v1',
      subject: orderId,
      data: { orderNo: '1', materialCode: 'WATER-05L' },
    });
    expect(first.data.events.pageInfo.hasNextPage).toBe(true);
    const second = await ask(ops.subgraph, events, { after: first.data.events.pageInfo.endCursor });
    expect(second.data.events.nodes.map(({ position }: { position: string }) => position)).toEqual(['3']);
    const elsewhere = await ask(ops.subgraph, events, { filter: { plant: 'LYO' } });
    expect(elsewhere.data.events.nodes).toEqual([]);
  });

  test('a mistyped event type is refused, not followed for ever', async () => {
    const { errors } = await ask(ops.subgraph, events, { filter: { types: ['quality.hold.plcaed'] } });
    expect(errors?.[0]?.message).toContain('There is no event type quality.hold.plcaed.');
  });

  test('whoever may not read it is refused with the reason', async () => {
    const operator = principal({ roles: ['OPERATOR'] });
    for (const query of [
      '{ events { nodes { id } } }',
      '{ journalHead }',
      '{ interlocks { nodes { id } } }',
      '{ auditTrail { nodes { number } } }',
      '{ exceptions { nodes { id } } }',
      '{ workflowException(id: "mfg:BER:exception:1") { id } }',
    ]) {
      const { data, errors } = await ask(ops.subgraph, query, {}, operator);
      expect(Object.values(data)).toEqual([null]);
      expect(errors?.[0]?.originalError).toMatchObject({ code: 'FORBIDDEN' });
      expect(errors?.[0]?.message).toMatch(/^Your roles \(OPERATOR\) may not/);
    }
  });

  test('is followed from a cursor, each event once, with the cursor to go on from', async () => {
    const stop = new AbortController();
    const source = 'subscription { eventRecorded(after: "1") { cursor gap { to } event { subject } } }';
    const stream = await follow(ops.subgraph, source, stop.signal);
    if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream));
    const iterator = stream[Symbol.asyncIterator]();
    const seen = [];
    for (let count = 0; count < 2; count += 1) seen.push((await iterator.next()).value?.data?.['eventRecorded']);
    expect(seen).toMatchObject([{ cursor: '2', gap: null }, { cursor: '3' }]);
    stop.abort();
    await iterator.return?.();
  });
});

describe('interlocks, owners and checks in the graph', () => {
  test('active interlocks are listed, by cause or by what they stand on', async () => {
    await place(lotId);
    await place(deliveryId, entityId('BER', 'hold', 'QH-2'));
    const query = 'query ($filter: InterlockFilter) { interlocks(filter: $filter) { nodes { entity cause kind } } }';
    const list = async (filter: object | null) => (await ask(ops.subgraph, query, { filter })).data.interlocks.nodes;
    expect(await list(null)).toHaveLength(2);
    expect(await list({ cause: holdId })).toEqual([{ entity: lotId, cause: holdId, kind: 'QUALITY_HOLD' }]);
    expect(await list({ entities: [deliveryId, orderId] })).toMatchObject([{ entity: deliveryId }]);
    for (const active of [false, null]) {
      const { errors } = await ask(ops.subgraph, query, { filter: { entities: [lotId], active } });
      expect(errors?.[0]?.originalError).toMatchObject({ code: 'BAD_INPUT' });
    }
    const tooMany = Array.from({ length: 201 }, () => lotId);
    const { errors } = await ask(ops.subgraph, query, { filter: { entities: tooMany } });
    expect(errors?.[0]?.originalError).toMatchObject({ code: 'BAD_INPUT' });
    await ops.journal.write((tx) => tx.lift(holdId, 'T2'));
    expect(await list({ cause: holdId })).toEqual([]);
    expect(await list({ cause: holdId, active: false })).toHaveLength(1);
    expect(await list({ plant: 'LYO' })).toEqual([]);
  });

  test('the owners that the graph was composed with are listed', async () => {
    const { data } = await ask(ops.subgraph, '{ ownership { type field system } }');
    expect(data.ownership).toEqual([{ type: 'Lot', field: 'stock', system: 'ERP' }]);
  });

  test('a check is answered by the owner, in the owner’s words', async () => {
    const check = { name: 'releaseProductionOrder', allowed: false, blockers: [] };
    ops.rest.answer = () => ({ data: { entity: { availableTransitions: [check] } }, errors: [] });
    const query = 'query ($id: ID!, $name: String!) { canTransition(entity: $id, name: $name) { name allowed } }';
    const asked = async (id: string, name: string) => (await ask(ops.subgraph, query, { id, name })).data.canTransition;
    expect(await asked(orderId, 'releaseProductionOrder')).toEqual({ name: 'releaseProductionOrder', allowed: false });
    expect(await asked(orderId, 'flyToTheMoon')).toBeNull();
    expect(await asked('nonsense', 'releaseProductionOrder')).toBeNull();
    ops.rest.answer = () => ({ data: { entity: null }, errors: [] });
    expect(await asked(orderId, 'releaseProductionOrder')).toBeNull();
  });

  test('an owner that cannot be asked gives neither a yes nor a no', async () => {
    ops.rest.answer = () => ({
      data: { entity: null },
      errors: [{ message: 'x', extensions: { code: 'SYSTEM_UNAVAILABLE' } }],
    });
    const { data, errors } = await ask(ops.subgraph, `{ canTransition(entity: "${orderId}", name: "x") { allowed } }`);
    expect(data.canTransition).toBeNull();
    expect(errors?.[0]?.message).toContain('cannot be asked just now');
  });
});

describe('exceptions in the graph', () => {
  const fields = `id workflow step code system message state { code } occurrences resolution
    availableTransitions { name allowed }`;
  const list = `{ exceptions { nodes { ${fields} } } }`;
  const result = `outcome rejections { code } workflowException { state { code } resolution }`;

  /** Something is refused, and the engine has given up. */
  async function fail(rule = threeSteps): Promise<{ readonly engine: WorkflowEngine; readonly graph: FakeGraph }> {
    const graph = new FakeGraph();
    graph.reply = () => ({ reject: 'PERIOD_CLOSED', message: 'The period is closed.' });
    const { database, journal, runtime } = ops;
    const engine = new WorkflowEngine({ database, journal, client: graph, rules: [rule], runtime });
    await engine.start();
    await journal.write((tx) => tx.append(orderCreated('1')));
    await engine.idle();
    return { engine, graph };
  }

  test('are listed for the people of the plant, and for no partner', async () => {
    const { engine } = await fail();
    const { data } = await ask(ops.subgraph, list);
    expect(data.exceptions.nodes).toMatchObject([
      {
        workflow: 'tell-three-times-when-order-created',
        code: 'PERIOD_CLOSED',
        system: 'ERP',
        state: { code: 'OPEN' },
        availableTransitions: [
          { name: 'retryException', allowed: true },
          { name: 'resolveException', allowed: true },
        ],
      },
    ]);
    for (const who of [principal({ plants: ['LYO'] }), principal({ partner: 'CM-400' })])
      expect((await ask(ops.subgraph, list, {}, who)).data.exceptions.nodes).toEqual([]);
    await engine.stop();
  });

  test('are tried again by a transition, once for each key, and end when it has got through', async () => {
    const { engine, graph } = await fail();
    graph.reply = () => 'ACCEPT';
    const [{ id }] = (await ask(ops.subgraph, list)).data.exceptions.nodes;
    const retry = `mutation { retryException(input: { exceptionId: "${id}" }, meta: { idempotencyKey: "k1" }) { ${result} } }`;
    const first = await ask(ops.subgraph, retry);
    expect(first.errors).toBeUndefined();
    expect(first.data.retryException.outcome).toBe('ACCEPTED');
    await engine.idle();
    expect((await ask(ops.subgraph, retry)).data.retryException).toMatchObject({
      outcome: 'DUPLICATE',
      workflowException: { state: { code: 'RESOLVED' } },
    });
    expect(graph.effects).toHaveLength(3);
    const again = retry.replace('k1', 'k2');
    expect((await ask(ops.subgraph, again)).data.retryException.rejections).toMatchObject([
      { code: 'STATE_NOT_ALLOWED' },
    ]);
    await engine.stop();
  });

  test.each(onlyRetried)('of %s are tried again only: closed, a lot would be held for ever', async (name) => {
    expect(rules.map((rule) => rule.name)).toContain(name);
    const { engine } = await fail({ ...threeSteps, name });
    const [{ id, availableTransitions }] = (await ask(ops.subgraph, list)).data.exceptions.nodes;
    expect(availableTransitions).toMatchObject([{ allowed: true }, { name: 'resolveException', allowed: false }]);
    const close = `mutation { resolveException(input: { exceptionId: "${id}" }, meta: { idempotencyKey: "k1", reason: { text: "Enough." } }) { ${result} } }`;
    const { data } = await ask(ops.subgraph, close);
    expect(data.resolveException).toMatchObject({
      rejections: [{ code: 'RETRY_NEEDED' }],
      workflowException: { state: { code: 'OPEN' } },
    });
    await engine.stop();
  });

  test('are closed with a reason, which the journal and the audit trail keep', async () => {
    const { engine } = await fail();
    const [{ id }] = (await ask(ops.subgraph, list)).data.exceptions.nodes;
    const close = (meta: string) =>
      `mutation { resolveException(input: { exceptionId: "${id}" }, meta: { ${meta} }) { ${result} } }`;
    const silent = await ask(ops.subgraph, close('idempotencyKey: "k1"'));
    expect(silent.data.resolveException.rejections).toMatchObject([{ code: 'REASON_REQUIRED' }]);
    const closed = await ask(ops.subgraph, close('idempotencyKey: "k2", reason: { text: "Posted by hand." }'));
    expect(closed.data.resolveException).toMatchObject({
      outcome: 'ACCEPTED',
      workflowException: { state: { code: 'RESOLVED' }, resolution: 'Posted by hand.' },
    });
    await engine.idle();
    const { data } = await ask(
      ops.subgraph,
      '{ events { nodes { type } } auditTrail { nodes { transition outcome reasonText fromState toState } } }',
    );
    expect(data.events.nodes.map(({ type }: { type: string }) => type)).toEqual([
      'production.order.created',
      'exception.raised',
      'exception.resolved',
    ]);
    expect(data.auditTrail.nodes.at(-1)).toEqual({
      transition: 'resolveException',
      outcome: 'ACCEPTED',
      reasonText: 'Posted by hand.',
      fromState: 'OPEN',
      toState: 'RESOLVED',
    });
    await engine.stop();
  });
});
