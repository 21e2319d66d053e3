import type {
  DispositionKey,
  HoldContext,
  HoldKey,
  InspectionLotKey,
  InspectionPlanKey,
  InspectionResultRow,
  LotKey,
  MaterialKey,
  NonconformanceKey,
  OrderKey,
  Target,
} from '../../connectors/qms/port.ts';
import { type EntityId, type EntityType, entityId, refOf } from '../../journal/entity-ref.ts';

/** The ids of what the QMS's rows are, and of what they name. Ids that come from outside are parsed; others are built. */

interface LotNumber {
  readonly materialCode: string;
  readonly lotNumber: string;
}

export function planIdOf({ plantCode, planId, planVersion }: InspectionPlanKey): EntityId {
  return entityId(plantCode, 'inspection-plan', planId, planVersion);
}

export function inspectionLotIdOf({ plantCode, inspectionLotNo }: InspectionLotKey): EntityId {
  return entityId(plantCode, 'inspection-lot', inspectionLotNo);
}

export function inspectionResultIdOf(row: InspectionResultRow): EntityId {
  return entityId(row.plantCode, 'inspection-result', row.inspectionLotNo, row.characteristic, row.sampleNo);
}

export function holdIdOf({ plantCode, holdNo }: HoldKey): EntityId {
  return entityId(plantCode, 'hold', holdNo);
}

export function dispositionIdOf({ plantCode, dispositionNo }: DispositionKey): EntityId {
  return entityId(plantCode, 'disposition', dispositionNo);
}

export function nonconformanceIdOf({ plantCode, ncNo }: NonconformanceKey): EntityId {
  return entityId(plantCode, 'nonconformance', ncNo);
}

export function lotIdOf(plantCode: string, { materialCode, lotNumber }: LotNumber): EntityId {
  return entityId(plantCode, 'lot', materialCode, lotNumber);
}

export function orderIdOf(plantCode: string, orderNo: string): EntityId {
  return entityId(plantCode, 'production-order', orderNo);
}

export function materialIdOf(plantCode: string, materialCode: string): EntityId {
  return entityId(plantCode, 'material', materialCode);
}

export function targetIdOf(plantCode: string, { type, key }: Target): EntityId {
  return entityId(plantCode, type as EntityType, ...key);
}

export function planKey(id: string): InspectionPlanKey | null {
  const ref = refOf(id, 'inspection-plan');
  return ref && { plantCode: ref.plantCode, planId: ref.key[0], planVersion: ref.key[1] };
}

export function inspectionLotKey(id: string): InspectionLotKey | null {
  const ref = refOf(id, 'inspection-lot');
  return ref && { plantCode: ref.plantCode, inspectionLotNo: ref.key[0] };
}

export function holdKey(id: string): HoldKey | null {
  const ref = refOf(id, 'hold');
  return ref && { plantCode: ref.plantCode, holdNo: ref.key[0] };
}

export function dispositionKey(id: string): DispositionKey | null {
  const ref = refOf(id, 'disposition');
  return ref && { plantCode: ref.plantCode, dispositionNo: ref.key[0] };
}

export function nonconformanceKey(id: string): NonconformanceKey | null {
  const ref = refOf(id, 'nonconformance');
  return ref && { plantCode: ref.plantCode, ncNo: ref.key[0] };
}

export function orderKey(id: string): OrderKey | null {
  const ref = refOf(id, 'production-order');
  return ref && { plantCode: ref.plantCode, orderNo: ref.key[0] };
}

export function materialKey(id: string): MaterialKey | null {
  const ref = refOf(id, 'material');
  return ref && { plantCode: ref.plantCode, materialCode: ref.key[0] };
}

export function lotKey(id: string | null | undefined): LotKey | null {
  const ref = refOf(id, 'lot');
  return ref && { plantCode: ref.plantCode, materialCode: ref.key[0], lotNumber: ref.key[1] };
}

/** The lots that something held stands on, or is about. */
export function lotsOf(
  plantCode: string,
  { lot, scope, affected }: Pick<HoldContext, 'lot'> & { readonly scope: Target; readonly affected: readonly Target[] },
): readonly EntityId[] {
  const held = [scope, ...affected].filter(({ type }) => type === 'lot').map((one) => targetIdOf(plantCode, one));
  if (held.length > 0 || lot === null) return held;
  return [lotIdOf(plantCode, lot)];
}
