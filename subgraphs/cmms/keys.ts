import type { AssetKey, AssignmentRow, DowntimeKey, WorkCenterKey, WorkOrderKey } from '../../connectors/cmms/port.ts';
import { entityId, refOf } from '../../journal/entity-ref.ts';

/** Between the ids of the graph and the natural keys of the CMMS. Whatever is no id of the type has no key. */
export const lineId = (plantCode: string, lineCode: string) => entityId(plantCode, 'line', lineCode);
export const assetIdOf = ({ plantCode, assetId }: AssetKey) => entityId(plantCode, 'asset', assetId);
export const workCenterId = (key: WorkCenterKey) => entityId(key.plantCode, 'work-center', key.workCenterCode);
export const downtimeIdOf = ({ plantCode, downtimeId }: DowntimeKey) => entityId(plantCode, 'downtime', downtimeId);
export const workOrderId = (key: WorkOrderKey) => entityId(key.plantCode, 'maintenance-work-order', key.workOrderNo);
export const assignmentId = ({ plantCode, assetId, workCenterCode, validFrom }: AssignmentRow) =>
  entityId(plantCode, 'asset-assignment', assetId, workCenterCode, validFrom);

export function assetKey(id: string): AssetKey | null {
  const ref = refOf(id, 'asset');
  return ref && { plantCode: ref.plantCode, assetId: ref.key[0] };
}

export function workCenterKey(id: string): WorkCenterKey | null {
  const ref = refOf(id, 'work-center');
  return ref && { plantCode: ref.plantCode, workCenterCode: ref.key[0] };
}

export function downtimeKey(id: string): DowntimeKey | null {
  const ref = refOf(id, 'downtime');
  return ref && { plantCode: ref.plantCode, downtimeId: ref.key[0] };
}

export function workOrderKey(id: string): WorkOrderKey | null {
  const ref = refOf(id, 'maintenance-work-order');
  return ref && { plantCode: ref.plantCode, workOrderNo: ref.key[0] };
}

/** The asset that an assignment is of. */
export function assignedAssetKey(id: string): AssetKey | null {
  const ref = refOf(id, 'asset-assignment');
  return ref && { plantCode: ref.plantCode, assetId: ref.key[0] };
}
