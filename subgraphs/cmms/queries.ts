import type { AssetFilter, AssetRow, WorkOrderFilter, WorkOrderRow } from '../../connectors/cmms/port.ts';
import { naturalKey } from '../../connectors/natural-key.ts';
import { list } from '../reading/list.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import type { CmmsContext } from './context.ts';

interface ById {
  readonly id: string;
}

export const queries: GraphQLResolverMap<CmmsContext> = {
  Query: {
    asset: (_root, { id }: ById, { loaders }) => loaders.assets.load(id),
    assets: list(
      ({ port }: CmmsContext, filter: AssetFilter, page, scope, options) => port.assets(filter, page, scope, options),
      (row: AssetRow) => naturalKey(row.plantCode, row.assetId),
    ),
    maintenanceWorkOrder: (_root, { id }: ById, { loaders }) => loaders.workOrders.load(id),
    maintenanceWorkOrders: list(
      ({ port }: CmmsContext, filter: WorkOrderFilter, page, scope, options) =>
        port.workOrders(filter, page, scope, options),
      (row: WorkOrderRow) => naturalKey(row.plantCode, row.workOrderNo),
    ),
  },
};
