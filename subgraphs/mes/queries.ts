import type { DowntimeFilter, DowntimeRow, OperationFilter, OperationRow } from '../../connectors/mes/port.ts';
import { naturalKey } from '../../connectors/natural-key.ts';
import { list } from '../reading/list.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import type { MesContext } from './context.ts';
import { assetKey } from './keys.ts';

interface ById {
  readonly id: string;
}

/** The filter of downtimes as the graph delivers it, with the asset's id. */
type DowntimesFilter = DowntimeFilter & { readonly asset?: string | null };

const keyOfOperation = (row: OperationRow) => naturalKey(row.plantCode, row.orderNo, row.operationNo);
const keyOfDowntime = (row: DowntimeRow) => naturalKey(row.plantCode, row.downtimeId);

export const queries: GraphQLResolverMap<MesContext> = {
  Query: {
    operation: (_root, { id }: ById, { loaders }) => loaders.operations.load(id),
    operations: list(
      ({ port }: MesContext, filter: OperationFilter, page, scope, options) =>
        port.operations(filter, page, scope, options),
      keyOfOperation,
    ),
    downtime: (_root, { id }: ById, { loaders }) => loaders.downtimes.load(id),
    downtimes: list(
      ({ port }: MesContext, { asset, ...filter }: DowntimesFilter, page, scope, options) =>
        port.downtimes({ ...filter, ...assetFilter(asset) }, page, scope, options),
      keyOfDowntime,
    ),
  },
};

/** What is no id of an asset is the id of no asset: the list is empty, as for one without downtimes. */
export function assetFilter(
  asset: string | null | undefined,
): Pick<DowntimeFilter, 'assetId' | 'plantCode' | 'states'> {
  if (!asset) return {};
  return assetKey(asset) ?? { states: [] };
}
