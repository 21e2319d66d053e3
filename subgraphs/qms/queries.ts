import { naturalKey } from '../../connectors/natural-key.ts';
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
import { list } from '../reading/list.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import type { QmsContext } from './context.ts';
import { loadHold } from './entities.ts';

interface ById {
  readonly id: EntityId;
}

export const queries: GraphQLResolverMap<QmsContext> = {
  Query: {
    inspectionPlan: (_root, { id }: ById, { loaders }) => loaders.plans.load(id),
    inspectionLot: (_root, { id }: ById, { loaders }) => loaders.inspectionLots.load(id),
    inspectionLots: list(
      ({ port }: QmsContext, filter: InspectionLotFilter, page, scope, options) =>
        port.inspectionLots(filter, page, scope, options),
      (row: InspectionLotRow) => naturalKey(row.plantCode, row.inspectionLotNo),
    ),
    qualityHold: (_root, { id }: ById, context) => loadHold(id, context),
    qualityHolds: list(
      ({ port }: QmsContext, filter: HoldFilter, page, scope, options) => port.holds(filter, page, scope, options),
      (row: HoldRow) => naturalKey(row.plantCode, row.holdNo),
    ),
    disposition: (_root, { id }: ById, { loaders }) => loaders.dispositions.load(id),
    dispositions: list(
      ({ port }: QmsContext, filter: DispositionFilter, page, scope, options) =>
        port.dispositions(filter, page, scope, options),
      (row: DispositionRow) => naturalKey(row.plantCode, row.dispositionNo),
    ),
    nonconformance: (_root, { id }: ById, { loaders }) => loaders.nonconformances.load(id),
    nonconformances: list(
      ({ port }: QmsContext, filter: NonconformanceFilter, page, scope, options) =>
        port.nonconformances(filter, page, scope, options),
      (row: NonconformanceRow) => naturalKey(row.plantCode, row.ncNo),
    ),
  },
};
