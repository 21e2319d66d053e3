import type {
  ConsumptionRow,
  DowntimeRow,
  LotRow,
  MesPort,
  OperationRow,
  WorkCenterRow,
} from '../../connectors/mes/port.ts';
import type { ReadOptions } from '../../connectors/page.ts';
import { createSubgraphContext, type SubgraphContext, type SystemServices } from '../context.ts';
import type { EntityLoader, ListLoader, LoaderFactory } from '../reading/loader.ts';
import { rowsOfIds } from '../reading/rows-by-id.ts';
import type { SubgraphCall } from '../subgraph.ts';
import * as keys from './keys.ts';

/** Every way to a row of the MES, by the ids of the graph. */
export interface MesLoaders {
  readonly operations: EntityLoader<OperationRow>;
  readonly workCenters: EntityLoader<WorkCenterRow>;
  readonly lots: EntityLoader<LotRow>;
  readonly downtimes: EntityLoader<DowntimeRow>;
  readonly operationsOfOrder: ListLoader<OperationRow>;
  readonly openOperationsOfWorkCenter: ListLoader<OperationRow>;
  readonly operationsOfLot: ListLoader<OperationRow>;
  readonly consumptionsOfOperation: ListLoader<ConsumptionRow>;
  readonly downtimesOfAsset: ListLoader<DowntimeRow>;
}

export interface MesContext extends SubgraphContext<MesLoaders>, SystemServices<MesPort> {}

export function createMesContext(call: SubgraphCall, services: SystemServices<MesPort>): MesContext {
  return createSubgraphContext(call, services, (factory) => createLoaders(factory, services.port));
}

function createLoaders({ one, many, manyBy }: LoaderFactory, port: MesPort): MesLoaders {
  const { operationKey, workCenterKey, lotKey, downtimeKey, orderKey, assetKey } = keys;
  const { operationId, workCenterId, lotId, downtimeId, orderId, assetId } = keys;
  return {
    operations: one({ keyOf: operationKey, fetch: port.operationsByKeys, idOf: operationId }),
    workCenters: one({ keyOf: workCenterKey, fetch: port.workCentersByKeys, idOf: workCenterId }),
    lots: one({ keyOf: lotKey, fetch: port.lotsByKeys, idOf: lotId }),
    downtimes: one({ keyOf: downtimeKey, fetch: port.downtimesByKeys, idOf: downtimeId }),
    operationsOfOrder: many({ keyOf: orderKey, fetch: port.operationsOfOrders, idOf: orderId }),
    openOperationsOfWorkCenter: many({
      keyOf: workCenterKey,
      fetch: port.openOperationsOfWorkCenters,
      idOf: workCenterId,
    }),
    operationsOfLot: manyBy((ids, options) => operationsOfLots(ids, port, options)),
    consumptionsOfOperation: many({ keyOf: operationKey, fetch: port.consumptionsOfOperations, idOf: operationId }),
    downtimesOfAsset: many({ keyOf: assetKey, fetch: port.downtimesOfAssets, idOf: assetId }),
  };
}

/** An operation belongs to every lot that it makes or uses, so it is handed out once for each, by order and number. */
async function operationsOfLots(ids: readonly string[], port: MesPort, options: ReadOptions) {
  const links = await rowsOfIds(
    ids,
    {
      keyOf: keys.lotKey,
      fetch: port.operationsOfLots,
      idOf: ({ lot }) => keys.lotId(lot),
    },
    options,
  );
  const inOrder = (a: OperationRow, b: OperationRow) => (keys.operationId(a) < keys.operationId(b) ? -1 : 1);
  return new Map(
    [...links].map(([id, rows]) => [
      id,
      rows instanceof Error ? rows : rows.map(({ operation }) => operation).toSorted(inOrder),
    ]),
  );
}
