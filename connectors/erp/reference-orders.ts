import type { Transaction } from 'kysely';
import { compareDecimals } from '../decimal.ts';
import type { Done } from '../reference-posting.ts';
import { refuse } from '../reference-refusal.ts';
import { requireCurrent, requireState } from '../reference-requirements.ts';
import { fitsUnit, isAmount, isCode } from '../wellformed.ts';
import type { CreateProductionOrder, ErpResults, OrderStateCommand } from './port.ts';
import { orderRules } from './reference-rules.ts';
import type { ErpTables } from './reference-tables.ts';

type Tx = Transaction<ErpTables>;

/** Creates the order with the operations of its line's routing, and the lot that it will make. */
export async function createOrder(tx: Tx, command: CreateProductionOrder, recordedAt: string): Promise<Done> {
  const { plantCode, lineCode, materialCode } = command;
  const plant = await tx.selectFrom('plant').selectAll().where('plant_code', '=', plantCode).executeTakeFirst();
  const material = await tx
    .selectFrom('material')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('material_code', '=', materialCode)
    .executeTakeFirst();
  const routing = await tx
    .selectFrom('routing_step')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('line_code', '=', lineCode)
    .execute();
  if (!plant) throw refuse('NOT_FOUND', `There is no plant ${plantCode}.`);
  if (!material) throw refuse('NOT_FOUND', `Plant ${plantCode} has no material ${materialCode}.`);
  checkPlan(command, material, routing.length);

  const orderNo = String(plant.last_order_no + 1);
  const lotNumber = command.lotNumber ?? `L${orderNo}`;
  if (await lotExists(tx, command, lotNumber)) {
    throw refuse('LOT_EXISTS', `Lot ${lotNumber} of ${materialCode} exists already.`, 'Give another lot number.');
  }
  await tx
    .updateTable('plant')
    .set({ last_order_no: plant.last_order_no + 1 })
    .where('plant_code', '=', plantCode)
    .execute();
  await insertOrder(tx, command, { orderNo, lotNumber, recordedAt, routing });
  const result: ErpResults['createProductionOrder'] = { orderNo, lotNumber };
  return { version: '1', result };
}

/** The order of a command, where there is one. */
export function findOrder(
  tx: Tx,
  { plantCode, orderNo }: { readonly plantCode: string; readonly orderNo: string },
): Promise<ErpTables['production_order'] | undefined> {
  return tx
    .selectFrom('production_order')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('order_no', '=', orderNo)
    .executeTakeFirst();
}

export async function changeOrderState(tx: Tx, command: OrderStateCommand, recordedAt: string): Promise<Done> {
  const { plantCode, orderNo, actorId, reason } = command;
  const rule = orderRules[command.name];
  const what = `Production order ${orderNo}`;
  const order = requireCurrent(command, what, await findOrder(tx, command));
  requireState(command, what, order.state, rule.from);

  const to = rule.to === 'HELD_FROM' ? (order.held_from ?? 'RELEASED') : rule.to;
  await tx
    .updateTable('production_order')
    .set({
      state: to,
      held_from: to === 'ON_HOLD' ? order.state : null,
      state_since: recordedAt,
      state_by: actorId,
      state_reason: reason,
      version: order.version + 1,
      changed_at: recordedAt,
    })
    .where('plant_code', '=', plantCode)
    .where('order_no', '=', orderNo)
    .execute();
  const result: ErpResults['orderState'] = { from: order.state, to };
  return { version: String(order.version + 1), result };
}

const longestLotNumber = 40;

function checkPlan(command: CreateProductionOrder, material: ErpTables['material'], routingSteps: number): void {
  const { lineCode, materialCode, quantity, unit, lotNumber, plannedStart, plannedEnd } = command;
  if (routingSteps === 0) throw refuse('ROUTING_MISSING', `Line ${lineCode} does not exist, or has no routing.`);
  if (material.kind !== 'FINISHED') throw refuse('MATERIAL_NOT_PRODUCED', `${materialCode} is bought, not made.`);
  if (compareDecimals(quantity, '0') <= 0) throw refuse('QUANTITY_TOLERANCE', 'The quantity must be above zero.');
  if (!isAmount(quantity) || !fitsUnit(quantity, material.unit)) {
    throw refuse('QUANTITY_TOLERANCE', `The quantity is too long, or cannot be counted in ${material.unit}.`);
  }
  if (lotNumber !== null && !isCode(lotNumber, longestLotNumber)) {
    throw refuse('LOT_NUMBER_INVALID', `A lot number has 1 to ${longestLotNumber} letters and digits.`);
  }
  if (unit !== material.unit) {
    throw refuse(
      'UNIT_CONVERSION_MISSING',
      `${materialCode} is planned in ${material.unit}, not in ${unit}.`,
      `Give the quantity in ${material.unit}.`,
    );
  }
  if (plannedEnd <= plannedStart) throw refuse('DATES_INVALID', 'The planned end must be after the planned start.');
}

async function lotExists(tx: Tx, { plantCode, materialCode }: CreateProductionOrder, lotNumber: string) {
  const lot = await tx
    .selectFrom('lot')
    .select('lot_number')
    .where('plant_code', '=', plantCode)
    .where('material_code', '=', materialCode)
    .where('lot_number', '=', lotNumber)
    .executeTakeFirst();
  return lot !== undefined;
}

interface NumberedOrder {
  readonly orderNo: string;
  readonly lotNumber: string;
  readonly recordedAt: string;
  readonly routing: readonly ErpTables['routing_step'][];
}

async function insertOrder(tx: Tx, command: CreateProductionOrder, numbered: NumberedOrder): Promise<void> {
  const { orderNo, lotNumber, recordedAt, routing } = numbered;
  await tx
    .insertInto('production_order')
    .values({
      plant_code: command.plantCode,
      order_no: orderNo,
      line_code: command.lineCode,
      material_code: command.materialCode,
      quantity: command.quantity,
      unit: command.unit,
      lot_number: lotNumber,
      planned_start: command.plannedStart,
      planned_end: command.plannedEnd,
      state: 'PLANNED',
      held_from: null,
      state_since: recordedAt,
      state_by: command.actorId,
      state_reason: null,
      confirmed_yield: '0',
      partner: null,
      version: 1,
      changed_at: recordedAt,
    })
    .execute();
  await tx
    .insertInto('operation')
    .values(
      routing.map((step) => ({
        plant_code: command.plantCode,
        order_no: orderNo,
        operation_no: step.operation_no,
        name: step.name,
        work_center_code: step.work_center_code,
        planned_quantity: command.quantity,
        confirmed_quantity: '0',
        confirmed_scrap: '0',
        confirmed_at: null,
      })),
    )
    .execute();
  await tx
    .insertInto('lot')
    .values({
      plant_code: command.plantCode,
      material_code: command.materialCode,
      lot_number: lotNumber,
      order_no: orderNo,
      expires_on: null,
      partner: null,
      version: 1,
      changed_at: recordedAt,
    })
    .execute();
}
