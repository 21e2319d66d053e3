import { readdirSync, readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import {
  coerceInputValue,
  type GraphQLInputType,
  type GraphQLSchema,
  getVariableValues,
  type OperationDefinitionNode,
  parse,
  validate,
} from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import type { EventData, EventType } from '../../journal/catalogue.ts';
import { type EntityId, entityId } from '../../journal/entity-ref.ts';
import type { JournalEvent } from '../../journal/envelope.ts';
import { checkMeta } from '../../subgraphs/transitions/transition-meta.ts';
import { type ProblemKind, StepProblem } from '../../workflows/problem.ts';
import { lanesOf, type Rule, type RuleGraph } from '../../workflows/rule.ts';
import { rules } from '../../workflows/rules.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const filesIn = (folder: string) => readdirSync(new URL(folder, root)).sort();

const lotId = entityId('BER', 'lot', 'WATER-05L', 'L10001');
const orderId = entityId('BER', 'production-order', '10001');
const filling = entityId('BER', 'operation', '10001', '0010');
const deliveryId = entityId('BER', 'delivery', 'D1001');
const holdId = entityId('BER', 'hold', 'QH-1');
const otherHoldId = entityId('BER', 'hold', 'QH-2');
const dispositionId = entityId('BER', 'disposition', 'DI-1');
const assetId = entityId('BER', 'asset', 'BER-FILLER-L1');
const downtimeId = entityId('BER', 'downtime', 'DT-1');
const materialId = entityId('BER', 'material', 'WATER-05L');
const fillingCenter = entityId('BER', 'work-center', 'FILL-L1');

let schema: GraphQLSchema;

beforeAll(() => {
  const services = ['erp', 'mes', 'qms', 'cmms', 'ops'].map((name) => ({
    name,
    typeDefs: parse(`${read('subgraphs/schema/common.graphql')}\n${read(`subgraphs/${name}/schema.graphql`)}`),
  }));
  const composed = composeServices(services);
  if (!composed.schema) throw new Error(composed.errors?.map(({ message }) => message).join('\n'));
  schema = composed.schema.toAPISchema().toGraphQLJSSchema() as GraphQLSchema;
});

/** What the systems say; each test changes what it is about. */
interface Situation {
  operations: { id: EntityId; state: string; heldBy: readonly string[] }[];
  deliveryState: string;
  /** What the ERP holds for `holdId`. */
  heldInErp: { lots?: EntityId[]; deliveries?: EntityId[]; workCenters?: EntityId[] };
  lotsOfMaterial: EntityId[];
  lotInterlocks: { kind: string; cause: string }[];
  orderInterlocks: { kind: string; cause: string }[];
  assetInterlocks: { kind: string; cause: string }[];
  orderState: string;
  availability: string;
  downtimeEndedAt: string | null;
  workOrders: { downtimeId: string | null; state: { code: string } }[];
  qualityState: string;
  inspectionLots: { id: EntityId; state: { code: string }; decision: string | null }[];
  /** What stands, or stood, on the lot besides `holdId`, which was placed at the third second. */
  otherHolds: { releasedAt: string; decision: string }[];
}

const ordinary = (): Situation => ({
  operations: [{ id: filling, state: 'RUNNING', heldBy: [] }],
  deliveryState: 'ALLOCATED',
  heldInErp: {},
  lotsOfMaterial: [],
  lotInterlocks: [],
  orderInterlocks: [],
  assetInterlocks: [],
  orderState: 'RELEASED',
  availability: 'UP',
  downtimeEndedAt: null,
  workOrders: [],
  qualityState: 'HELD',
  inspectionLots: [],
  otherHolds: [],
});

/**
 * The graph of one plant for one rule: every document and every input has to fit the composed schema, so a rule that asks
 * for what is not there fails here.
 */
class PlantGraph implements RuleGraph {
  readonly done: { readonly mutation: string; readonly input: Readonly<Record<string, unknown>> }[] = [];
  readonly situation: Situation;
  readonly refused: Readonly<Record<string, ProblemKind>>;

  constructor(situation: Partial<Situation> = {}, refused: Readonly<Record<string, ProblemKind>> = {}) {
    this.situation = { ...ordinary(), ...situation };
    this.refused = refused;
  }

  async read<Data>(document: string, variables: Readonly<Record<string, unknown>>): Promise<Data> {
    const parsed = parse(document);
    expect(validate(schema, parsed).map(({ message }) => message)).toEqual([]);
    const { variableDefinitions = [] } = parsed.definitions[0] as OperationDefinitionNode;
    expect(getVariableValues(schema, variableDefinitions, variables).errors).toBeUndefined();
    const failing = Object.keys(this.refused).find((word) => document.includes(`${word}(`));
    if (failing) throw this.#problem('read', failing);
    return this.#answer(variables) as Data;
  }

  async transition(mutation: string, input: Readonly<Record<string, unknown>>, { step }: { readonly step: string }) {
    const field = schema.getMutationType()?.getFields()[mutation];
    const type = field?.args.find(({ name }) => name === 'input')?.type;
    if (!type) throw new Error(`The graph has no mutation ${mutation}.`);
    coerceInputValue(input, type as GraphQLInputType);
    if (this.refused[mutation]) throw this.#problem(step, mutation);
    this.done.push({ mutation, input });
  }

  async each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
    const results = await Promise.allSettled(items.map(work));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  get names(): readonly string[] {
    return this.done.map(({ mutation }) => mutation);
  }

  #problem(step: string, what: string): StepProblem {
    const kind = this.refused[what] ?? 'BROKEN';
    const message = `ERP refused ${what}: The period is closed.`;
    return new StepProblem({ kind, step, code: 'PERIOD_CLOSED', system: 'ERP', message, remediation: null });
  }

  #answer(variables: Readonly<Record<string, unknown>>): object {
    const now = this.situation;
    const delivery = { id: deliveryId, state: { code: now.deliveryState } };
    const { heldBy = null, states = [] } = (variables['filter'] ?? {}) as {
      readonly heldBy?: EntityId;
      readonly states?: readonly string[];
    };
    const page = (ids: readonly EntityId[] = []) => ({
      nodes: ids.map((id) => ({ id })),
      pageInfo: { hasNextPage: false, endCursor: null },
    });
    const interlocksOf = (ids: unknown) => {
      const asked = ids as readonly string[];
      if (asked.includes(assetId)) return now.assetInterlocks;
      return [...now.lotInterlocks, ...(asked.includes(orderId) ? now.orderInterlocks : [])];
    };
    return {
      productionOrder: {
        id: orderId,
        state: { code: now.orderState },
        line: { lineCode: 'L1' },
        lot: { id: lotId },
        material: {
          inspectionPlans: [{ id: entityId('BER', 'inspection-plan', 'IP-WATER', '1'), operationNo: '0010' }],
        },
        operations: [
          {
            id: filling,
            operationNo: '0010',
            workCenter: { workCenterCode: 'FILL-L1' },
            executionState: { code: now.operations[0]?.state },
          },
          {
            id: entityId('BER', 'operation', '10001', '0020'),
            operationNo: '0020',
            workCenter: { workCenterCode: 'LABEL-L1' },
            executionState: null,
          },
        ],
      },
      lot: {
        order: { id: orderId },
        qualityState: now.qualityState,
        inspectionLots: now.inspectionLots,
        holds: [
          { id: holdId, placedAt: '2026-05-21T06:00:03.000Z', releasedAt: null, dispositions: [] },
          ...now.otherHolds.map(({ releasedAt, decision }, index) => ({
            id: entityId('BER', 'hold', `QH-OTHER-${index}`),
            placedAt: '2026-05-21T06:00:01.000Z',
            releasedAt,
            dispositions: [{ decision, state: { code: 'EFFECTIVE' } }],
          })),
        ],
        deliveries: [delivery],
        operations: now.operations.map(({ id, state }) => ({ id, executionState: { code: state } })),
      },
      delivery,
      lots: page(heldBy === null ? now.lotsOfMaterial : now.heldInErp.lots),
      deliveries: page(now.heldInErp.deliveries),
      workCenters: page(now.heldInErp.workCenters),
      operations: {
        nodes: now.operations
          .filter(({ state }) => states.includes(state))
          .map(({ id, heldBy }) => ({ id, heldBy, lot: { id: lotId } })),
        pageInfo: { hasNextPage: false, endCursor: null },
      },
      interlocks: { nodes: 'ids' in variables ? interlocksOf(variables['ids']) : [] },
      asset: {
        availability: { code: now.availability },
        workOrders: now.workOrders,
        workCenters: [{ id: fillingCenter }],
      },
      downtime: { endedAt: now.downtimeEndedAt, workCenters: [{ id: fillingCenter }] },
    };
  }
}

function eventOf<Type extends EventType>(type: Type, subject: EntityId, data: EventData[Type]): JournalEvent<Type> {
  return {
    position: '7',
    id: `T/${type}/${subject}`,
    type,
    source: '/plants/BER/qms',
    subject,
    plantCode: 'BER',
    line: 'L1',
    partner: null,
    sequence: 1,
    occurredAt: '2026-05-21T06:00:00.000Z',
    recordedAt: '2026-05-21T06:00:00.000Z',
    correlationId: 'C1',
    causationId: null,
    actorId: 'quentin.engineer',
    actorKind: 'PERSON',
    stateChange: null,
    data,
  };
}

function ruleNamed(name: string): Rule {
  const rule = rules.find((one) => one.name === name);
  if (!rule) throw new Error(`There is no rule ${name}.`);
  return rule;
}

async function react(name: string, event: JournalEvent, situation: Partial<Situation> = {}): Promise<PlantGraph> {
  const graph = new PlantGraph(situation);
  await ruleNamed(name).react(event, graph);
  return graph;
}

const hold = (over: Partial<EventData['quality.hold.placed']> = {}) =>
  eventOf('quality.hold.placed', holdId, {
    holdNo: 'QH-1',
    scope: lotId,
    affected: [],
    restrictions: ['CONSUME', 'SHIP', 'START_OPERATION'],
    reason: 'Volume',
    acknowledgedBy: [],
    ...over,
  });
const approved = (decision: string) =>
  eventOf('quality.disposition.approved', dispositionId, {
    dispositionNo: 'DI-1',
    holdNo: 'QH-1',
    decision,
    lots: [lotId],
  });
const downtime = {
  downtimeId: 'DT-1',
  assetId: 'BER-FILLER-L1',
  workCenterCodes: ['FILL-L1'],
  planned: false,
  reasonCode: 'MECHANICAL',
};
const stopped = eventOf('asset.downtimeStarted', downtimeId, downtime);
const runsAgain = eventOf('asset.downtimeEnded', downtimeId, { ...downtime, durationSeconds: 60 });
const repaired = eventOf('maintenance.completed', entityId('BER', 'maintenance-work-order', 'WO-1'), {
  workOrderNo: 'WO-1',
  assetId: 'BER-FILLER-L1',
  downtimeId: 'DT-1',
});

test('the name of every rule can stand in the audit trail as the code of its reason', () => {
  for (const { name: code } of rules) {
    const meta = { idempotencyKey: 'k', reason: { code, text: 'Why.' } };
    expect(checkMeta(meta, { now: 0, isWorkflow: true, system: 'ERP' })).toEqual([]);
  }
});

const inspectionLotId = entityId('BER', 'inspection-lot', 'IL-1');
const inspection = (state: string, decision: string | null) => ({
  id: inspectionLotId,
  state: { code: state },
  decision,
});
const decided = (decision: string) =>
  eventOf('quality.inspection.decided', inspectionLotId, { inspectionLotNo: 'IL-1', decision, lot: lotId });

describe('when an inspection is decided', () => {
  const rule = 'release-stock-when-inspection-decided';
  const passed = { qualityState: 'RELEASED', inspectionLots: [inspection('DECIDED', 'ACCEPTED')] };
  const free = { lotId, toStockType: 'UNRESTRICTED', fromStockType: 'QUALITY_INSPECTION', causeRef: lotId };

  test('passed, the stock that waited for it is free in the ERP', async () => {
    const { done } = await react(rule, decided('ACCEPTED'), passed);
    expect(done).toEqual([{ mutation: 'changeStockStatus', input: free }]);
  });

  test('what a hold stands on stays blocked, and is kept by nothing else', async () => {
    const lotInterlocks = [{ kind: 'QUALITY_HOLD', cause: holdId }];
    const { done } = await react(rule, decided('ACCEPTED'), { ...passed, qualityState: 'HELD', lotInterlocks });
    expect(done.map(({ input }) => input)).toEqual([
      { lotId, toStockType: 'BLOCKED', fromStockType: 'QUALITY_INSPECTION', causeRef: holdId },
      free,
    ]);
  });

  test.each([
    ['another inspection is open', { inspectionLots: [...passed.inspectionLots, inspection('CREATED', null)] }],
    ['it is rejected', { qualityState: 'REJECTED', inspectionLots: [inspection('DECIDED', 'REJECTED')] }],
    [
      'one was rejected, and a hold stands',
      { qualityState: 'HELD', inspectionLots: [inspection('DECIDED', 'REJECTED')] },
    ],
    ['the QMS does not say how the lot stands', { qualityState: 'UNDER_INSPECTION' }],
  ])('nothing is freed while %s', async (_why, situation) => {
    expect((await react(rule, decided('ACCEPTED'), { ...passed, ...situation })).done).toEqual([]);
  });
});

describe('when an inspection is rejected', () => {
  const rule = 'block-stock-when-inspection-rejected';

  test('the ERP blocks the stock of the lot, which is its own cause', async () => {
    const { done } = await react(rule, decided('REJECTED'));
    expect(done).toEqual([
      { mutation: 'changeStockStatus', input: { lotId, toStockType: 'BLOCKED', causeRef: lotId } },
    ]);
  });

  test('an accepted one blocks nothing, and neither comes before what was decided earlier of the lot', async () => {
    expect((await react(rule, decided('ACCEPTED'))).done).toEqual([]);
    const lanes = lanesOf(ruleNamed(rule), decided('REJECTED'));
    expect(lanes).toEqual(lanesOf(ruleNamed('release-stock-when-inspection-decided'), decided('REJECTED')));
  });
});

describe('when an order is cancelled', () => {
  const rule = 'hold-operations-when-order-cancelled';
  const cancelled = eventOf('production.order.cancelled', orderId, { orderNo: '10001', materialCode: 'WATER-05L' });

  test('the MES holds what it has of it, and what has ended or was never dispatched stays as it is', async () => {
    const operations = [{ id: filling, state: 'ALLOWED_TO_START', heldBy: [] }];
    expect((await react(rule, cancelled, { operations })).done).toEqual([
      { mutation: 'holdOperation', input: { operationId: filling, causeRef: orderId } },
    ]);
    const ended = [{ id: filling, state: 'ENDED', heldBy: [] }];
    expect((await react(rule, cancelled, { operations: ended })).done).toEqual([]);
  });

  test('a dispatch that is late comes first, or finds the order cancelled', async () => {
    const released = eventOf('production.order.released', orderId, {
      orderNo: '10001',
      materialCode: 'WATER-05L',
      operationNos: ['0010', '0020'],
    });
    const dispatch = 'dispatch-operations-when-order-released';
    expect(lanesOf(ruleNamed(rule), cancelled)).toEqual(lanesOf(ruleNamed(dispatch), released));
    expect((await react(dispatch, released, { orderState: 'CANCELLED' })).done).toEqual([]);
  });
});

describe('when an order is released', () => {
  const released = eventOf('production.order.released', orderId, {
    orderNo: '10001',
    materialCode: 'WATER-05L',
    operationNos: ['0010', '0020'],
  });

  test('each of its operations is dispatched, and each inspection plan of its material becomes an inspection lot', async () => {
    const dispatched = await react('dispatch-operations-when-order-released', released);
    expect(dispatched.done.map(({ input }) => input['operationNo'])).toEqual(['0010', '0020']);
    const inspected = await react('create-inspections-when-order-released', released);
    expect(inspected.done).toMatchObject([
      { mutation: 'createInspectionLot', input: { orderId, lotId, operationNo: '0010' } },
    ]);
  });

  test.each(['dispatch-operations-when-order-released', 'create-inspections-when-order-released'])(
    '%s: what does not get through has the order held in the ERP, with the reason',
    async (name) => {
      const graph = new PlantGraph({}, { dispatchOperation: 'REFUSED', createInspectionLot: 'REFUSED' });
      const problem = await ruleNamed(name)
        .react(released, graph)
        .catch((error: unknown) => error);
      await ruleNamed(name).whenStuck?.(released, graph, problem as StepProblem);
      expect(graph.done).toEqual([{ mutation: 'holdProductionOrder', input: { orderId } }]);
      expect(ruleNamed(name).verdicts?.['holdProductionOrder']).toEqual({ STATE_NOT_ALLOWED: 'DONE' });
    },
  );

  test('it is in process in the ERP when its first operation runs, and not told again', async () => {
    const started = eventOf('production.operation.started', filling, {
      orderNo: '10001',
      operationNo: '0010',
      workCenterCode: 'FILL-L1',
    });
    const first = await react('start-order-when-operation-starts', started);
    expect(first.done).toEqual([{ mutation: 'startProductionOrder', input: { orderId } }]);
    expect((await react('start-order-when-operation-starts', started, { orderState: 'IN_PROCESS' })).done).toEqual([]);
  });
});

describe('when an operation is completed', () => {
  const completed = eventOf('production.operation.completed', filling, {
    orderNo: '10001',
    operationNo: '0010',
    workCenterCode: 'FILL-L1',
    yieldQuantity: '2400',
    scrapQuantity: '12',
    unit: 'H87',
    lot: lotId,
  });

  test('the ERP is told what it ended with, after it was told that the order had begun', async () => {
    const { done } = await react('confirm-operation-when-operation-completes', completed);
    expect(done).toEqual([
      {
        mutation: 'confirmOperation',
        input: {
          operationId: filling,
          yieldQuantity: { value: '2400', unit: 'H87' },
          scrapQuantity: { value: '12', unit: 'H87' },
        },
      },
    ]);
    const started = eventOf('production.operation.started', filling, {
      orderNo: '10001',
      operationNo: '0010',
      workCenterCode: 'FILL-L1',
    });
    expect(lanesOf(ruleNamed('confirm-operation-when-operation-completes'), completed)).toEqual(
      lanesOf(ruleNamed('start-order-when-operation-starts'), started),
    );
  });
});

describe('when a check fails', () => {
  const failed = (lot: EntityId | null) =>
    eventOf('quality.inspection.failed', entityId('BER', 'inspection-lot', 'IL-10001'), {
      inspectionLotNo: 'IL-10001',
      characteristic: 'FILL-VOLUME',
      sampleNo: '1',
      value: '482',
      limits: '495..505 MLT',
      lot,
      orderNo: '10001',
      operationNo: '0010',
    });

  test('the lot is held under the number that its interlock names already, and a case is opened', async () => {
    const { done } = await react('place-hold-when-inspection-fails', failed(lotId));
    expect(done).toMatchObject([
      {
        mutation: 'placeHold',
        input: { scope: lotId, holdNo: 'QH-IL-10001-FILL-VOLUME-1', orderId, operationId: filling },
      },
      { mutation: 'raiseNonconformance', input: { holdId: 'mfg:BER:hold:QH-IL-10001-FILL-VOLUME-1', lotId } },
    ]);
  });

  test('without a lot, the order is held', async () => {
    const { done } = await react('place-hold-when-inspection-fails', failed(null));
    expect(done[0]?.input['scope']).toBe(orderId);
  });
});

describe('when a hold is placed', () => {
  test('the ERP blocks the lot and the deliveries that have not left, then acknowledges', async () => {
    const { done } = await react('block-stock-when-hold-placed', hold(), {
      heldInErp: { lots: [lotId], deliveries: [deliveryId] },
    });
    expect(done).toEqual([
      { mutation: 'changeStockStatus', input: { lotId, toStockType: 'BLOCKED', causeRef: holdId } },
      { mutation: 'setDeliveryBlock', input: { deliveryId, causeRef: holdId } },
      {
        mutation: 'acknowledgeHold',
        input: {
          holdId,
          system: 'ERP',
          failed: false,
          message: 'In the ERP: stock of 1 lot blocked, 1 delivery blocked.',
        },
      },
    ]);
    const late = await react('block-stock-when-hold-placed', hold(), { deliveryState: 'SHIPPED' });
    expect(late.names).not.toContain('setDeliveryBlock');
    expect(late.done.at(-1)?.input['message']).toBe('Nothing in the ERP to block.');
  });

  test('a hold on a material blocks the free stock of every lot of it, and the deliveries of those lots', async () => {
    const [one, other] = ['L10900', 'L10901'].map((number) => entityId('BER', 'lot', 'WATER-05L', number)) as [
      EntityId,
      EntityId,
    ];
    const { done } = await react('block-stock-when-hold-placed', hold({ scope: materialId }), {
      lotsOfMaterial: [one, other],
    });
    const block = { toStockType: 'BLOCKED', fromStockType: 'UNRESTRICTED', causeRef: holdId };
    expect(done.slice(0, -1)).toEqual([
      { mutation: 'changeStockStatus', input: { lotId: one, ...block } },
      { mutation: 'changeStockStatus', input: { lotId: other, ...block } },
      { mutation: 'setDeliveryBlock', input: { deliveryId, causeRef: holdId } },
    ]);
  });

  test.each([
    ['a work center', fillingCenter],
    ['an asset, through its assignment', assetId],
  ])('a hold on %s closes its capacity in the ERP', async (_what, scope) => {
    const { done } = await react('block-stock-when-hold-placed', hold({ scope }), {
      heldInErp: { workCenters: [fillingCenter] },
    });
    expect(done).toMatchObject([
      {
        mutation: 'setWorkCenterCapacity',
        input: { workCenterId: fillingCenter, capacityStatus: 'UNAVAILABLE', causeRef: holdId },
      },
      { input: { message: 'In the ERP: capacity of 1 work center closed.' } },
    ]);
  });

  test('with the CMMS down, the ERP still blocks what it knows, and does not say that it has done everything', async () => {
    const graph = new PlantGraph({}, { asset: 'UNAVAILABLE' });
    const held = hold({ scope: assetId, affected: [lotId] });
    await expect(ruleNamed('block-stock-when-hold-placed').react(held, graph)).rejects.toThrow(StepProblem);
    expect(graph.names).toEqual(['changeStockStatus', 'setDeliveryBlock']);
  });

  test('what a hold does not forbid, no system stops', async () => {
    const { names } = await react(
      'block-stock-when-hold-placed',
      hold({ affected: [fillingCenter], restrictions: ['COMPLETE_OPERATION'] }),
    );
    expect(names).toEqual(['acknowledgeHold']);
    const shipping = await react('hold-operations-when-hold-placed', hold({ restrictions: ['PICK', 'SHIP'] }));
    expect(shipping.names).toEqual(['acknowledgeHold']);
  });

  test('a hold on an order reaches the lot that the order makes; one on a delivery reaches the delivery', async () => {
    const onOrder = await react('block-stock-when-hold-placed', hold({ scope: orderId }));
    expect(onOrder.done[0]).toMatchObject({ mutation: 'changeStockStatus', input: { lotId } });
    const onDelivery = await react('block-stock-when-hold-placed', hold({ scope: deliveryId }));
    expect(onDelivery.names).toEqual(['setDeliveryBlock', 'acknowledgeHold']);
  });

  test.each([
    ['the lot that it makes', lotId],
    ['the material that it makes', materialId],
    ['its order', orderId],
    ['the operation itself', filling],
    ['its work center', fillingCenter],
    ['the asset that it runs on', assetId],
  ])('the MES holds a begun operation for a hold on %s, then acknowledges', async (_what, scope) => {
    const { done } = await react('hold-operations-when-hold-placed', hold({ scope }));
    expect(done.filter(({ mutation }) => mutation === 'holdOperation')[0]?.input).toEqual({
      operationId: filling,
      causeRef: holdId,
    });
    expect(done.at(-1)).toEqual({
      mutation: 'acknowledgeHold',
      input: { holdId, system: 'MES', failed: false, message: 'Nothing of it was running.' },
    });
  });

  test('an operation that something else holds gets this cause too; one that is over does not', async () => {
    const held = await react('hold-operations-when-hold-placed', hold(), {
      operations: [{ id: filling, state: 'HELD', heldBy: [otherHoldId] }],
    });
    expect(held.names).toContain('holdOperation');
    const over = await react('hold-operations-when-hold-placed', hold(), {
      operations: [{ id: filling, state: 'ENDED', heldBy: [] }],
    });
    expect(over.names).toEqual(['acknowledgeHold']);
  });

  test('with the ERP down, the MES still holds what it knows', async () => {
    const graph = new PlantGraph({}, { lot: 'UNAVAILABLE' });
    await expect(ruleNamed('hold-operations-when-hold-placed').react(hold(), graph)).rejects.toThrow(StepProblem);
    expect(graph.names).toEqual(['holdOperation']);
  });

  test('a target that does not answer is recorded with the hold', async () => {
    const graph = new PlantGraph();
    const problem = new StepProblem({
      kind: 'UNAVAILABLE',
      step: 'x',
      code: 'X',
      system: 'ERP',
      message: 'It is away.',
      remediation: null,
    });
    await ruleNamed('block-stock-when-hold-placed').whenStuck?.(hold(), graph, problem);
    expect(graph.done).toEqual([
      { mutation: 'acknowledgeHold', input: { holdId, system: 'ERP', failed: true, message: 'It is away.' } },
    ]);
  });
});

describe('when a disposition is approved', () => {
  const rule = 'release-stock-when-disposition-approved';
  const held: Partial<Situation> = {
    operations: [{ id: filling, state: 'HELD', heldBy: [holdId] }],
    heldInErp: { lots: [lotId], deliveries: [deliveryId], workCenters: [fillingCenter] },
    lotInterlocks: [{ kind: 'QUALITY_HOLD', cause: holdId }],
  };

  test('stock, operations and deliveries are let go, and the hold is released last', async () => {
    const { done } = await react(rule, approved('USE_AS_IS'), held);
    expect(done).toEqual([
      { mutation: 'changeStockStatus', input: { lotId, toStockType: 'UNRESTRICTED', causeRef: holdId } },
      { mutation: 'removeDeliveryBlock', input: { deliveryId, causeRef: holdId } },
      { mutation: 'unholdOperation', input: { operationId: filling, causeRef: holdId } },
      {
        mutation: 'setWorkCenterCapacity',
        input: { workCenterId: fillingCenter, capacityStatus: 'AVAILABLE', causeRef: holdId },
      },
      { mutation: 'settleDisposition', input: { dispositionId, outcome: 'EFFECTIVE' } },
      { mutation: 'releaseHold', input: { holdId, dispositionId } },
    ]);
  });

  test('what is to be reworked waits for its next inspection in the ERP, and for the hold no longer', async () => {
    const { done } = await react(rule, approved('REWORK'), held);
    expect(done.slice(0, 3)).toEqual([
      { mutation: 'changeStockStatus', input: { lotId, toStockType: 'QUALITY_INSPECTION', causeRef: lotId } },
      { mutation: 'changeStockStatus', input: { lotId, toStockType: 'UNRESTRICTED', causeRef: holdId } },
      { mutation: 'removeDeliveryBlock', input: { deliveryId, causeRef: holdId } },
    ]);
    expect(done.at(-1)?.mutation).toBe('releaseHold');
  });

  test.each([
    ['another hold stands', { lotInterlocks: [{ kind: 'QUALITY_HOLD', cause: otherHoldId }] }],
    ['another hold has scrapped it', { otherHolds: [{ releasedAt: '2026-05-21T06:00:02.000Z', decision: 'SCRAP' }] }],
  ])('stock that is to be reworked stays blocked where %s', async (_why, situation) => {
    const { done } = await react(rule, approved('REWORK'), { ...held, ...situation });
    expect(done[0]?.input).toEqual({
      lotId,
      toStockType: 'QUALITY_INSPECTION',
      fromStockType: 'UNRESTRICTED',
      causeRef: lotId,
    });
  });

  test.each([
    ['beside another hold waits for the inspection after it', '2026-05-21T06:00:03.000Z', 'QUALITY_INSPECTION'],
    ['before this hold was placed is overruled', '2026-05-21T06:00:02.000Z', 'UNRESTRICTED'],
  ])('used as it is, what was to be reworked %s', async (_what, releasedAt, toStockType) => {
    const otherHolds = [{ releasedAt, decision: 'REWORK' }];
    const { done } = await react(rule, approved('USE_AS_IS'), { ...held, otherHolds });
    expect(done[0]?.input).toEqual({ lotId, toStockType, causeRef: lotId });
  });

  test.each(['SCRAP', 'RETURN_TO_SUPPLIER'])('%s leaves the stock and its deliveries blocked', async (decision) => {
    const { names } = await react(rule, approved(decision), held);
    expect(names).toEqual(['unholdOperation', 'setWorkCenterCapacity', 'settleDisposition', 'releaseHold']);
  });

  test('while the rest of the inspection is open, the ERP keeps the stock in quality inspection', async () => {
    const inspectionLots = [inspection('IN_PROGRESS', null)];
    const { done } = await react(rule, approved('USE_AS_IS'), { ...held, inspectionLots });
    expect(done.slice(0, 2).map(({ input }) => input)).toEqual([
      { lotId, toStockType: 'QUALITY_INSPECTION', causeRef: lotId },
      { lotId, toStockType: 'UNRESTRICTED', causeRef: holdId },
    ]);
  });

  test('stock that another hold blocks stays blocked, whatever its inspection', async () => {
    const lotInterlocks = [{ kind: 'QUALITY_HOLD', cause: otherHoldId }];
    const inspectionLots = [inspection('IN_PROGRESS', null)];
    const { done } = await react(rule, approved('USE_AS_IS'), { ...held, lotInterlocks, inspectionLots });
    expect(done[0]?.input).toEqual({
      lotId,
      toStockType: 'QUALITY_INSPECTION',
      fromStockType: 'UNRESTRICTED',
      causeRef: lotId,
    });
  });

  test('what an earlier rejection kept in quality inspection is overruled', async () => {
    const inspectionLots = [inspection('DECIDED', 'REJECTED')];
    const { done } = await react(rule, approved('USE_AS_IS'), { ...held, inspectionLots });
    expect(done[0]?.input).toEqual({ lotId, toStockType: 'UNRESTRICTED', causeRef: lotId });
  });

  test('of lots that it holds without a decision about them by name, only what was free comes back', async () => {
    const other = entityId('BER', 'lot', 'WATER-05L', 'L10900');
    const { done } = await react(rule, approved('USE_AS_IS'), { ...held, heldInErp: { lots: [lotId, other] } });
    const freed = done.slice(0, 2).map(({ input }) => input);
    expect(freed).toContainEqual({ lotId, toStockType: 'UNRESTRICTED', causeRef: holdId });
    expect(freed).toContainEqual({
      lotId: other,
      toStockType: 'UNRESTRICTED',
      fromStockType: 'BLOCKED',
      causeRef: holdId,
    });
  });

  const ofHolds = (...causes: readonly EntityId[]) => causes.map((cause) => ({ kind: 'QUALITY_HOLD', cause }));

  test.each([
    ['the lot', { lotInterlocks: ofHolds(holdId, otherHoldId) }],
    ['the order that made it', { lotInterlocks: ofHolds(holdId), orderInterlocks: ofHolds(otherHoldId) }],
  ])('the ERP is told first of another hold on %s, so that it keeps the stock blocked', async (_what, situation) => {
    const { done, names } = await react(rule, approved('USE_AS_IS'), { ...held, ...situation });
    expect(done.slice(0, 2).map(({ input }) => input)).toEqual([
      { lotId, toStockType: 'BLOCKED', fromStockType: 'UNRESTRICTED', causeRef: otherHoldId },
      { lotId, toStockType: 'UNRESTRICTED', causeRef: holdId },
    ]);
    expect(names.at(-1)).toBe('releaseHold');
  });

  test.each([
    'changeStockStatus',
    'unholdOperation',
    'removeDeliveryBlock',
    'setWorkCenterCapacity',
    'settleDisposition',
  ])('refused at %s, the hold stays', async (mutation) => {
    const graph = new PlantGraph(held, { [mutation]: 'REFUSED' });
    await expect(ruleNamed(rule).react(approved('USE_AS_IS'), graph)).rejects.toThrow(StepProblem);
    expect(graph.names).not.toContain('releaseHold');
  });

  test('a refusal of a system makes it POSTING_FAILED; a system that is away does not', async () => {
    const say = async (kind: ProblemKind, step: string) => {
      const graph = new PlantGraph();
      const problem = new StepProblem({
        kind,
        step,
        code: 'X',
        system: 'ERP',
        message: 'The period is closed.',
        remediation: null,
      });
      await ruleNamed(rule).whenStuck?.(approved('USE_AS_IS'), graph, problem);
      return graph.done;
    };
    expect(await say('REFUSED', `unrestrict ${lotId}`)).toEqual([
      {
        mutation: 'settleDisposition',
        input: { dispositionId, outcome: 'POSTING_FAILED', system: 'ERP', message: 'The period is closed.' },
      },
    ]);
    expect(await say('UNAVAILABLE', `unrestrict ${lotId}`)).toEqual([]);
    expect(await say('REFUSED', 'release')).toEqual([]);
  });

  test('a lot that the ERP does not know has nothing to be freed, and keeps the hold from ending no longer', () => {
    expect(ruleNamed(rule).verdicts?.['changeStockStatus']).toMatchObject({ NOT_FOUND: 'DONE' });
  });

  test('it waits until the hold itself has got through everywhere', () => {
    const lanes = lanesOf(ruleNamed(rule), approved('USE_AS_IS'));
    expect(lanes).toEqual([
      ...lanesOf(ruleNamed('block-stock-when-hold-placed'), hold()),
      ...lanesOf(ruleNamed('hold-operations-when-hold-placed'), hold()),
      ...lanesOf(ruleNamed('release-stock-when-inspection-decided'), decided('ACCEPTED')),
    ]);
  });

  test('nothing else in a workflow releases a hold', async () => {
    const others = filesIn('workflows/rules').filter((file) => file !== `${rule}.ts`);
    for (const file of others) expect(read(`workflows/rules/${file}`)).not.toContain('releaseHold');
    for (const file of filesIn('workflows/rule-parts'))
      expect(read(`workflows/rule-parts/${file}`)).not.toContain('releaseHold');
  });
});

describe('when an asset stops', () => {
  test('its work centers are closed, what runs there is held, the CMMS is told, and maintenance is asked for', async () => {
    expect((await react('close-capacity-when-downtime-starts', stopped)).done).toEqual([
      {
        mutation: 'setWorkCenterCapacity',
        input: { workCenterId: fillingCenter, capacityStatus: 'UNAVAILABLE', causeRef: downtimeId },
      },
    ]);
    expect((await react('hold-operations-when-downtime-starts', stopped)).done).toEqual([
      { mutation: 'holdOperation', input: { operationId: filling, causeRef: downtimeId } },
    ]);
    expect((await react('mark-asset-down-when-downtime-starts', stopped)).done).toEqual([
      { mutation: 'setAssetAvailability', input: { assetId, availability: 'DOWN_UNPLANNED', causeRef: downtimeId } },
    ]);
    expect((await react('request-maintenance-when-downtime-starts', stopped)).done).toMatchObject([
      { mutation: 'requestMaintenance', input: { assetId, kind: 'CORRECTIVE', downtimeId } },
    ]);
  });

  test('maintenance that is asked for already, or a planned stop, needs no other', async () => {
    const name = 'request-maintenance-when-downtime-starts';
    const open = await react(name, stopped, { workOrders: [{ downtimeId, state: { code: 'APPROVED' } }] });
    expect(open.done).toEqual([]);
    const withdrawn = await react(name, stopped, { workOrders: [{ downtimeId, state: { code: 'CANCELLED' } }] });
    expect(withdrawn.names).toEqual(['requestMaintenance']);
    const planned = eventOf('asset.downtimeStarted', downtimeId, { ...downtime, planned: true });
    expect((await react(name, planned)).done).toEqual([]);
    expect((await react('mark-asset-down-when-downtime-starts', planned)).done[0]?.input['availability']).toBe(
      'DOWN_PLANNED',
    );
  });
});

describe('when an asset runs again', () => {
  const down = { availability: 'DOWN_UNPLANNED', assetInterlocks: [{ kind: 'BREAKDOWN', cause: downtimeId }] };

  test('its repair reopens everything, and ends the downtime last', async () => {
    expect((await react('reopen-capacity-when-maintenance-completes', repaired, down)).done).toEqual([
      { mutation: 'setAssetAvailability', input: { assetId, availability: 'UP', causeRef: downtimeId } },
      {
        mutation: 'setWorkCenterCapacity',
        input: { workCenterId: fillingCenter, capacityStatus: 'AVAILABLE', causeRef: downtimeId },
      },
      { mutation: 'endDowntime', input: { downtimeId } },
    ]);
  });

  test('a repair without a downtime, or of one that is over, reopens nothing', async () => {
    const name = 'reopen-capacity-when-maintenance-completes';
    expect((await react(name, { ...repaired, data: { ...repaired.data, downtimeId: null } }, down)).done).toEqual([]);
    const over = await react(name, repaired, { ...down, downtimeEndedAt: '2026-05-21T06:00:00.000Z' });
    expect(over.done).toEqual([]);
  });

  test('an asset that another downtime stops stays down', async () => {
    const assetInterlocks = [...down.assetInterlocks, { kind: 'BREAKDOWN', cause: 'mfg:BER:downtime:DT-2' }];
    const { names } = await react('mark-asset-up-when-downtime-ends', runsAgain, { ...down, assetInterlocks });
    expect(names).toEqual([]);
  });

  test('ended on the shop floor, capacity, operations and availability follow', async () => {
    expect((await react('reopen-capacity-when-downtime-ends', runsAgain)).done[0]?.input).toMatchObject({
      capacityStatus: 'AVAILABLE',
      causeRef: downtimeId,
    });
    const operations = [
      { id: filling, state: 'HELD', heldBy: [downtimeId, holdId] },
      { id: entityId('BER', 'operation', '10004', '0010'), state: 'HELD', heldBy: [holdId] },
    ];
    expect((await react('unhold-operations-when-downtime-ends', runsAgain, { operations })).done).toEqual([
      { mutation: 'unholdOperation', input: { operationId: filling, causeRef: downtimeId } },
    ]);
    expect((await react('mark-asset-up-when-downtime-ends', runsAgain, down)).names).toEqual(['setAssetAvailability']);
  });

  test('what was closed first is reopened afterwards, however long the closing takes', () => {
    for (const [closing, reopening] of [
      ['close-capacity-when-downtime-starts', 'reopen-capacity-when-downtime-ends'],
      ['hold-operations-when-downtime-starts', 'unhold-operations-when-downtime-ends'],
      ['mark-asset-down-when-downtime-starts', 'mark-asset-up-when-downtime-ends'],
    ] as const)
      expect(lanesOf(ruleNamed(closing), stopped)).toEqual(lanesOf(ruleNamed(reopening), runsAgain));
  });
});

describe('the rules', () => {
  test('are named like their files, outcome when trigger, each once', () => {
    const names = rules.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.map((name) => `${name}.ts`).sort()).toEqual(filesIn('workflows/rules'));
    for (const name of names) {
      expect(name).toMatch(/^[a-z-]+-when-[a-z-]+$/);
      expect(read(`workflows/rules/${name}.ts`)).toContain(`name: '${name}'`);
    }
  });

  test('ask for nothing but what workflows may do', () => {
    const permitted = read('policies/workflow.cedar');
    const files = ['workflows/rules', 'workflows/rule-parts'].flatMap((folder) =>
      filesIn(folder).map((file) => `${folder}/${file}`),
    );
    const sources = files.map(read).join('\n');
    const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {}).filter((one) =>
      sources.includes(`'${one}'`),
    );
    expect(mutations.length).toBeGreaterThan(10);
    expect(mutations.filter((one) => !permitted.includes(`"${one}"`))).toEqual([]);
  });
});
