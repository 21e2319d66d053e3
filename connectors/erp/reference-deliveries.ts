import type { Transaction } from 'kysely';
import { addDecimals, compareDecimals, subtractDecimals } from '../decimal.ts';
import type { Done } from '../reference-posting.ts';
import { refuse } from '../reference-refusal.ts';
import { requireCurrent, requireState } from '../reference-requirements.ts';
import type {
  DeliveryKey,
  ErpResults,
  LotKey,
  PickDelivery,
  ReleaseShipment,
  RemoveDeliveryBlock,
  SetDeliveryBlock,
} from './port.ts';
import { deliveryRules } from './reference-rules.ts';
import { issueStock, stockByType } from './reference-stock.ts';
import type { ErpTables } from './reference-tables.ts';

type Tx = Transaction<ErpTables>;
type Delivery = ErpTables['delivery'];
type Item = ErpTables['delivery_item'];

/** Picks or ships: the ERP lets neither happen while the delivery is blocked or its lots are not free for use. */
export async function changeDeliveryState(
  tx: Tx,
  command: PickDelivery | ReleaseShipment,
  recordedAt: string,
): Promise<Done> {
  const rule = deliveryRules[command.name];
  const what = `Delivery ${command.deliveryNo}`;
  const delivery = requireCurrent(command, what, await findDelivery(tx, command));
  const items = await itemsOf(tx, command);
  requireState(command, what, delivery.state, rule.from);
  await checkBlocks(tx, command);
  await checkStock(tx, items, command);

  if (rule.to === 'SHIPPED') for (const item of items) await issueStock(tx, lotOf(item), item.quantity, recordedAt);
  const version = await changeDelivery(tx, delivery, {
    state: rule.to,
    state_since: recordedAt,
    state_by: command.actorId,
    changed_at: recordedAt,
  });
  const result: ErpResults['deliveryState'] = { from: delivery.state, to: rule.to };
  return { version, result };
}

export async function setDeliveryBlock(tx: Tx, command: SetDeliveryBlock, recordedAt: string): Promise<Done> {
  return changeBlocks(tx, command, recordedAt, async () => {
    const { plantCode, deliveryNo, causeRef } = command;
    const block = { plant_code: plantCode, delivery_no: deliveryNo, cause_ref: causeRef, since: recordedAt };
    const inserted = await tx
      .insertInto('delivery_block')
      .values(block)
      .onConflict((conflict) => conflict.doNothing())
      .returning('cause_ref')
      .execute();
    return inserted.length > 0;
  });
}

export async function removeDeliveryBlock(tx: Tx, command: RemoveDeliveryBlock, recordedAt: string): Promise<Done> {
  return changeBlocks(tx, command, recordedAt, async () => {
    const deleted = await tx
      .deleteFrom('delivery_block')
      .where('plant_code', '=', command.plantCode)
      .where('delivery_no', '=', command.deliveryNo)
      .where('cause_ref', '=', command.causeRef)
      .returning('cause_ref')
      .execute();
    return deleted.length > 0;
  });
}

async function changeBlocks(
  tx: Tx,
  command: SetDeliveryBlock | RemoveDeliveryBlock,
  recordedAt: string,
  change: () => Promise<boolean>,
): Promise<Done> {
  const what = `Delivery ${command.deliveryNo}`;
  const delivery = requireCurrent(command, what, await findDelivery(tx, command));
  requireState(command, what, delivery.state, ['PLANNED', 'ALLOCATED', 'PICKED']);
  const changed = await change();
  const version = changed ? await changeDelivery(tx, delivery, { changed_at: recordedAt }) : String(delivery.version);
  const result: ErpResults['deliveryBlock'] = { changed };
  return { version, result };
}

async function checkBlocks(tx: Tx, { plantCode, deliveryNo }: DeliveryKey): Promise<void> {
  const blocks = await tx
    .selectFrom('delivery_block')
    .select('cause_ref')
    .where('plant_code', '=', plantCode)
    .where('delivery_no', '=', deliveryNo)
    .orderBy('since')
    .execute();
  if (blocks.length === 0) return;
  const causes = blocks.map((block) => block.cause_ref).join(', ');
  throw refuse('DELIVERY_BLOCKED', `Delivery ${deliveryNo} is blocked because of ${causes}.`, 'Resolve the cause.');
}

/** Only unrestricted stock leaves the plant, and what is picked for another delivery is not there any more. */
async function checkStock(tx: Tx, items: readonly Item[], { deliveryNo }: DeliveryKey): Promise<void> {
  for (const [lot, needed] of neededByLot(items)) {
    const stock = await stockByType(tx, lot);
    const picked = await pickedElsewhere(tx, lot, deliveryNo);
    const free = subtractDecimals(stock.get('UNRESTRICTED') ?? '0', picked);
    if (compareDecimals(free, needed) >= 0) continue;
    const restricted = [...stock].filter(([type]) => type !== 'UNRESTRICTED');
    if (restricted.length > 0) {
      const types = restricted.map(([type, quantity]) => `${quantity} ${type}`).join(', ');
      throw refuse('LOT_STATUS_INVALID', `Lot ${lot.lotNumber} is not free for use: ${types}.`, 'Have it released.');
    }
    throw refuse('STOCK_INSUFFICIENT', `Lot ${lot.lotNumber} has ${free} free, not ${needed}.`);
  }
}

function neededByLot(items: readonly Item[]): ReadonlyMap<LotKey, string> {
  const lots = new Map<string, LotKey>();
  const needed = new Map<LotKey, string>();
  for (const item of items) {
    const name = JSON.stringify(lotOf(item));
    const lot = lots.get(name) ?? lotOf(item);
    lots.set(name, lot);
    needed.set(lot, addDecimals(needed.get(lot) ?? '0', item.quantity));
  }
  return needed;
}

async function pickedElsewhere(tx: Tx, lot: LotKey, deliveryNo: string): Promise<string> {
  const items = await tx
    .selectFrom('delivery_item as i')
    .innerJoin('delivery as d', (join) =>
      join.onRef('d.plant_code', '=', 'i.plant_code').onRef('d.delivery_no', '=', 'i.delivery_no'),
    )
    .select('i.quantity')
    .where('i.plant_code', '=', lot.plantCode)
    .where('i.material_code', '=', lot.materialCode)
    .where('i.lot_number', '=', lot.lotNumber)
    .where('d.state', '=', 'PICKED')
    .where('d.delivery_no', '!=', deliveryNo)
    .execute();
  return addDecimals('0', ...items.map(({ quantity }) => quantity));
}

function lotOf(item: Item): LotKey {
  return { plantCode: item.plant_code, materialCode: item.material_code, lotNumber: item.lot_number };
}

function findDelivery(tx: Tx, { plantCode, deliveryNo }: DeliveryKey): Promise<Delivery | undefined> {
  return tx
    .selectFrom('delivery')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('delivery_no', '=', deliveryNo)
    .executeTakeFirst();
}

function itemsOf(tx: Tx, { plantCode, deliveryNo }: DeliveryKey): Promise<Item[]> {
  return tx
    .selectFrom('delivery_item')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('delivery_no', '=', deliveryNo)
    .orderBy('item_no')
    .execute();
}

async function changeDelivery(tx: Tx, delivery: Delivery, change: Partial<Delivery>): Promise<string> {
  const version = delivery.version + 1;
  await tx
    .updateTable('delivery')
    .set({ ...change, version })
    .where('plant_code', '=', delivery.plant_code)
    .where('delivery_no', '=', delivery.delivery_no)
    .execute();
  return String(version);
}
