import { naturalKey } from '../../connectors/natural-key.ts';
import type { Page } from '../../connectors/page.ts';
import type {
  DispositionFilter,
  DispositionRow,
  HoldFilter,
  HoldRow,
  InspectionLotFilter,
  InspectionLotRow,
  NonconformanceFilter,
  NonconformanceRow,
} from '../../connectors/qms/port.ts';
import type { EntityId } from '../../journal/entity-ref.ts';
import type { ConnectionArguments } from '../connection.ts';
import { pageRequest, toConnection } from '../connection.ts';
import { rowScope } from '../loader.ts';
import type { GraphQLResolverMap } from '../resolver-map.ts';
import type { QmsContext } from './context.ts';
import { loadHold } from './entities.ts';

interface ById {
  readonly id: EntityId;
}

/** A filter as the graph delivers it: places and materials by their codes. */
interface FilterInput {
  readonly plant?: string | null;
  readonly line?: string | null;
  readonly material?: string | null;
}

type ListArguments = ConnectionArguments & { readonly filter?: FilterInput | null };

/** One list of the port as a connection, within what the caller may see. */
function list<Filter, Row>(
  read: (
    { port }: QmsContext,
    filter: Filter,
    page: ReturnType<typeof pageRequest>,
    scope: ReturnType<typeof rowScope>,
  ) => Promise<Page<Row>>,
  keyOf: (row: Row) => string,
) {
  return async (_root: unknown, args: ListArguments, context: QmsContext) => {
    const request = pageRequest(args);
    const { plant, line, material, ...rest } = args.filter ?? {};
    const filter = { plantCode: plant, lineCode: line, materialCode: material, ...rest } as Filter;
    return toConnection(await read(context, filter, request, rowScope(context.principal)), keyOf, request);
  };
}

export const queries: GraphQLResolverMap<QmsContext> = {
  Query: {
    inspectionPlan: (_root, { id }: ById, { loaders }) => loaders.plans.load(id),
    inspectionLot: (_root, { id }: ById, { loaders }) => loaders.inspectionLots.load(id),
    inspectionLots: list(
      ({ port }, filter: InspectionLotFilter, page, scope) => port.inspectionLots(filter, page, scope),
      (row: InspectionLotRow) => naturalKey(row.plantCode, row.inspectionLotNo),
    ),
    qualityHold: (_root, { id }: ById, context) => loadHold(id, context),
    qualityHolds: list(
      ({ port }, filter: HoldFilter, page, scope) => port.holds(filter, page, scope),
      (row: HoldRow) => naturalKey(row.plantCode, row.holdNo),
    ),
    disposition: (_root, { id }: ById, { loaders }) => loaders.dispositions.load(id),
    dispositions: list(
      ({ port }, filter: DispositionFilter, page, scope) => port.dispositions(filter, page, scope),
      (row: DispositionRow) => naturalKey(row.plantCode, row.dispositionNo),
    ),
    nonconformance: (_root, { id }: ById, { loaders }) => loaders.nonconformances.load(id),
    nonconformances: list(
      ({ port }, filter: NonconformanceFilter, page, scope) => port.nonconformances(filter, page, scope),
      (row: NonconformanceRow) => naturalKey(row.plantCode, row.ncNo),
    ),
  },
};
