import type {
  DeliveryKey,
  LineKey,
  LotKey,
  MaterialKey,
  OperationKey,
  OrderKey,
  PlantKey,
  StockRow,
  WorkCenterKey,
} from '../../connectors/erp/port.ts';
import type { EntityId, EntityType } from '../../journal/entity-ref.ts';
import { entityId, parseEntityId } from '../../journal/entity-ref.ts';

/** Between the ids of the graph and the natural keys of the ERP. Whatever is no id of the type has no key. */
export const plantId = ({ plantCode }: PlantKey) => entityId(plantCode, 'plant', plantCode);
export const lineId = (key: LineKey) => entityId(key.plantCode, 'line', key.lineCode);
export const workCenterId = (key: WorkCenterKey) => entityId(key.plantCode, 'work-center', key.workCenterCode);
export const materialId = (key: MaterialKey) => entityId(key.plantCode, 'material', key.materialCode);
export const orderId = (key: OrderKey) => entityId(key.plantCode, 'production-order', key.orderNo);
export const operationId = (key: OperationKey) => entityId(key.plantCode, 'operation', key.orderNo, key.operationNo);
export const lotId = (key: LotKey) => entityId(key.plantCode, 'lot', key.materialCode, key.lotNumber);
export const deliveryId = (key: DeliveryKey) => entityId(key.plantCode, 'delivery', key.deliveryNo);
export const stockId = (row: StockRow): EntityId =>
  entityId(row.plantCode, 'stock-position', row.materialCode, row.lotNumber, row.storageLocation, row.stockType);

/** What a system was given as a cause, if it is an id of the graph. */
export function causeId(text: string | null | undefined): EntityId | null {
  const ref = text ? parseEntityId(text) : null;
  return ref && entityId(ref.plantCode, ref.type, ...ref.key);
}

export function plantKey(id: string): PlantKey | null {
  const ref = partsOf(id, 'plant', 1);
  return ref && { plantCode: ref.plantCode };
}

export function lineKey(id: string): LineKey | null {
  const ref = partsOf(id, 'line', 1);
  return ref && { plantCode: ref.plantCode, lineCode: ref.first };
}

export function workCenterKey(id: string): WorkCenterKey | null {
  const ref = partsOf(id, 'work-center', 1);
  return ref && { plantCode: ref.plantCode, workCenterCode: ref.first };
}

export function materialKey(id: string): MaterialKey | null {
  const ref = partsOf(id, 'material', 1);
  return ref && { plantCode: ref.plantCode, materialCode: ref.first };
}

export function orderKey(id: string): OrderKey | null {
  const ref = partsOf(id, 'production-order', 1);
  return ref && { plantCode: ref.plantCode, orderNo: ref.first };
}

export function operationKey(id: string): OperationKey | null {
  const ref = partsOf(id, 'operation', 2);
  return ref && { plantCode: ref.plantCode, orderNo: ref.first, operationNo: ref.second };
}

export function lotKey(id: string): LotKey | null {
  const ref = partsOf(id, 'lot', 2);
  return ref && { plantCode: ref.plantCode, materialCode: ref.first, lotNumber: ref.second };
}

/** The lot of a stock position. */
export function stockLotKey(id: string): LotKey | null {
  const ref = partsOf(id, 'stock-position', 4);
  return ref && { plantCode: ref.plantCode, materialCode: ref.first, lotNumber: ref.second };
}

export function deliveryKey(id: string): DeliveryKey | null {
  const ref = partsOf(id, 'delivery', 1);
  return ref && { plantCode: ref.plantCode, deliveryNo: ref.first };
}

function partsOf(id: string, type: EntityType, length: number) {
  const ref = parseEntityId(id);
  if (ref?.type !== type || ref.key.length !== length) return null;
  const [first = '', second = ''] = ref.key;
  return { plantCode: ref.plantCode, first, second };
}
