import type {
  DeliveryItemRow,
  DeliveryRow,
  LineRow,
  LotRow,
  MaterialRow,
  OperationRow,
  OrderRow,
  PlantRow,
  StockRow,
  WorkCenterRow,
} from '../../connectors/erp/port.ts';
import type { ConnectionArguments } from '../reading/connection.ts';
import { newestFirst } from '../reading/newest-first.ts';
import { toldCauses } from '../reading/told-causes.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import type { TransitionAnswer } from '../transitions/transition.ts';
import type { ErpContext } from './context.ts';
import { deliveryTransitionNames } from './delivery-transitions.ts';
import {
  deliveryId,
  lineId,
  lotId,
  materialId,
  operationId,
  orderId,
  plantId,
  stockId,
  stockLotKey,
  workCenterId,
} from './keys.ts';
import { orderTransitionNames } from './order-transitions.ts';
import { lotTransitionNames } from './stock-transitions.ts';
import { workCenterTransitionNames } from './work-center-transitions.ts';

interface Reference {
  readonly id: string;
}

const quantity = (value: string, unit: string) => ({ value, unit });

/** What is transition-bearing says so itself: the same evaluation as the mutation's, for whoever asks. */
function availableTransitions(names: readonly string[]) {
  return (row: unknown, _args: unknown, { executor, principal, signal }: ErpContext) =>
    executor.available(names, row, principal, signal);
}

/** Every entity of the ERP: how a reference becomes a row, and how a row becomes fields. */
export const entities: GraphQLResolverMap<ErpContext> = {
  Plant: {
    __resolveReference: ({ id }: Reference, { loaders }: ErpContext) => loaders.plants.load(id),
    id: plantId,
    lines: (plant: PlantRow, _args, { loaders }) => loaders.linesOfPlant.load(plantId(plant)),
  },
  Line: {
    __resolveReference: ({ id }: Reference, { loaders }: ErpContext) => loaders.lines.load(id),
    id: lineId,
    plant: (line: LineRow, _args, { loaders }) => loaders.plants.load(plantId(line)),
    workCenters: (line: LineRow, _args, { loaders }) => loaders.workCentersOfLine.load(lineId(line)),
  },
  WorkCenter: {
    __resolveReference: ({ id }: Reference, { loaders }: ErpContext) => loaders.workCenters.load(id),
    id: workCenterId,
    line: (workCenter: WorkCenterRow, _args, { loaders }) => loaders.lines.load(lineId(workCenter)),
    availableTransitions: availableTransitions(workCenterTransitionNames),
  },
  Material: {
    __resolveReference: ({ id }: Reference, { loaders }: ErpContext) => loaders.materials.load(id),
    id: materialId,
    plant: (material: MaterialRow, _args, { loaders }) => loaders.plants.load(plantId(material)),
  },
  ProductionOrder: {
    __resolveReference: ({ id }: Reference, { loaders }: ErpContext) => loaders.orders.load(id),
    id: orderId,
    plant: (order: OrderRow, _args, { loaders }) => loaders.plants.load(plantId(order)),
    line: (order: OrderRow, _args, { loaders }) => loaders.lines.load(lineId(order)),
    material: (order: OrderRow, _args, { loaders }) => loaders.materials.load(materialId(order)),
    quantity: (order: OrderRow) => quantity(order.quantity, order.unit),
    lot: (order: OrderRow, _args, { loaders }) => loaders.lots.load(lotId(order)),
    confirmedYield: (order: OrderRow) => quantity(order.confirmedYield, order.unit),
    state: ({ state, stateSince, stateBy, stateReason }: OrderRow) => ({
      code: state,
      since: stateSince,
      by: stateBy,
      reason: stateReason,
    }),
    availableTransitions: availableTransitions(orderTransitionNames),
  },
  Operation: {
    __resolveReference: ({ id }: Reference, { loaders }: ErpContext) => loaders.operations.load(id),
    id: operationId,
    order: (operation: OperationRow, _args, { loaders }) => loaders.orders.load(orderId(operation)),
    workCenter: (operation: OperationRow, _args, { loaders }) => loaders.workCenters.load(workCenterId(operation)),
    plannedQuantity: (operation: OperationRow) => quantity(operation.plannedQuantity, operation.unit),
    confirmedQuantity: (operation: OperationRow) => quantity(operation.confirmedQuantity, operation.unit),
    confirmedScrap: (operation: OperationRow) => quantity(operation.confirmedScrap, operation.unit),
  },
  Lot: {
    __resolveReference: ({ id }: Reference, { loaders }: ErpContext) => loaders.lots.load(id),
    id: lotId,
    plant: (lot: LotRow, _args, { loaders }) => loaders.plants.load(plantId(lot)),
    material: (lot: LotRow, _args, { loaders }) => loaders.materials.load(materialId(lot)),
    order: ({ plantCode, orderNo }: LotRow, _args, { loaders }) =>
      orderNo === null ? null : loaders.orders.load(orderId({ plantCode, orderNo })),
    deliveries: async (lot: LotRow, args: ConnectionArguments, { loaders }) =>
      newestFirst(await loaders.deliveriesOfLot.load(lotId(lot)), args, deliveryId),
    availableTransitions: availableTransitions(lotTransitionNames),
  },
  StockPosition: {
    __resolveReference: async ({ id }: Reference, { loaders }: ErpContext) => {
      const key = stockLotKey(id);
      const lot = key && (await loaders.lots.load(lotId(key)));
      return lot?.stock.find((position) => stockId(position) === id) ?? null;
    },
    id: stockId,
    lot: (position: StockRow, _args, { loaders }) => loaders.lots.load(lotId(position)),
    quantity: (position: StockRow) => quantity(position.quantity, position.unit),
  },
  Delivery: {
    __resolveReference: ({ id }: Reference, { loaders }: ErpContext) => loaders.deliveries.load(id),
    id: deliveryId,
    plant: (delivery: DeliveryRow, _args, { loaders }) => loaders.plants.load(plantId(delivery)),
    state: ({ state, stateSince, stateBy }: DeliveryRow) => ({ code: state, since: stateSince, by: stateBy }),
    blocks: async ({ blocks }: DeliveryRow, _args, context) => {
      const causes = await toldCauses(
        blocks.map(({ cause }) => cause),
        context,
      );
      return blocks.map(({ since }, index) => ({ cause: causes[index] ?? null, since }));
    },
    availableTransitions: availableTransitions(deliveryTransitionNames),
  },
  DeliveryItem: {
    lot: (item: DeliveryItemRow, _args, { loaders }) => loaders.lots.load(lotId(item)),
    material: (item: DeliveryItemRow, _args, { loaders }) => loaders.materials.load(materialId(item)),
    quantity: (item: DeliveryItemRow) => quantity(item.quantity, item.unit),
  },

  ProductionOrderTransitionResult: {
    productionOrder: ({ subjectId }: TransitionAnswer, _args, { loaders }) =>
      subjectId && loaders.orders.load(subjectId),
  },
  OperationConfirmationResult: {
    operation: ({ subjectId }: TransitionAnswer, _args, { loaders }) => subjectId && loaders.operations.load(subjectId),
  },
  LotTransitionResult: {
    lot: ({ subjectId }: TransitionAnswer, _args, { loaders }) => subjectId && loaders.lots.load(subjectId),
  },
  DeliveryTransitionResult: {
    delivery: ({ subjectId }: TransitionAnswer, _args, { loaders }) => subjectId && loaders.deliveries.load(subjectId),
  },
  WorkCenterTransitionResult: {
    workCenter: ({ subjectId }: TransitionAnswer, _args, { loaders }) =>
      subjectId && loaders.workCenters.load(subjectId),
  },
};
