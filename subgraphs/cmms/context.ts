import type { Principal } from '../../auth/principal.ts';
import type { AssetRow, AssignmentRow, CmmsPort, WorkOrderRow } from '../../connectors/cmms/port.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { SubgraphContext } from '../context.ts';
import { createSubgraphContext } from '../context.ts';
import type { EntityLoader, ListLoader } from '../loader.ts';
import { createEntityLoader, createListLoader } from '../loader.ts';
import { rowsById, rowsOfIds } from '../rows-by-id.ts';
import type { SubgraphCall } from '../subgraph.ts';
import type { TransitionExecutor } from '../transition-executor.ts';
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

export interface CmmsContext extends SubgraphContext<CmmsLoaders> {
  readonly port: CmmsPort;
  readonly journal: Journal;
  readonly executor: TransitionExecutor;
  readonly clock: Clock;
  /** After a change: what was loaded before it is not true any more. */
  renewLoaders(): void;
}

export type CmmsServices = Pick<CmmsContext, 'port' | 'journal' | 'executor' | 'clock'>;

export function createCmmsContext(call: SubgraphCall, services: CmmsServices): CmmsContext {
  const makeLoaders = () => createLoaders(call.principal, services.port);
  let loaders = makeLoaders();
  return {
    ...createSubgraphContext(call, loaders),
    ...services,
    get loaders() {
      return loaders;
    },
    renewLoaders() {
      loaders = makeLoaders();
    },
  };
}

function createLoaders(principal: Principal, port: CmmsPort): CmmsLoaders {
  return {
    assets: createEntityLoader(principal, (ids) =>
      rowsById(ids, { keyOf: assetKey, fetch: port.assetsByKeys, idOf: assetIdOf }),
    ),
    workOrders: createEntityLoader(principal, (ids) =>
      rowsById(ids, { keyOf: workOrderKey, fetch: port.workOrdersByKeys, idOf: workOrderId }),
    ),
    partsOfAsset: createListLoader(principal, (ids) =>
      rowsOfIds(ids, {
        keyOf: assetKey,
        fetch: port.partsOfAssets,
        idOf: ({ plantCode, parentId }) => assetIdOf({ plantCode, assetId: parentId ?? '' }),
      }),
    ),
    workOrdersOfAsset: createListLoader(principal, (ids) =>
      rowsOfIds(ids, { keyOf: assetKey, fetch: port.workOrdersOfAssets, idOf: assetIdOf }),
    ),
    workOrdersOfDowntime: createListLoader(principal, (ids) =>
      rowsOfIds(ids, {
        keyOf: downtimeKey,
        fetch: port.workOrdersOfDowntimes,
        idOf: ({ plantCode, downtimeId }) => downtimeIdOf({ plantCode, downtimeId: downtimeId ?? '' }),
      }),
    ),
    assignmentsOfAsset: createListLoader(principal, (ids) =>
      rowsOfIds(ids, { keyOf: assetKey, fetch: port.assignmentsOfAssets, idOf: assetIdOf }),
    ),
    assignmentsOfWorkCenter: createListLoader(principal, (ids) =>
      rowsOfIds(ids, { keyOf: workCenterKey, fetch: port.assignmentsOfWorkCenters, idOf: workCenterId }),
    ),
  };
}
