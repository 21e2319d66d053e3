import type { EventType } from '../../journal/catalogue.ts';
import type { Change, FollowArguments } from '../reading/follow-events.ts';
import { followEvents } from '../reading/follow-events.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import type { ErpContext } from './context.ts';
import { orderId } from './keys.ts';

const orderEvents = [
  'production.order.created',
  'production.order.released',
  'production.order.started',
  'production.order.held',
  'production.order.resumed',
  'production.order.completed',
  'production.order.cancelled',
  'production.operation.confirmed',
] as const satisfies readonly EventType[];

const deliveryEvents = [
  'shipment.picked',
  'shipment.blocked',
  'shipment.unblocked',
  'shipment.released',
] as const satisfies readonly EventType[];

function follow<Type extends EventType>(types: readonly Type[]) {
  return {
    subscribe: (_root: unknown, args: FollowArguments, context: ErpContext) => followEvents(context, types, args),
    resolve: (change: Change<Type>) => change,
  };
}

const type = ({ event }: Change<EventType>) => event?.type ?? null;
const occurredAt = ({ event }: Change<EventType>) => event?.occurredAt ?? null;

export const subscriptions: GraphQLResolverMap<ErpContext> = {
  Subscription: {
    productionOrderChanged: follow(orderEvents),
    deliveryChanged: follow(deliveryEvents),
  },
  ProductionOrderChange: {
    type,
    occurredAt,
    productionOrder: ({ event }: Change<(typeof orderEvents)[number]>, _args, { loaders }) =>
      event && loaders.orders.load(orderId({ plantCode: event.plantCode, orderNo: event.data.orderNo })),
  },
  DeliveryChange: {
    type,
    occurredAt,
    delivery: ({ event }: Change<EventType>, _args, { loaders }) => event && loaders.deliveries.load(event.subject),
  },
};
