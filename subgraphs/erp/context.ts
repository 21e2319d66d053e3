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
import { createSubgraphContext, type SubgraphContext, type SystemServices } from '../context.ts';
import type { EntityLoader, ListLoader, LoaderFactory } from '../reading/loader.ts';
import type { SubgraphCall } from '../subgraph.ts';
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

export interface ErpContext extends SubgraphContext<ErpLoaders>, SystemServices<ErpPort> {}

export function createErpContext(call: SubgraphCall, services: SystemServices<ErpPort>): ErpContext {
  return createSubgraphContext(call, services, (factory) => createLoaders(factory, services.port));
}

function createLoaders({ one, many }: LoaderFactory, port: ErpPort): ErpLoaders {
  const { plantKey, lineKey, workCenterKey, materialKey, orderKey, operationKey, lotKey, deliveryKey } = keys;
  const { plantId, lineId, workCenterId, materialId, orderId, operationId, lotId, deliveryId } = keys;
  return {
    plants: one({ keyOf: plantKey, fetch: port.plantsByKeys, idOf: plantId }),
    lines: one({ keyOf: lineKey, fetch: port.linesByKeys, idOf: lineId }),
    workCenters: one({ keyOf: workCenterKey, fetch: port.workCentersByKeys, idOf: workCenterId }),
    materials: one({ keyOf: materialKey, fetch: port.materialsByKeys, idOf: materialId }),
    orders: one({ keyOf: orderKey, fetch: port.ordersByKeys, idOf: orderId }),
    operations: one({ keyOf: operationKey, fetch: port.operationsByKeys, idOf: operationId }),
    lots: one({ keyOf: lotKey, fetch: port.lotsByKeys, idOf: lotId }),
    deliveries: one({ keyOf: deliveryKey, fetch: port.deliveriesByKeys, idOf: deliveryId }),
    linesOfPlant: many({ keyOf: plantKey, fetch: port.linesOfPlants, idOf: plantId }),
    workCentersOfLine: many({ keyOf: lineKey, fetch: port.workCentersOfLines, idOf: lineId }),
    // A delivery belongs to every lot of its items.
    deliveriesOfLot: many({ keyOf: lotKey, fetch: port.deliveriesOfLots, idOf: ({ items }) => items.map(lotId) }),
  };
}
