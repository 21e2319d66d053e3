import type { AssetFilter, AssetRow, WorkOrderFilter, WorkOrderRow } from '../../connectors/cmms/port.ts';
import { naturalKey } from '../../connectors/natural-key.ts';
import type { Page } from '../../connectors/page.ts';
import type { ConnectionArguments } from '../connection.ts';
import { pageRequest, toConnection } from '../connection.ts';
import { rowScope } from '../loader.ts';
import type { GraphQLResolverMap } from '../resolver-map.ts';
import type { CmmsContext } from './context.ts';

interface ById {
  readonly id: string;
}

/** A filter as the graph delivers it: places by their codes. */
interface FilterInput {
  readonly plant?: string | null;
  readonly line?: string | null;
}

type ListArguments = ConnectionArguments & { readonly filter?: FilterInput | null };

/** One list of the port as a connection, within what the caller may see. */
function list<Filter, Row>(
  read: (
    { port }: CmmsContext,
    filter: Filter,
    page: ReturnType<typeof pageRequest>,
    scope: ReturnType<typeof rowScope>,
  ) => Promise<Page<Row>>,
  keyOf: (row: Row) => string,
) {
  return async (_root: unknown, args: ListArguments, context: CmmsContext) => {
    const request = pageRequest(args);
    const { plant, line, ...rest } = args.filter ?? {};
    const filter = { plantCode: plant, lineCode: line, ...rest } as Filter;
    return toConnection(await read(context, filter, request, rowScope(context.principal)), keyOf, request);
  };
}

export const queries: GraphQLResolverMap<CmmsContext> = {
  Query: {
    asset: (_root, { id }: ById, { loaders }) => loaders.assets.load(id),
    assets: list(
      ({ port }, filter: AssetFilter, page, scope) => port.assets(filter, page, scope),
      (row: AssetRow) => naturalKey(row.plantCode, row.assetId),
    ),
    maintenanceWorkOrder: (_root, { id }: ById, { loaders }) => loaders.workOrders.load(id),
    maintenanceWorkOrders: list(
      ({ port }, filter: WorkOrderFilter, page, scope) => port.workOrders(filter, page, scope),
      (row: WorkOrderRow) => naturalKey(row.plantCode, row.workOrderNo),
    ),
  },
};
