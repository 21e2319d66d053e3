import type { AssetRow, AssignmentRow, CmmsPort, WorkOrderRow } from '../../connectors/cmms/port.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createSubgraphContext, type SubgraphContext, type SystemServices } from '../context.ts';
import type { EntityLoader, ListLoader, LoaderFactory } from '../reading/loader.ts';
import type { SubgraphCall } from '../subgraph.ts';
import {
  assetIdOf,
  assetKey,
  downtimeIdOf,
  downtimeKey,
  workCenterId,
  workCenterKey,
  workOrderId,
  workOrderKey,
} from './keys.ts';

/** Every way to a row of the CMMS, by the ids of the graph. */
export interface CmmsLoaders {
  readonly assets: EntityLoader<AssetRow>;
  readonly workOrders: EntityLoader<WorkOrderRow>;
  readonly partsOfAsset: ListLoader<AssetRow>;
  readonly workOrdersOfAsset: ListLoader<WorkOrderRow>;
  readonly workOrdersOfDowntime: ListLoader<WorkOrderRow>;
  readonly assignmentsOfAsset: ListLoader<AssignmentRow>;
  readonly assignmentsOfWorkCenter: ListLoader<AssignmentRow>;
}

interface CmmsServices extends SystemServices<CmmsPort> {
  readonly clock: Clock;
}

export interface CmmsContext extends SubgraphContext<CmmsLoaders>, CmmsServices {}

export function createCmmsContext(call: SubgraphCall, services: CmmsServices): CmmsContext {
  return createSubgraphContext(call, services, (factory) => createLoaders(factory, services.port));
}

function createLoaders({ one, many }: LoaderFactory, port: CmmsPort): CmmsLoaders {
  return {
    assets: one({ keyOf: assetKey, fetch: port.assetsByKeys, idOf: assetIdOf }),
    workOrders: one({ keyOf: workOrderKey, fetch: port.workOrdersByKeys, idOf: workOrderId }),
    partsOfAsset: many({
      keyOf: assetKey,
      fetch: port.partsOfAssets,
      idOf: ({ plantCode, parentId }) => assetIdOf({ plantCode, assetId: parentId ?? '' }),
    }),
    workOrdersOfAsset: many({ keyOf: assetKey, fetch: port.workOrdersOfAssets, idOf: assetIdOf }),
    workOrdersOfDowntime: many({
      keyOf: downtimeKey,
      fetch: port.workOrdersOfDowntimes,
      idOf: ({ plantCode, downtimeId }) => downtimeIdOf({ plantCode, downtimeId: downtimeId ?? '' }),
    }),
    assignmentsOfAsset: many({ keyOf: assetKey, fetch: port.assignmentsOfAssets, idOf: assetIdOf }),
    assignmentsOfWorkCenter: many({ keyOf: workCenterKey, fetch: port.assignmentsOfWorkCenters, idOf: workCenterId }),
  };
}
