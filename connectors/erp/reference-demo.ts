import type { Transaction } from 'kysely';
import type { Clock } from '../../runtime/clock.ts';
import { isoTime } from '../../runtime/clock.ts';
import type { Database } from '../../storage/database.ts';
import { compareDecimals } from '../decimal.ts';
import type { DemoPlant } from '../demo-plant.ts';
import type { ErpTables } from './reference-tables.ts';

type Tx = Transaction<ErpTables>;

/** Fills an empty reference ERP with what it owns of the demo plants. One that knows any plant is left alone. */
export async function fillReferenceErp(
  database: Database<ErpTables>,
  plants: readonly DemoPlant[],
  clock: Clock,
): Promise<void> {
  const since = isoTime(clock.now());
  await database.write(async (tx) => {
    if (await tx.selectFrom('plant').select('plant_code').limit(1).executeTakeFirst()) return;
    for (const plant of plants) {
      await insertMasterData(tx, plant, since);
      await insertOrders(tx, plant, since);
      await insertLots(tx, plant, since);
      await insertDeliveries(tx, plant, since);
    }
  });
}

async function insertMasterData(tx: Tx, plant: DemoPlant, since: string): Promise<void> {
  const plant_code = plant.plantCode;
  const last_order_no = Math.max(0, ...plant.orders.map(({ orderNo }) => Number(orderNo)));
  await tx.insertInto('plant').values({ plant_code, name: plant.name, last_order_no }).execute();
  await tx
    .insertInto('line')
    .values(plant.lines.map(({ lineCode, name }) => ({ plant_code, line_code: lineCode, name })))
    .execute();
  const workCenters = plant.workCenters.map(({ workCenterCode, lineCode, name, constrained }) => ({
    plant_code,
    work_center_code: workCenterCode,
    line_code: lineCode,
    name,
    constrained: constrained ? 1 : 0,
    capacity_status: 'AVAILABLE' as const,
    capacity_changed_at: since,
    version: 1,
  }));
  await tx.insertInto('work_center').values(workCenters).execute();
  const materials = plant.materials.map(({ materialCode, name, unit, kind }) => ({
    plant_code,
    material_code: materialCode,
    name,
    unit,
    kind,
  }));
  await tx.insertInto('material').values(materials).execute();
  const steps = plant.lines.flatMap(({ lineCode }) => routingOf(plant, lineCode));
  if (steps.length > 0) await tx.insertInto('routing_step').values(steps).execute();
}

/** What is made on a line goes through the steps that its demo orders go through. */
function routingOf(plant: DemoPlant, lineCode: string): readonly ErpTables['routing_step'][] {
  const operations = plant.orders.find((order) => order.lineCode === lineCode)?.operations ?? [];
  return operations.map(({ operationNo, name, workCenterCode }) => ({
    plant_code: plant.plantCode,
    line_code: lineCode,
    operation_no: operationNo,
    name,
    work_center_code: workCenterCode,
  }));
}

async function insertOrders(tx: Tx, plant: DemoPlant, since: string): Promise<void> {
  for (const order of plant.orders) {
    await tx
      .insertInto('production_order')
      .values({
        plant_code: plant.plantCode,
        order_no: order.orderNo,
        line_code: order.lineCode,
        material_code: order.materialCode,
        quantity: order.quantity,
        unit: order.unit,
        lot_number: order.lotNumber,
        planned_start: order.plannedStart,
        planned_end: order.plannedEnd,
        state: order.state,
        held_from: null,
        state_since: since,
        state_by: null,
        state_reason: null,
        confirmed_yield: '0',
        partner: order.partner,
        version: 1,
        changed_at: since,
      })
      .execute();
    const operations = order.operations.map(({ operationNo, name, workCenterCode }) => ({
      plant_code: plant.plantCode,
      order_no: order.orderNo,
      operation_no: operationNo,
      name,
      work_center_code: workCenterCode,
      planned_quantity: order.quantity,
      confirmed_quantity: '0',
      confirmed_scrap: '0',
      confirmed_at: null,
    }));
    await tx.insertInto('operation').values(operations).execute();
  }
}

async function insertLots(tx: Tx, plant: DemoPlant, since: string): Promise<void> {
  for (const lot of plant.lots) {
    const key = { plant_code: plant.plantCode, material_code: lot.materialCode, lot_number: lot.lotNumber };
    const { orderNo: order_no, expiresOn: expires_on, partner } = lot;
    await tx
      .insertInto('lot')
      .values({ ...key, order_no, expires_on, partner, version: 1, changed_at: since })
      .execute();
    if (lot.stockType === null || compareDecimals(lot.quantity, '0') === 0) continue;
    await tx
      .insertInto('stock')
      .values({ ...key, storage_location: lot.storageLocation, stock_type: lot.stockType, quantity: lot.quantity })
      .execute();
  }
}

async function insertDeliveries(tx: Tx, plant: DemoPlant, since: string): Promise<void> {
  for (const delivery of plant.deliveries) {
    const key = { plant_code: plant.plantCode, delivery_no: delivery.deliveryNo };
    await tx
      .insertInto('delivery')
      .values({
        ...key,
        customer: delivery.customer,
        planned_ship_date: delivery.plannedShipDate,
        state: delivery.items.length > 0 ? 'ALLOCATED' : 'PLANNED',
        state_since: since,
        state_by: null,
        partner: delivery.partner,
        version: 1,
        changed_at: since,
      })
      .execute();
    const items = delivery.items.map(({ materialCode, lotNumber, quantity }, index) => ({
      ...key,
      item_no: String((index + 1) * 10).padStart(6, '0'),
      material_code: materialCode,
      lot_number: lotNumber,
      quantity,
    }));
    if (items.length > 0) await tx.insertInto('delivery_item').values(items).execute();
  }
}
