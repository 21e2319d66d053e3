import type { AssetKey, AssignmentRow, DowntimeKey, WorkCenterKey, WorkOrderKey } from '../../connectors/cmms/port.ts';
import { type EntityType, entityId, parseEntityId } from '../../journal/entity-ref.ts';

/** Between the ids of the graph and the natural keys of the CMMS. Whatever is no id of the type has no key. */
export const lineId = (plantCode: string, lineCode: string) => entityId(plantCode, 'line', lineCode);
export const assetIdOf = ({ plantCode, assetId }: AssetKey) => entityId(plantCode, 'asset', assetId);
export const workCenterId = (key: WorkCenterKey) => entityId(key.plantCode, 'work-center', key.workCenterCode);
export const downtimeIdOf = ({ plantCode, downtimeId }: DowntimeKey) => entityId(plantCode, 'downtime', downtimeId);
export const workOrderId = (key: WorkOrderKey) => entityId(key.plantCode, 'maintenance-work-order', key.workOrderNo);
export const assignmentId = ({ plantCode, assetId, workCenterCode, validFrom }: AssignmentRow) =>
  entityId(plantCode, 'asset-assignment', assetId, workCenterCode, validFrom);

export function assetKey(id: string): AssetKey | null {
  const ref = partsOf(id, 'asset');
  return ref && { plantCode: ref.plantCode, assetId: ref.first };
}

export function workCenterKey(id: string): WorkCenterKey | null {
  const ref = partsOf(id, 'work-center');
  return ref && { plantCode: ref.plantCode, workCenterCode: ref.first };
}

export function downtimeKey(id: string): DowntimeKey | null {
  const ref = partsOf(id, 'downtime');
  return ref && { plantCode: ref.plantCode, downtimeId: ref.first };
}

export function workOrderKey(id: string): WorkOrderKey | null {
  const ref = partsOf(id, 'maintenance-work-order');
  return ref && { plantCode: ref.plantCode, workOrderNo: ref.first };
}

/** The asset that an assignment is of. */
export function assignedAssetKey(id: string): AssetKey | null {
  const ref = partsOf(id, 'asset-assignment', 3);
  return ref && { plantCode: ref.plantCode, assetId: ref.first };
}

function partsOf(id: string, type: EntityType, length = 1) {
  const ref = parseEntityId(id);
  const first = ref?.key[0];
  return ref?.type === type && ref.key.length === length && first ? { plantCode: ref.plantCode, first } : null;
}
