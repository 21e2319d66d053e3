import type { Transaction } from 'kysely';
import type { Clock } from '../../runtime/clock.ts';
import { isoTime } from '../../runtime/clock.ts';
import type { Database } from '../../storage/database.ts';
import type { DemoOrder, DemoPlant } from '../demo-plant.ts';
import type { MesTables } from './reference-tables.ts';

type Tx = Transaction<MesTables>;

/** Fills an empty reference MES with what it owns of the demo plants. One that knows any work center is left alone. */
export async function fillReferenceMes(
  database: Database<MesTables>,
  plants: readonly DemoPlant[],
  clock: Clock,
): Promise<void> {
  const since = isoTime(clock.now());
  await database.write(async (tx) => {
    if (await tx.selectFrom('work_center').select('plant_code').limit(1).executeTakeFirst()) return;
    for (const plant of plants) {
      await insertPlaces(tx, plant);
      for (const order of plant.orders) await insertOperations(tx, plant.plantCode, order, since);
    }
  });
}

async function insertPlaces(tx: Tx, { plantCode: plant_code, workCenters, lots }: DemoPlant): Promise<void> {
  const places = workCenters.map(({ workCenterCode, lineCode }) => ({
    plant_code,
    work_center_code: workCenterCode,
    line_code: lineCode,
  }));
  await tx.insertInto('work_center').values(places).execute();
  const made = lots.flatMap(({ materialCode, lotNumber, productionState, partner }) => {
    if (productionState === null) return [];
    const key = { plant_code, material_code: materialCode, lot_number: lotNumber };
    return [{ ...key, production_state: productionState, partner }];
  });
  if (made.length > 0) await tx.insertInto('lot').values(made).execute();
}

/** Only what has been dispatched is known to the MES. */
async function insertOperations(tx: Tx, plantCode: string, order: DemoOrder, since: string): Promise<void> {
  for (const { operationNo, workCenterCode, execution } of order.operations) {
    if (execution === null) continue;
    await tx
      .insertInto('operation')
      .values({
        plant_code: plantCode,
        order_no: order.orderNo,
        operation_no: operationNo,
        line_code: order.lineCode,
        work_center_code: workCenterCode,
        material_code: order.materialCode,
        lot_number: order.lotNumber,
        unit: order.unit,
        state: execution,
        state_since: since,
        state_by: null,
        state_reason: null,
        produced_quantity: '0',
        scrap_quantity: '0',
        started_at: execution === 'ALLOWED_TO_START' ? null : since,
        ended_at: execution === 'ENDED' ? since : null,
        partner: order.partner,
        version: 1,
        changed_at: since,
      })
      .execute();
  }
}
