import type {
  DeliveryRow,
  ErpPort,
  ErpResults,
  PickDelivery,
  ReleaseShipment,
  RemoveDeliveryBlock,
  SetDeliveryBlock,
} from '../../connectors/erp/port.ts';
import type { EntityId } from '../../journal/entity-ref.ts';
import type { Restriction } from '../../journal/restriction.ts';
import { eventOf } from '../transitions/event-of.ts';
import { id } from '../transitions/input-checks.ts';
import type { AnyTransition, Call, Guard, Subject, Touch, Transition } from '../transitions/transition.ts';
import { isNotBlocked, isShippable, stockIsFree } from './delivery-guards.ts';
import { deliveryId, deliveryKey, lotId, materialId, orderId } from './keys.ts';
import { deliveryMachine } from './machines.ts';

interface DeliveryInput {
  readonly deliveryId: string;
}

interface BlockInput extends DeliveryInput {
  readonly causeRef: EntityId;
}

export const deliveryTransitionNames: readonly string[] = [
  'pickDelivery',
  'releaseShipment',
  'setDeliveryBlock',
  'removeDeliveryBlock',
];

export function createDeliveryTransitions(port: ErpPort): readonly AnyTransition[] {
  const load = async (input: DeliveryInput): Promise<DeliveryRow | null> => {
    const key = deliveryKey(input.deliveryId);
    return key && ((await port.deliveriesByKeys([key]))[0] ?? null);
  };
  return [
    changeState(load, {
      name: 'pickDelivery',
      action: 'pick',
      restriction: 'PICK',
      guards: [isNotBlocked, stockIsFree],
    }),
    changeState(load, {
      name: 'releaseShipment',
      action: 'ship',
      restriction: 'SHIP',
      guards: [isNotBlocked, stockIsFree, isShippable],
    }),
    changeBlock(load, { name: 'setDeliveryBlock', action: 'block', event: 'shipment.blocked' }),
    changeBlock(load, { name: 'removeDeliveryBlock', action: 'unblock', event: 'shipment.unblocked' }),
  ];
}

type Load = (input: DeliveryInput) => Promise<DeliveryRow | null>;

function subject(delivery: DeliveryRow): Subject {
  const { plantCode, partner, version, state } = delivery;
  return { id: deliveryId(delivery), plantCode, line: null, partner, version, state };
}

/** A restriction on the delivery, on a lot in it, on what that lot is made of or on the order that made it. */
function touched(delivery: DeliveryRow, restriction: Restriction): readonly Touch[] {
  const { plantCode, items } = delivery;
  const orders = items.flatMap(({ orderNo }) => (orderNo === null ? [] : [orderId({ plantCode, orderNo })]));
  const entities = [deliveryId(delivery), ...items.map(lotId), ...items.map(materialId), ...orders];
  return [{ entities: [...new Set(entities)], restriction }];
}

const base = ({ entity }: Call<DeliveryRow, DeliveryInput>) => ({
  plantCode: entity.plantCode,
  deliveryNo: entity.deliveryNo,
});

const contentOf = (delivery: DeliveryRow) => ({
  system: 'ERP',
  subject: deliveryId(delivery),
  plantCode: delivery.plantCode,
  line: null,
  partner: delivery.partner,
});

const factsOf = (delivery: DeliveryRow) => ({
  deliveryNo: delivery.deliveryNo,
  lots: [...new Set(delivery.items.map(lotId))],
});

interface StateChange {
  readonly name: 'pickDelivery' | 'releaseShipment';
  readonly action: 'pick' | 'ship';
  readonly restriction: Restriction;
  readonly guards: readonly Guard<DeliveryRow, DeliveryInput>[];
}

function changeState(
  load: Load,
  { name, action, restriction, guards }: StateChange,
): Transition<DeliveryRow, DeliveryInput, PickDelivery | ReleaseShipment> {
  return {
    name,
    machine: deliveryMachine,
    action,
    checks: { deliveryId: id },
    guards,
    load,
    subject,
    touches: (delivery) => touched(delivery, restriction),
    command: (call) => ({ name, ...base(call), expectedVersion: call.entity.version }),
    effects(call, posting) {
      const { from, to } = posting.result as ErpResults['deliveryState'];
      const type = action === 'pick' ? 'shipment.picked' : 'shipment.released';
      const stateChange = `${from}>${to}`;
      const event = eventOf(call, { type, ...contentOf(call.entity), stateChange, data: factsOf(call.entity) });
      return { toState: to, events: [event] };
    },
  };
}

interface BlockChange {
  readonly name: 'setDeliveryBlock' | 'removeDeliveryBlock';
  readonly action: 'block' | 'unblock';
  readonly event: 'shipment.blocked' | 'shipment.unblocked';
}

/** Blocks of different causes do not contradict each other, so only a version that the caller saw counts. */
function changeBlock(
  load: Load,
  { name, action, event }: BlockChange,
): Transition<DeliveryRow, BlockInput, SetDeliveryBlock | RemoveDeliveryBlock> {
  return {
    name,
    machine: deliveryMachine,
    action,
    checks: { deliveryId: id, causeRef: id },
    guards: [],
    load,
    subject,
    touches: () => [],
    command: (call) => ({
      name,
      ...base(call),
      expectedVersion: call.meta.expectedVersion,
      causeRef: call.input.causeRef,
    }),
    effects(call, posting) {
      const { changed } = posting.result as ErpResults['deliveryBlock'];
      const { state } = call.entity;
      if (!changed) return { toState: state, events: [] };
      const data = { ...factsOf(call.entity), cause: call.input.causeRef };
      return {
        toState: state,
        events: [eventOf(call, { type: event, ...contentOf(call.entity), stateChange: null, data })],
      };
    },
  };
}
