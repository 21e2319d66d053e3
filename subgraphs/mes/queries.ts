import type { DowntimeFilter, DowntimeRow, OperationFilter, OperationRow } from '../../connectors/mes/port.ts';
import { naturalKey } from '../../connectors/natural-key.ts';
import type { ConnectionArguments } from '../connection.ts';
import { pageRequest, toConnection } from '../connection.ts';
import { rowScope } from '../loader.ts';
import type { GraphQLResolverMap } from '../resolver-map.ts';
import type { MesContext } from './context.ts';
import { assetKey } from './keys.ts';

interface ById {
  readonly id: string;
}

type Place = { readonly plant?: string | null; readonly line?: string | null };

type OperationsArguments = ConnectionArguments & {
  readonly filter?:
    | (Place &
        Pick<OperationFilter, 'states' | 'changedSince'> & {
          readonly workCenter?: string | null;
          readonly material?: string | null;
        })
    | null;
};

type DowntimesArguments = ConnectionArguments & {
  readonly filter?:
    | (Place & Pick<DowntimeFilter, 'states' | 'changedSince'> & { readonly asset?: string | null })
    | null;
};

const keyOfOperation = (row: OperationRow) => naturalKey(row.plantCode, row.orderNo, row.operationNo);
const keyOfDowntime = (row: DowntimeRow) => naturalKey(row.plantCode, row.downtimeId);

export const queries: GraphQLResolverMap<MesContext> = {
  Query: {
    operation: (_root, { id }: ById, { loaders }) => loaders.operations.load(id),
    operations: async (_root, args: OperationsArguments, { port, principal }) => {
      const request = pageRequest(args);
      const { plant, line, workCenter, material, ...rest } = args.filter ?? {};
      const places = { plantCode: plant ?? null, lineCode: line ?? null, workCenterCode: workCenter ?? null };
      const filter = { ...rest, ...places, materialCode: material ?? null };
      return toConnection(await port.operations(filter, request, rowScope(principal)), keyOfOperation, request);
    },
    downtime: (_root, { id }: ById, { loaders }) => loaders.downtimes.load(id),
    downtimes: async (_root, args: DowntimesArguments, { port, principal }) => {
      const request = pageRequest(args);
      const { plant, line, asset, ...rest } = args.filter ?? {};
      const filter = { ...rest, plantCode: plant ?? null, lineCode: line ?? null, ...assetFilter(asset) };
      return toConnection(await port.downtimes(filter, request, rowScope(principal)), keyOfDowntime, request);
    },
  },
};

/** What is no id of an asset is the id of no asset: the list is empty, as for one without downtimes. */
export function assetFilter(
  asset: string | null | undefined,
): Pick<DowntimeFilter, 'assetId' | 'plantCode' | 'states'> {
  if (!asset) return {};
  return assetKey(asset) ?? { states: [] };
}
