import type { Transaction } from 'kysely';
import { addDecimals, compareDecimals } from '../decimal.ts';
import type { Done } from '../reference-posting.ts';
import { refuse } from '../reference-refusal.ts';
import { requireCurrent } from '../reference-requirements.ts';
import type { ConfirmOperation, ErpResults } from './port.ts';
import { findOrder } from './reference-orders.ts';
import { confirmableStates } from './reference-rules.ts';
import type { ErpTables } from './reference-tables.ts';

type Tx = Transaction<ErpTables>;
type Order = ErpTables['production_order'];
type Operation = ErpTables['operation'];

/** Posts what an operation ended with. What the last step of the order yields is what the order yields. */
export async function confirmOperation(tx: Tx, command: ConfirmOperation, recordedAt: string): Promise<Done> {
  const { plantCode, orderNo, operationNo, yieldQuantity, scrapQuantity } = command;
  const order = requireCurrent(command, `Production order ${orderNo}`, await findOrder(tx, command));
  const operations = await tx
    .selectFrom('operation')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('order_no', '=', orderNo)
    .orderBy('operation_no')
    .execute();
  const operation = operations.find(({ operation_no }) => operation_no === operationNo);
  if (!operation) throw refuse('NOT_FOUND', `Production order ${orderNo} has no operation ${operationNo}.`);
  checkOrder(order);
  checkConfirmation(command, order, operation);

  await tx
    .updateTable('operation')
    .set({
      confirmed_quantity: addDecimals(operation.confirmed_quantity, yieldQuantity),
      confirmed_scrap: addDecimals(operation.confirmed_scrap, scrapQuantity),
      confirmed_at: recordedAt,
    })
    .where('plant_code', '=', plantCode)
    .where('order_no', '=', orderNo)
    .where('operation_no', '=', operationNo)
    .execute();
  const isLast = operations.at(-1) === operation;
  const confirmedYield = isLast ? addDecimals(order.confirmed_yield, yieldQuantity) : order.confirmed_yield;
  await tx
    .updateTable('production_order')
    .set({ confirmed_yield: confirmedYield, version: order.version + 1, changed_at: recordedAt })
    .where('plant_code', '=', plantCode)
    .where('order_no', '=', orderNo)
    .execute();
  const result: ErpResults['confirmOperation'] = { confirmedYield };
  return { version: String(order.version + 1), result };
}

function checkOrder({ order_no, state }: Order): void {
  if (confirmableStates.includes(state)) return;
  if (state === 'ON_HOLD') {
    throw refuse('ORDER_LOCKED', `Production order ${order_no} is on hold.`, 'Resume the order, then confirm again.');
  }
  throw refuse(
    'ORDER_NOT_RELEASED',
    `Production order ${order_no} is ${state}.`,
    'Have production control look at it.',
  );
}

function checkConfirmation(command: ConfirmOperation, order: Order, operation: Operation): void {
  const { operationNo, orderNo, unit, yieldQuantity, scrapQuantity } = command;
  if (operation.confirmed_at !== null) {
    throw refuse(
      'DUPLICATE_CONFIRMATION',
      `Operation ${operationNo} of order ${orderNo} is confirmed already, with ${operation.confirmed_quantity} ${order.unit}.`,
      'Compare the quantities; correct the confirmation in the ERP if they differ.',
    );
  }
  if (unit !== order.unit) {
    throw refuse(
      'UNIT_CONVERSION_MISSING',
      `Order ${orderNo} is made in ${order.unit}, not in ${unit}.`,
      `Give the quantities in ${order.unit}.`,
    );
  }
  if (compareDecimals(yieldQuantity, '0') < 0 || compareDecimals(scrapQuantity, '0') < 0)
    throw refuse('QUANTITY_TOLERANCE', 'No quantity may be below zero.');
}
