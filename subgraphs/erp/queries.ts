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
import type { Page } from '../../connectors/page.ts';
import type { ConnectionArguments } from '../connection.ts';
import { pageRequest, toConnection } from '../connection.ts';
import { rowScope } from '../loader.ts';
import type { GraphQLResolverMap } from '../resolver-map.ts';
import type { ErpContext } from './context.ts';
import { deliveryId, lotId, orderId, plantId } from './keys.ts';

interface ById {
  readonly id: string;
}

/** A filter as the graph delivers it: places and materials by their codes. */
interface FilterInput {
  readonly plant?: string | null;
  readonly line?: string | null;
  readonly material?: string | null;
  readonly heldBy?: string | null;
}

type ListArguments = ConnectionArguments & { readonly filter?: FilterInput | null };

/** One list of the port as a connection, within what the caller may see. */
function list<Filter, Row>(
  read: (
    { port }: ErpContext,
    filter: Filter,
    page: ReturnType<typeof pageRequest>,
    scope: ReturnType<typeof rowScope>,
  ) => Promise<Page<Row>>,
  keyOf: (row: Row) => string,
) {
  return async (_root: unknown, args: ListArguments, context: ErpContext) => {
    const request = pageRequest(args);
    const { plant, line, material, ...rest } = args.filter ?? {};
    const filter = { plantCode: plant, lineCode: line, materialCode: material, ...rest } as Filter;
    const scope = rowScope(context.principal);
    // Causes are the plant's own: a partner does not find them out by asking for each.
    const page =
      scope.partner !== null && rest.heldBy
        ? { rows: [], hasNextPage: false }
        : await read(context, filter, request, scope);
    return toConnection(page, keyOf, request);
  };
}

export const queries: GraphQLResolverMap<ErpContext> = {
  Query: {
    plant: (_root, { code }: { readonly code: string }, { loaders }) =>
      loaders.plants.load(plantId({ plantCode: code })),
    plants: list(
      ({ port }, filter: PlantFilter, page, scope) => port.plants(filter, page, scope),
      (row: PlantRow) => naturalKey(row.plantCode),
    ),
    line: (_root, { id }: ById, { loaders }) => loaders.lines.load(id),
    workCenter: (_root, { id }: ById, { loaders }) => loaders.workCenters.load(id),
    workCenters: list(
      ({ port }, filter: WorkCenterFilter, page, scope) => port.workCenters(filter, page, scope),
      (row: WorkCenterRow) => naturalKey(row.plantCode, row.workCenterCode),
    ),
    material: (_root, { id }: ById, { loaders }) => loaders.materials.load(id),
    materials: list(
      ({ port }, filter: MaterialFilter, page, scope) => port.materials(filter, page, scope),
      (row: MaterialRow) => naturalKey(row.plantCode, row.materialCode),
    ),
    productionOrder: (_root, { id }: ById, { loaders }) => loaders.orders.load(id),
    productionOrderByNumber: (_root, args: { readonly plant: string; readonly orderNo: string }, { loaders }) =>
      loaders.orders.load(orderId({ plantCode: args.plant, orderNo: args.orderNo })),
    productionOrders: list(
      ({ port }, filter: OrderFilter, page, scope) => port.orders(filter, page, scope),
      (row: OrderRow) => naturalKey(row.plantCode, row.orderNo),
    ),
    lot: (_root, { id }: ById, { loaders }) => loaders.lots.load(id),
    lotByNumber: (
      _root,
      args: { readonly plant: string; readonly material: string; readonly lotNumber: string },
      { loaders },
    ) => loaders.lots.load(lotId({ plantCode: args.plant, materialCode: args.material, lotNumber: args.lotNumber })),
    lots: list(
      ({ port }, filter: LotFilter, page, scope) => port.lots(filter, page, scope),
      (row: LotRow) => naturalKey(row.plantCode, row.materialCode, row.lotNumber),
    ),
    delivery: (_root, { id }: ById, { loaders }) => loaders.deliveries.load(id),
    deliveryByNumber: (_root, args: { readonly plant: string; readonly deliveryNo: string }, { loaders }) =>
      loaders.deliveries.load(deliveryId({ plantCode: args.plant, deliveryNo: args.deliveryNo })),
    deliveries: list(
      ({ port }, filter: DeliveryFilter, page, scope) => port.deliveries(filter, page, scope),
      (row: DeliveryRow) => naturalKey(row.plantCode, row.deliveryNo),
    ),
  },
};
