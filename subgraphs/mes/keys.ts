import type {
  AssetKey,
  DowntimeKey,
  LotKey,
  OperationKey,
  OrderKey,
  WorkCenterKey,
} from '../../connectors/mes/port.ts';
import { entityId, refOf } from '../../journal/entity-ref.ts';

/** Between the ids of the graph and the natural keys of the MES. Whatever is no id of the type has no key. */
export const orderId = (key: OrderKey) => entityId(key.plantCode, 'production-order', key.orderNo);
export const operationId = (key: OperationKey) => entityId(key.plantCode, 'operation', key.orderNo, key.operationNo);
export const workCenterId = (key: WorkCenterKey) => entityId(key.plantCode, 'work-center', key.workCenterCode);
export const materialId = (key: Pick<LotKey, 'plantCode' | 'materialCode'>) =>
  entityId(key.plantCode, 'material', key.materialCode);
export const lotId = (key: LotKey) => entityId(key.plantCode, 'lot', key.materialCode, key.lotNumber);
export const assetId = (key: AssetKey) => entityId(key.plantCode, 'asset', key.assetId);
export const downtimeId = (key: DowntimeKey) => entityId(key.plantCode, 'downtime', key.downtimeId);

export function orderKey(id: string): OrderKey | null {
  const ref = refOf(id, 'production-order');
  return ref && { plantCode: ref.plantCode, orderNo: ref.key[0] };
}

export function operationKey(id: string): OperationKey | null {
  const ref = refOf(id, 'operation');
  return ref && { plantCode: ref.plantCode, orderNo: ref.key[0], operationNo: ref.key[1] };
}

export function workCenterKey(id: string): WorkCenterKey | null {
  const ref = refOf(id, 'work-center');
  return ref && { plantCode: ref.plantCode, workCenterCode: ref.key[0] };
}

export function lotKey(id: string): LotKey | null {
  const ref = refOf(id, 'lot');
  return ref && { plantCode: ref.plantCode, materialCode: ref.key[0], lotNumber: ref.key[1] };
}

export function assetKey(id: string): AssetKey | null {
  const ref = refOf(id, 'asset');
  return ref && { plantCode: ref.plantCode, assetId: ref.key[0] };
}

export function downtimeKey(id: string): DowntimeKey | null {
  const ref = refOf(id, 'downtime');
  return ref && { plantCode: ref.plantCode, downtimeId: ref.key[0] };
}
