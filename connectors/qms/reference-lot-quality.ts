import type { Transaction } from 'kysely';
import type { HoldContext } from './port.ts';
import type { QmsTables } from './reference-tables.ts';

type Tx = Transaction<QmsTables>;

export type InspectionState = QmsTables['lot_quality']['inspection_state'];

/** What the QMS itself knows of a lot and its order, for what the command leaves out. */
export async function knownContext(
  tx: Tx,
  plantCode: string,
  materialCode: string | null,
  lotNumber: string | null,
  orderNo: string | null,
): Promise<Pick<HoldContext, 'orderNo' | 'lineCode' | 'partner' | 'materialCode'>> {
  const lot =
    materialCode && lotNumber
      ? await tx
          .selectFrom('lot_quality')
          .selectAll()
          .where('plant_code', '=', plantCode)
          .where('material_code', '=', materialCode)
          .where('lot_number', '=', lotNumber)
          .executeTakeFirst()
      : undefined;
  const number = orderNo ?? lot?.order_no ?? null;
  const order =
    number === null
      ? undefined
      : await tx
          .selectFrom('production_order')
          .selectAll()
          .where('plant_code', '=', plantCode)
          .where('order_no', '=', number)
          .executeTakeFirst();
  return {
    orderNo: number,
    materialCode: materialCode ?? order?.material_code ?? null,
    lineCode: lot?.line_code ?? order?.line_code ?? null,
    partner: lot?.partner ?? order?.partner ?? null,
  };
}

interface Inspected {
  readonly plantCode: string;
  readonly materialCode: string;
  readonly lotNumber: string | null;
  readonly orderNo: string | null;
  readonly lineCode: string | null;
  readonly partner: string | null;
}

export async function learnOrder(tx: Tx, { plantCode, orderNo, ...rest }: Inspected): Promise<void> {
  if (orderNo === null) return;
  await tx
    .insertInto('production_order')
    .values({
      plant_code: plantCode,
      order_no: orderNo,
      material_code: rest.materialCode,
      lot_number: rest.lotNumber,
      line_code: rest.lineCode,
      partner: rest.partner,
    })
    .onConflict((conflict) => conflict.columns(['plant_code', 'order_no']).doNothing())
    .execute();
}

export async function learnLot(tx: Tx, { plantCode, materialCode, lotNumber, ...rest }: Inspected): Promise<void> {
  if (lotNumber === null) return;
  const plan = await tx
    .selectFrom('inspection_plan')
    .select('plan_id')
    .where('plant_code', '=', plantCode)
    .where('material_code', '=', materialCode)
    .executeTakeFirst();
  await tx
    .insertInto('lot_quality')
    .values({
      plant_code: plantCode,
      material_code: materialCode,
      lot_number: lotNumber,
      inspection_state: plan ? 'AWAITING_INSPECTION' : 'NOT_REQUIRED',
      order_no: rest.orderNo,
      line_code: rest.lineCode,
      partner: rest.partner,
    })
    .onConflict((conflict) => conflict.columns(['plant_code', 'material_code', 'lot_number']).doNothing())
    .execute();
}

export async function moveInspectionState(
  tx: Tx,
  lot: { readonly plantCode: string; readonly materialCode: string; readonly lotNumber: string | null },
  from: readonly InspectionState[],
  to: InspectionState,
): Promise<void> {
  if (lot.lotNumber === null) return;
  await tx
    .updateTable('lot_quality')
    .set({ inspection_state: to })
    .where('plant_code', '=', lot.plantCode)
    .where('material_code', '=', lot.materialCode)
    .where('lot_number', '=', lot.lotNumber)
    .where('inspection_state', 'in', [...from])
    .execute();
}

export async function hasOpenInspection(
  tx: Tx,
  lot: { readonly plantCode: string; readonly materialCode: string; readonly lotNumber: string },
): Promise<boolean> {
  const open = await tx
    .selectFrom('inspection_lot')
    .select('inspection_lot_no')
    .where('plant_code', '=', lot.plantCode)
    .where('material_code', '=', lot.materialCode)
    .where('lot_number', '=', lot.lotNumber)
    .where('state', '<>', 'DECIDED')
    .executeTakeFirst();
  return open !== undefined;
}
