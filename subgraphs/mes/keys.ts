import type {
  AssetKey,
  DowntimeKey,
  LotKey,
  OperationKey,
  OrderKey,
  WorkCenterKey,
} from '../../connectors/mes/port.ts';
import type { EntityType } from '../../journal/entity-ref.ts';
import { entityId, parseEntityId } from '../../journal/entity-ref.ts';

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
  const ref = partsOf(id, 'production-order', 1);
  return ref && { plantCode: ref.plantCode, orderNo: ref.first };
}

export function operationKey(id: string): OperationKey | null {
  const ref = partsOf(id, 'operation', 2);
  return ref && { plantCode: ref.plantCode, orderNo: ref.first, operationNo: ref.second };
}

export function workCenterKey(id: string): WorkCenterKey | null {
  const ref = partsOf(id, 'work-center', 1);
  return ref && { plantCode: ref.plantCode, workCenterCode: ref.first };
}

export function lotKey(id: string): LotKey | null {
  const ref = partsOf(id, 'lot', 2);
  return ref && { plantCode: ref.plantCode, materialCode: ref.first, lotNumber: ref.second };
}

export function assetKey(id: string): AssetKey | null {
  const ref = partsOf(id, 'asset', 1);
  return ref && { plantCode: ref.plantCode, assetId: ref.first };
}

export function downtimeKey(id: string): DowntimeKey | null {
  const ref = partsOf(id, 'downtime', 1);
  return ref && { plantCode: ref.plantCode, downtimeId: ref.first };
}

function partsOf(id: string, type: EntityType, length: number) {
  const ref = parseEntityId(id);
  if (ref?.type !== type || ref.key.length !== length) return null;
  const [first = '', second = ''] = ref.key;
  return { plantCode: ref.plantCode, first, second };
}
