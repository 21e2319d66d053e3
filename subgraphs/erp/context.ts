import type { Principal } from '../../auth/principal.ts';
import type {
  DeliveryRow,
  ErpPort,
  LineRow,
  LotRow,
  MaterialRow,
  OperationRow,
  OrderRow,
  PlantRow,
  WorkCenterRow,
} from '../../connectors/erp/port.ts';
import type { Journal } from '../../journal/journal.ts';
import type { SubgraphContext } from '../context.ts';
import { createSubgraphContext } from '../context.ts';
import type { EntityLoader, ListLoader } from '../loader.ts';
import { createEntityLoader, createListLoader } from '../loader.ts';
import { rowsById, rowsOfIds } from '../rows-by-id.ts';
import type { SubgraphCall } from '../subgraph.ts';
import type { TransitionExecutor } from '../transition-executor.ts';
import * as keys from './keys.ts';

/** Every way to a row of the ERP, by the ids of the graph. */
export interface ErpLoaders {
  readonly plants: EntityLoader<PlantRow>;
  readonly lines: EntityLoader<LineRow>;
  readonly workCenters: EntityLoader<WorkCenterRow>;
  readonly materials: EntityLoader<MaterialRow>;
  readonly orders: EntityLoader<OrderRow>;
  readonly operations: EntityLoader<OperationRow>;
  readonly lots: EntityLoader<LotRow>;
  readonly deliveries: EntityLoader<DeliveryRow>;
  readonly linesOfPlant: ListLoader<LineRow>;
  readonly workCentersOfLine: ListLoader<WorkCenterRow>;
  readonly deliveriesOfLot: ListLoader<DeliveryRow>;
}

export interface ErpContext extends SubgraphContext<ErpLoaders> {
  readonly port: ErpPort;
  readonly journal: Journal;
  readonly executor: TransitionExecutor;
  /** After a change: what was loaded before it is not true any more. */
  renewLoaders(): void;
}

export type ErpServices = Pick<ErpContext, 'port' | 'journal' | 'executor'>;

export function createErpContext(call: SubgraphCall, services: ErpServices): ErpContext {
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

function createLoaders(principal: Principal, port: ErpPort): ErpLoaders {
  const { plantKey, lineKey, workCenterKey, materialKey, orderKey, operationKey, lotKey, deliveryKey } = keys;
  const { plantId, lineId, workCenterId, materialId, orderId, operationId, lotId, deliveryId } = keys;
  return {
    plants: createEntityLoader(principal, (ids) =>
      rowsById(ids, { keyOf: plantKey, fetch: port.plantsByKeys, idOf: plantId }),
    ),
    lines: createEntityLoader(principal, (ids) =>
      rowsById(ids, { keyOf: lineKey, fetch: port.linesByKeys, idOf: lineId }),
    ),
    workCenters: createEntityLoader(principal, (ids) =>
      rowsById(ids, { keyOf: workCenterKey, fetch: port.workCentersByKeys, idOf: workCenterId }),
    ),
    materials: createEntityLoader(principal, (ids) =>
      rowsById(ids, { keyOf: materialKey, fetch: port.materialsByKeys, idOf: materialId }),
    ),
    orders: createEntityLoader(principal, (ids) =>
      rowsById(ids, { keyOf: orderKey, fetch: port.ordersByKeys, idOf: orderId }),
    ),
    operations: createEntityLoader(principal, (ids) =>
      rowsById(ids, { keyOf: operationKey, fetch: port.operationsByKeys, idOf: operationId }),
    ),
    lots: createEntityLoader(principal, (ids) => rowsById(ids, { keyOf: lotKey, fetch: port.lotsByKeys, idOf: lotId })),
    deliveries: createEntityLoader(principal, (ids) =>
      rowsById(ids, { keyOf: deliveryKey, fetch: port.deliveriesByKeys, idOf: deliveryId }),
    ),
    linesOfPlant: createListLoader(principal, (ids) =>
      rowsOfIds(ids, { keyOf: plantKey, fetch: port.linesOfPlants, idOf: plantId }),
    ),
    workCentersOfLine: createListLoader(principal, (ids) =>
      rowsOfIds(ids, { keyOf: lineKey, fetch: port.workCentersOfLines, idOf: lineId }),
    ),
    deliveriesOfLot: createListLoader(principal, (ids) => deliveriesOfLots(ids, port)),
  };
}

/** A delivery belongs to every lot of its items, so it is handed out once for each. */
async function deliveriesOfLots(ids: readonly string[], port: ErpPort) {
  const lots = ids.map(keys.lotKey).filter((key) => key !== null);
  const deliveries = lots.length === 0 ? [] : await port.deliveriesOfLots(lots);
  const isOf = (id: string) => (delivery: DeliveryRow) => delivery.items.some((item) => keys.lotId(item) === id);
  return new Map(ids.map((id) => [id, deliveries.filter(isOf(id))]));
}
