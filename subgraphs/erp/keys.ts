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
import { type EntityId, entityId, parseEntityId, refOf } from '../../journal/entity-ref.ts';

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
  const ref = refOf(id, 'plant');
  return ref && { plantCode: ref.plantCode };
}

export function lineKey(id: string): LineKey | null {
  const ref = refOf(id, 'line');
  return ref && { plantCode: ref.plantCode, lineCode: ref.key[0] };
}

export function workCenterKey(id: string): WorkCenterKey | null {
  const ref = refOf(id, 'work-center');
  return ref && { plantCode: ref.plantCode, workCenterCode: ref.key[0] };
}

export function materialKey(id: string): MaterialKey | null {
  const ref = refOf(id, 'material');
  return ref && { plantCode: ref.plantCode, materialCode: ref.key[0] };
}

export function orderKey(id: string): OrderKey | null {
  const ref = refOf(id, 'production-order');
  return ref && { plantCode: ref.plantCode, orderNo: ref.key[0] };
}

export function operationKey(id: string): OperationKey | null {
  const ref = refOf(id, 'operation');
  return ref && { plantCode: ref.plantCode, orderNo: ref.key[0], operationNo: ref.key[1] };
}

export function lotKey(id: string): LotKey | null {
  const ref = refOf(id, 'lot');
  return ref && { plantCode: ref.plantCode, materialCode: ref.key[0], lotNumber: ref.key[1] };
}

/** The lot of a stock position. */
export function stockLotKey(id: string): LotKey | null {
  const ref = refOf(id, 'stock-position');
  return ref && { plantCode: ref.plantCode, materialCode: ref.key[0], lotNumber: ref.key[1] };
}

export function deliveryKey(id: string): DeliveryKey | null {
  const ref = refOf(id, 'delivery');
  return ref && { plantCode: ref.plantCode, deliveryNo: ref.key[0] };
}
