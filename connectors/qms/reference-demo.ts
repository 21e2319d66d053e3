import type { Transaction } from 'kysely';
import type { Clock } from '../../runtime/clock.ts';
import { isoTime } from '../../runtime/clock.ts';
import type { Database } from '../../storage/database.ts';
import type { DemoPlant } from '../demo-plant.ts';
import type { QmsTables } from './reference-tables.ts';

type Tx = Transaction<QmsTables>;

/** Fills an empty reference QMS with what it owns of the demo plants; a plant that it knows already stays as it is. */
export async function fillReferenceQms(
  database: Database<QmsTables>,
  plants: readonly DemoPlant[],
  clock: Clock,
): Promise<void> {
  const at = isoTime(clock.now());
  await database.write(async (tx) => {
    for (const plant of plants) {
      const known = await tx
        .selectFrom('inspection_plan')
        .select('plan_id')
        .where('plant_code', '=', plant.plantCode)
        .executeTakeFirst();
      if (!known) await fillPlant(tx, plant, at);
    }
  });
}

async function fillPlant(tx: Tx, plant: DemoPlant, at: string): Promise<void> {
  await fillPlans(tx, plant);
  await fillLots(tx, plant);
  await fillInspectionLots(tx, plant, at);
}

async function fillPlans(tx: Tx, { plantCode, inspectionPlans }: DemoPlant): Promise<void> {
  for (const { planId, version, materialCode, operationNo, characteristics } of inspectionPlans) {
    const key = { plant_code: plantCode, plan_id: planId, plan_version: version };
    await tx
      .insertInto('inspection_plan')
      .values({ ...key, material_code: materialCode, operation_no: operationNo })
      .execute();
    const rows = characteristics.map(({ code, name, unit, lowerLimit, upperLimit, target }, position) => ({
      ...key,
      code,
      position,
      name,
      unit,
      lower_limit: lowerLimit,
      upper_limit: upperLimit,
      target,
    }));
    await tx.insertInto('characteristic').values(rows).execute();
  }
}

async function fillLots(tx: Tx, { plantCode, orders, lots }: DemoPlant): Promise<void> {
  const lineOf = new Map(orders.map(({ orderNo, lineCode }) => [orderNo, lineCode]));
  const orderRows = orders.map((order) => ({
    plant_code: plantCode,
    order_no: order.orderNo,
    material_code: order.materialCode,
    lot_number: order.lotNumber,
    line_code: order.lineCode,
    partner: order.partner,
  }));
  const lotRows = lots.map((lot) => ({
    plant_code: plantCode,
    material_code: lot.materialCode,
    lot_number: lot.lotNumber,
    inspection_state: lot.qualityState,
    order_no: lot.orderNo,
    line_code: lot.orderNo === null ? null : (lineOf.get(lot.orderNo) ?? null),
    partner: lot.partner,
  }));
  await tx.insertInto('production_order').values(orderRows).execute();
  await tx.insertInto('lot_quality').values(lotRows).execute();
}

/** Orders that run, or may run, are being inspected: the first result can be recorded at once. */
async function fillInspectionLots(
  tx: Tx,
  { plantCode, orders, inspectionPlans }: DemoPlant,
  at: string,
): Promise<void> {
  for (const order of orders.filter(({ state }) => state !== 'PLANNED')) {
    const plan = inspectionPlans.find(({ materialCode }) => materialCode === order.materialCode);
    if (!plan) continue;
    await tx
      .insertInto('inspection_lot')
      .values({
        plant_code: plantCode,
        inspection_lot_no: `IL-${order.orderNo}`,
        plan_id: plan.planId,
        plan_version: plan.version,
        material_code: order.materialCode,
        lot_number: order.lotNumber,
        order_no: order.orderNo,
        operation_no: plan.operationNo,
        line_code: order.lineCode,
        state: order.state === 'IN_PROCESS' ? 'IN_PROGRESS' : 'CREATED',
        decision: null,
        state_since: at,
        state_by: null,
        state_reason: null,
        created_at: at,
        changed_at: at,
        partner: order.partner,
        version: 1,
      })
      .execute();
  }
}
