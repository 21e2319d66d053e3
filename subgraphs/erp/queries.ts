import type {
  DeliveryFilter,
  DeliveryRow,
  LotFilter,
  LotRow,
  MaterialFilter,
  MaterialRow,
  OrderFilter,
  OrderRow,
  PlantFilter,
  PlantRow,
  WorkCenterFilter,
  WorkCenterRow,
} from '../../connectors/erp/port.ts';
import { naturalKey } from '../../connectors/natural-key.ts';
import { list, type Read } from '../reading/list.ts';
import { toldCauses } from '../reading/told-causes.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import type { ErpContext } from './context.ts';
import { deliveryId, lotId, orderId, plantId } from './keys.ts';

interface ById {
  readonly id: string;
}

/** A partner who asks what a cause holds does not learn of somebody else's either: it is answered like one that holds nothing. */
function ofToldCause<Filter extends { readonly heldBy?: string | null }, Row>(
  read: Read<ErpContext, Filter, Row>,
): Read<ErpContext, Filter, Row> {
  return async (context, filter, ...rest) => {
    const [told] = filter.heldBy ? await toldCauses([filter.heldBy], context) : [];
    return told === null ? { rows: [], hasNextPage: false } : read(context, filter, ...rest);
  };
}

export const queries: GraphQLResolverMap<ErpContext> = {
  Query: {
    plant: (_root, { code }: { readonly code: string }, { loaders }) =>
      loaders.plants.load(plantId({ plantCode: code })),
    plants: list(
      ({ port }: ErpContext, filter: PlantFilter, page, scope, options) => port.plants(filter, page, scope, options),
      (row: PlantRow) => naturalKey(row.plantCode),
    ),
    line: (_root, { id }: ById, { loaders }) => loaders.lines.load(id),
    workCenter: (_root, { id }: ById, { loaders }) => loaders.workCenters.load(id),
    workCenters: list(
      ofToldCause(({ port }: ErpContext, filter: WorkCenterFilter, page, scope, options) =>
        port.workCenters(filter, page, scope, options),
      ),
      (row: WorkCenterRow) => naturalKey(row.plantCode, row.workCenterCode),
    ),
    material: (_root, { id }: ById, { loaders }) => loaders.materials.load(id),
    materials: list(
      ({ port }: ErpContext, filter: MaterialFilter, page, scope, options) =>
        port.materials(filter, page, scope, options),
      (row: MaterialRow) => naturalKey(row.plantCode, row.materialCode),
    ),
    productionOrder: (_root, { id }: ById, { loaders }) => loaders.orders.load(id),
    productionOrderByNumber: (_root, args: { readonly plant: string; readonly orderNo: string }, { loaders }) =>
      loaders.orders.load(orderId({ plantCode: args.plant, orderNo: args.orderNo })),
    productionOrders: list(
      ({ port }: ErpContext, filter: OrderFilter, page, scope, options) => port.orders(filter, page, scope, options),
      (row: OrderRow) => naturalKey(row.plantCode, row.orderNo),
    ),
    lot: (_root, { id }: ById, { loaders }) => loaders.lots.load(id),
    lotByNumber: (
      _root,
      args: { readonly plant: string; readonly material: string; readonly lotNumber: string },
      { loaders },
    ) => loaders.lots.load(lotId({ plantCode: args.plant, materialCode: args.material, lotNumber: args.lotNumber })),
    lots: list(
      ofToldCause(({ port }: ErpContext, filter: LotFilter, page, scope, options) =>
        port.lots(filter, page, scope, options),
      ),
      (row: LotRow) => naturalKey(row.plantCode, row.materialCode, row.lotNumber),
    ),
    delivery: (_root, { id }: ById, { loaders }) => loaders.deliveries.load(id),
    deliveryByNumber: (_root, args: { readonly plant: string; readonly deliveryNo: string }, { loaders }) =>
      loaders.deliveries.load(deliveryId({ plantCode: args.plant, deliveryNo: args.deliveryNo })),
    deliveries: list(
      ofToldCause(({ port }: ErpContext, filter: DeliveryFilter, page, scope, options) =>
        port.deliveries(filter, page, scope, options),
      ),
      (row: DeliveryRow) => naturalKey(row.plantCode, row.deliveryNo),
    ),
  },
};
