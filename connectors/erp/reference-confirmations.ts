import type { Transaction } from 'kysely';
import { addDecimals, compareDecimals } from '../decimal.ts';
import { checkRow } from '../reference-checks.ts';
import { refuse, type Verdict } from '../reference-posting.ts';
import type { ConfirmOperation, ErpResults } from './port.ts';
import { findOrder } from './reference-orders.ts';
import { confirmableStates } from './reference-rules.ts';
import type { ErpTables } from './reference-tables.ts';

type Tx = Transaction<ErpTables>;
type Order = ErpTables['production_order'];
type Operation = ErpTables['operation'];

/** Posts what an operation ended with. What the last step of the order yields is what the order yields. */
export async function confirmOperation(tx: Tx, command: ConfirmOperation, recordedAt: string): Promise<Verdict> {
  const { plantCode, orderNo, operationNo, yieldQuantity, scrapQuantity } = command;
  const order = await findOrder(tx, command);
  const missing = checkRow(command, `Production order ${orderNo}`, order);
  if (missing || !order) return missing ?? refuse('NOT_FOUND', orderNo);
  const operations = await tx
    .selectFrom('operation')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('order_no', '=', orderNo)
    .orderBy('operation_no')
    .execute();
  const operation = operations.find(({ operation_no }) => operation_no === operationNo);
  if (!operation) return refuse('NOT_FOUND', `Production order ${orderNo} has no operation ${operationNo}.`);
  const refusal = checkOrder(order) ?? checkConfirmation(command, order, operation);
  if (refusal) return refusal;

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

function checkOrder({ order_no, state }: Order): Verdict | null {
  if (confirmableStates.includes(state)) return null;
  if (state === 'ON_HOLD') {
    return refuse('ORDER_LOCKED', `Production order ${order_no} is on hold.`, 'Resume the order, then confirm again.');
  }
  return refuse(
    'ORDER_NOT_RELEASED',
    `Production order ${order_no} is ${state}.`,
    'Have production control look at it.',
  );
}

function checkConfirmation(command: ConfirmOperation, order: Order, operation: Operation): Verdict | null {
  const { operationNo, orderNo, unit, yieldQuantity, scrapQuantity } = command;
  if (operation.confirmed_at !== null) {
    return refuse(
      'DUPLICATE_CONFIRMATION',
      `Operation ${operationNo} of order ${orderNo} is confirmed already, with ${operation.confirmed_quantity} ${order.unit}.`,
      'Compare the quantities; correct the confirmation in the ERP if they differ.',
    );
  }
  if (unit !== order.unit) {
    return refuse(
      'UNIT_CONVERSION_MISSING',
      `Order ${orderNo} is made in ${order.unit}, not in ${unit}.`,
      `Give the quantities in ${order.unit}.`,
    );
  }
  if (compareDecimals(yieldQuantity, '0') < 0 || compareDecimals(scrapQuantity, '0') < 0)
    return refuse('QUANTITY_TOLERANCE', 'No quantity may be below zero.');
  return null;
}
