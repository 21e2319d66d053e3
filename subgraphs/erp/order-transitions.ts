import type {
  CreateProductionOrder,
  ErpPort,
  ErpResults,
  LineRow,
  MaterialRow,
  OrderRow,
  OrderStateCommand,
} from '../../connectors/erp/port.ts';
import type { EventData, EventType } from '../../journal/catalogue.ts';
import type { EntityId } from '../../journal/entity-ref.ts';
import type { NewEvent } from '../../journal/envelope.ts';
import type { NewInterlock } from '../../journal/interlock.ts';
import type { Restriction } from '../../journal/restriction.ts';
import { eventOf } from '../transitions/event-of.ts';
import { code, id, plannedTime, positiveAmount } from '../transitions/input-checks.ts';
import type { AnyTransition, Call, Guard, Touch, Transition } from '../transitions/transition.ts';
import { lineId, lotId, materialId, orderId, orderKey, workCenterId } from './keys.ts';
import { orderMachine } from './machines.ts';
import { assetsAreReady, inspectionPlanExists, operationsAreConfirmed, operationsHaveEnded } from './order-guards.ts';
import { restrictionsOfHeldOrder } from './restrictions.ts';

interface OrderInput {
  readonly orderId: string;
}

type OrderEvent = Extract<EventType, `production.order.${string}`>;

interface OrderChange {
  readonly name: OrderStateCommand['name'];
  readonly action: keyof typeof orderMachine.actions;
  readonly reasonRequired?: boolean;
  readonly guards?: readonly Guard<OrderRow, OrderInput>[];
  readonly touches?: (order: OrderRow) => readonly Touch[];
  readonly event: (call: OrderCall, stateChange: string) => NewEvent;
  readonly place?: (call: OrderCall) => readonly NewInterlock[];
  readonly lift?: (order: OrderRow) => readonly EntityId[];
}

type OrderCall = Call<OrderRow, OrderInput>;

const factsOf = ({ entity }: OrderCall) => ({ orderNo: entity.orderNo, materialCode: entity.materialCode });

function announce<Type extends OrderEvent>(type: Type, dataOf: (call: OrderCall) => EventData[Type]) {
  return (call: OrderCall, stateChange: string): NewEvent => {
    const { plantCode, lineCode, partner } = call.entity;
    const place = { system: 'ERP', subject: orderId(call.entity), plantCode, line: lineCode, partner };
    return eventOf(call, { type, ...place, stateChange, data: dataOf(call) }) as NewEvent;
  };
}

/** Nobody plans or starts what is restricted: the order, what goes out of it, and where it would wait for a machine. */
function planned(order: OrderRow): readonly Touch[] {
  const constrained = order.operations.filter((operation) => operation.constrained).map(workCenterId);
  const entities = [orderId(order), lotId(order), materialId(order), ...new Set(constrained)];
  return [
    { entities, restriction: 'SCHEDULE' },
    { entities, restriction: 'START_OPERATION' },
  ];
}

function made(restriction: Restriction) {
  return (order: OrderRow): readonly Touch[] => [
    { entities: [orderId(order), lotId(order), materialId(order)], restriction },
  ];
}

function holdOperations({ entity, meta, actor, transitionId }: OrderCall): readonly NewInterlock[] {
  const why = { by: actor.id, reason: meta.reason?.text ?? null };
  return restrictionsOfHeldOrder(entity, why).map((one) => ({ ...one, placedByTransition: transitionId }));
}

const changes: readonly OrderChange[] = [
  {
    name: 'releaseProductionOrder',
    action: 'release',
    guards: [inspectionPlanExists, assetsAreReady],
    touches: planned,
    event: announce('production.order.released', (call) => ({
      ...factsOf(call),
      operationNos: call.entity.operations.map(({ operationNo }) => operationNo),
    })),
  },
  { name: 'startProductionOrder', action: 'start', event: announce('production.order.started', factsOf) },
  {
    name: 'holdProductionOrder',
    action: 'hold',
    reasonRequired: true,
    event: announce('production.order.held', (call) => ({ ...factsOf(call), reason: call.meta.reason?.text ?? '' })),
    place: holdOperations,
  },
  {
    name: 'resumeProductionOrder',
    action: 'resume',
    touches: made('START_OPERATION'),
    event: announce('production.order.resumed', factsOf),
    lift: (order) => [orderId(order)],
  },
  {
    name: 'completeProductionOrder',
    action: 'complete',
    guards: [operationsHaveEnded, operationsAreConfirmed],
    touches: made('COMPLETE_OPERATION'),
    event: announce('production.order.completed', factsOf),
  },
  {
    name: 'cancelProductionOrder',
    action: 'cancel',
    reasonRequired: true,
    event: announce('production.order.cancelled', factsOf),
  },
];

/** In the order in which an order goes through them. */
export const orderTransitionNames: readonly string[] = changes.map(({ name }) => name);

export function createOrderTransitions(port: ErpPort): readonly AnyTransition[] {
  return [createOrder(port), ...changes.map((change) => changeOrder(port, change))];
}

function changeOrder(port: ErpPort, change: OrderChange): Transition<OrderRow, OrderInput, OrderStateCommand> {
  const { name, action, reasonRequired = false, guards = [], touches = () => [], event, place, lift } = change;
  return {
    name,
    machine: orderMachine,
    action,
    reasonRequired,
    checks: { orderId: id },
    guards,
    touches,
    async load(input) {
      const key = orderKey(input.orderId);
      return key && ((await port.ordersByKeys([key]))[0] ?? null);
    },
    subject: (order) => ({
      id: orderId(order),
      plantCode: order.plantCode,
      line: order.lineCode,
      partner: order.partner,
      version: order.version,
      state: order.state,
    }),
    command: ({ entity, meta }) => ({
      name,
      plantCode: entity.plantCode,
      expectedVersion: entity.version,
      orderNo: entity.orderNo,
      reason: meta.reason?.text ?? null,
    }),
    ...(place && { placeFirst: place }),
    effects(call, posting) {
      const { from, to } = posting.result as ErpResults['orderState'];
      const placed = place?.(call);
      return {
        toState: to,
        events: [event(call, `${from}>${to}`)],
        ...(placed && { place: placed, confirm: placed }),
        ...(lift && { lift: lift(call.entity) }),
      };
    },
  };
}

interface CreateInput {
  readonly plantCode: string;
  readonly lineCode: string;
  readonly materialCode: string;
  readonly quantity: { readonly value: string; readonly unit: string };
  readonly lotNumber?: string | null;
  readonly plannedStart: string;
  readonly plannedEnd: string;
}

interface NewOrder {
  readonly line: LineRow;
  readonly material: MaterialRow;
}

const endsAfterStart: Guard<NewOrder, CreateInput> = {
  name: 'dates',
  check(_order, input) {
    if (input === null || input.plannedStart < input.plannedEnd) return [];
    return [
      {
        code: 'DATES_INVALID',
        system: 'ERP',
        guard: 'dates',
        message: 'The planned end must be after the planned start.',
        remediation: 'Give a later input.plannedEnd.',
        blockingRef: null,
      },
    ];
  },
};

function createOrder(port: ErpPort): Transition<NewOrder, CreateInput, CreateProductionOrder> {
  return {
    name: 'createProductionOrder',
    machine: orderMachine,
    action: 'create',
    checks: {
      plantCode: code(),
      lineCode: code(),
      materialCode: code(),
      quantity: positiveAmount,
      lotNumber: code(),
      plannedStart: plannedTime,
      plannedEnd: plannedTime,
    },
    guards: [endsAfterStart],
    async load({ plantCode, lineCode, materialCode }) {
      const [[line], [material]] = await Promise.all([
        port.linesByKeys([{ plantCode, lineCode }]),
        port.materialsByKeys([{ plantCode, materialCode }]),
      ]);
      return line && material ? { line, material } : null;
    },
    subject: ({ line }) => ({
      id: lineId(line),
      plantCode: line.plantCode,
      line: line.lineCode,
      partner: null,
      version: null,
      state: null,
    }),
    touches({ line, material }) {
      const { plantCode, routing } = line;
      const workCenters = routing.map(({ workCenterCode }) => workCenterId({ plantCode, workCenterCode }));
      const entities: readonly EntityId[] = [lineId(line), materialId(material), ...new Set(workCenters)];
      return [{ entities, restriction: 'SCHEDULE' }];
    },
    command: ({ input }) => ({
      name: 'createProductionOrder',
      plantCode: input.plantCode,
      expectedVersion: null,
      lineCode: input.lineCode,
      materialCode: input.materialCode,
      quantity: input.quantity.value,
      unit: input.quantity.unit,
      lotNumber: input.lotNumber ?? null,
      plannedStart: input.plannedStart,
      plannedEnd: input.plannedEnd,
    }),
    effects(call, posting) {
      const { orderNo } = posting.result as ErpResults['createProductionOrder'];
      const { plantCode, materialCode, lineCode, quantity } = call.input;
      const created = orderId({ plantCode, orderNo });
      const event = eventOf(call, {
        type: 'production.order.created',
        system: 'ERP',
        subject: created,
        plantCode,
        line: lineCode,
        partner: null,
        stateChange: '>PLANNED',
        data: { orderNo, materialCode, quantity: quantity.value, unit: quantity.unit },
      });
      return { toState: 'PLANNED', result: created, events: [event] };
    },
  };
}
